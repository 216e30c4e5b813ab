// Parameters from a safetensors file: eight bytes with the header's length, a JSON header, the data, which is not aligned and
// therefore copied or, from f16 and bf16, widened. Assumes a little-endian machine, as the format does. Every size is checked
// against the file's.

#include "dialect/Import/ImportOptions.h"
#include "dialect/Import/ParameterNames.h"
#include "dialect/Import/Parameters.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstring>
#include <nlohmann/json.hpp>

using namespace llvm;
using namespace resnet;

namespace {
struct Entry {
  std::string type;
  SmallVector<int64_t> shape;
  uint64_t begin = 0, end = 0;
};

class SafetensorsParameters : public ParameterSource {
public:
  SafetensorsParameters(std::unique_ptr<MemoryBuffer> file, uint64_t dataStart, std::map<std::string, Entry> entries)
      : file(std::move(file)), dataStart(dataStart), entries(std::move(entries)),
        names([this](StringRef key) { return this->entries.count(key.str()) != 0; }) {}

  HostTensor get(StringRef name, ArrayRef<int64_t> shape, ParameterRole) override;
  Error finish() override;

private:
  Expected<HostTensor> read(StringRef name, const Entry &entry, ArrayRef<int64_t> shape);

  std::unique_ptr<MemoryBuffer> file;
  uint64_t dataStart;
  std::map<std::string, Entry> entries; // in order, so that messages are the same every time
  ParameterNames names;
  StringSet<> taken;
  std::vector<std::string> missing;
  std::string firstProblem;
};
} // namespace

// Bytes of an element; 0 for a type that is not read.
static uint64_t elementSize(StringRef type) { return type == "F32" ? 4 : type == "F16" || type == "BF16" ? 2 : 0; }

static float widen(StringRef type, uint16_t bits) {
  if (type == "BF16")
    return bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16, exponent = bits >> 10 & 31, mantissa = bits & 0x3ff;
  if (exponent == 0) // zero or subnormal, which f32 has as a normal number
    return bit_cast<float>(bit_cast<uint32_t>(static_cast<float>(mantissa) * 0x1p-24f) | sign);
  return bit_cast<float>(sign | (exponent == 31 ? 255 : exponent + 112) << 23 | mantissa << 13);
}

// A convolution over a row of channels is one-dimensional elsewhere: [1, 1, 3] for [1, 1, 1, 3].
static bool isChannelRow(ArrayRef<int64_t> shape, ArrayRef<int64_t> expected) {
  return shape.size() == 3 && expected.size() == 4 && expected[2] == 1 && shape.back() == expected.back() &&
         shape.take_front(2) == expected.take_front(2);
}

// A 1x1 convolution over one pixel is a linear layer, so sources differ in sizes of one at the end.
static ArrayRef<int64_t> withoutOnes(ArrayRef<int64_t> shape) {
  while (!shape.empty() && shape.back() == 1)
    shape = shape.drop_back();
  return shape;
}

Expected<HostTensor> SafetensorsParameters::read(StringRef name, const Entry &entry, ArrayRef<int64_t> shape) {
  const uint64_t bytesEach = elementSize(entry.type), count = *countElements(shape);
  if (bytesEach == 0)
    return createStringError("tensor '" + name + "': expected type F32, F16 or BF16, got " + entry.type);
  if (withoutOnes(entry.shape) != withoutOnes(shape) && !isChannelRow(entry.shape, shape))
    return createStringError("tensor '" + name + "': expected shape " + formatShape(shape) + ", got " + formatShape(entry.shape));
  const uint64_t size = file->getBufferSize() - dataStart, bytes = count * bytesEach;
  if (entry.begin > entry.end || entry.end > size || entry.end - entry.begin != bytes)
    return createStringError("tensor '" + name + "': expected " + Twine(bytes) + " bytes among the file's " + Twine(size) +
                             " bytes of data, got bytes " + Twine(entry.begin) + " to " + Twine(entry.end));
  HostTensor tensor = HostTensor::ofFloats(shape, allocateFloats(count));
  if (!tensor.floats)
    return createStringError("cannot allocate " + Twine(count * 4) + " bytes");
  const char *data = file->getBufferStart() + dataStart + entry.begin;
  if (bytesEach == 4)
    std::memcpy(tensor.floats.get(), data, bytes);
  else
    for (uint64_t i = 0; i < count; ++i)
      tensor.floats.get()[i] = widen(entry.type, support::endian::read16le(data + 2 * i));
  if (int64_t at = tensor.findNonFinite(); at >= 0)
    return createStringError("tensor '" + name + "': expected finite elements, got " + Twine(std::to_string(tensor.floatAt(at))) +
                             " at position " + Twine(at));
  return tensor;
}

HostTensor SafetensorsParameters::get(StringRef ours, ArrayRef<int64_t> shape, ParameterRole) {
  std::string name = names.spell(ours);
  taken.insert(name);
  auto entry = entries.find(name);
  if (entry == entries.end()) {
    missing.push_back(std::move(name));
    return HostTensor::ofSplat(shape, 0);
  }
  Expected<HostTensor> tensor = read(name, entry->second, shape);
  if (tensor)
    return *tensor;
  std::string problem = toString(tensor.takeError());
  if (firstProblem.empty())
    firstProblem = std::move(problem);
  return HostTensor::ofSplat(shape, 0);
}

// The names, of very many the first and how many more there are.
static std::string listNames(ArrayRef<std::string> names) {
  constexpr size_t kMost = 50;
  std::string text = join(names.take_front(kMost), ", ");
  return names.size() <= kMost ? text : text + " and " + std::to_string(names.size() - kMost) + " more";
}

Error SafetensorsParameters::finish() {
  std::vector<std::string> surplus;
  for (auto &[name, entry] : entries)
    if (!taken.contains(name))
      surplus.push_back(name);
  if (missing.empty() && surplus.empty())
    return firstProblem.empty() ? Error::success() : createStringError(firstProblem);
  std::string text = "expected the architecture's tensors";
  if (!missing.empty())
    text += "; missing: " + listNames(missing);
  if (!surplus.empty())
    text += "; not of this architecture: " + listNames(surplus);
  return createStringError(text);
}

// One tensor of the header; null values of wrong kinds are refused, as the JSON library would end the program on them.
static Expected<Entry> parseEntry(const std::string &name, const nlohmann::json &value) {
  auto isCount = [](const nlohmann::json &number) { return number.is_number_unsigned(); };
  auto isList = [&](const char *key) { return value.contains(key) && value[key].is_array() && all_of(value[key], isCount); };
  if (!value.is_object() || !value.contains("dtype") || !value["dtype"].is_string() || !isList("shape") ||
      !isList("data_offsets") || value["data_offsets"].size() != 2 || value["shape"].size() > 8)
    return createStringError("tensor '" + name + "': expected dtype, shape and data_offsets");
  Entry entry;
  entry.type = value["dtype"].get<std::string>();
  for (const nlohmann::json &dim : value["shape"])
    entry.shape.push_back(dim.get<int64_t>());
  entry.begin = value["data_offsets"][0].get<uint64_t>();
  entry.end = value["data_offsets"][1].get<uint64_t>();
  return entry;
}

Expected<std::unique_ptr<ParameterSource>> resnet::readSafetensors(StringRef path) {
  sys::fs::file_status status;
  if (std::error_code error = sys::fs::status(path, status))
    return createStringError("cannot read the weights: " + error.message());
  if (!sys::fs::is_regular_file(status))
    return createStringError("expected a safetensors file, got something that is not a regular file");
  auto file = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return createStringError("cannot read the weights: " + file.getError().message());
  const uint64_t size = (*file)->getBufferSize();
  const uint64_t header = size < 8 ? 0 : support::endian::read64le((*file)->getBufferStart());
  if (header < 2 || header > size - 8)
    return createStringError("expected a safetensors file, got " + Twine(size) + " bytes with a header of " + Twine(header));
  const char *begin = (*file)->getBufferStart() + 8;
  nlohmann::json json = nlohmann::json::parse(begin, begin + header, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    return createStringError("expected a safetensors file, got one whose header is no JSON object");
  std::map<std::string, Entry> entries;
  for (auto &[name, value] : json.items()) {
    if (name == "__metadata__")
      continue;
    Expected<Entry> entry = parseEntry(name, value);
    if (!entry)
      return entry.takeError();
    StringRef key = name;
    while (key.consume_front("module."))
      ;
    // Counters of training.
    if (key.ends_with("num_batches_tracked"))
      continue;
    if (!entries.emplace(key.str(), std::move(*entry)).second)
      return createStringError("tensor '" + name + "': expected the name once without 'module.', got it twice");
  }
  return std::make_unique<SafetensorsParameters>(std::move(*file), 8 + header, std::move(entries));
}
