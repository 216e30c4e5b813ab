// The built-in descriptions, which are JSON inside this library, users' files beside them, and what follows from a description.

#include "dialect/Import/Architectures.h"
#include "dialect/IR/Geometry.h"
#include "dialect/Import/ArchitectureReader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <cmath>

using namespace llvm;
using namespace resnet;
using nlohmann::json;

// The schema, then the families.
static constexpr const char *kDocuments[] = {
#include "EmbeddedArchitectures.inc"
};

//===--------------------------------------------------------------------===//
// What follows from the fields
//===--------------------------------------------------------------------===//

int64_t Architecture::Attention::squeezedChannels(int64_t channels) const {
  const int64_t wanted = channels / reduction;
  return std::max(divisor, (wanted + divisor / 2) / divisor * divisor);
}

int64_t Architecture::Attention::channelKernel(int64_t channels) const {
  if (kernel)
    return *kernel;
  const auto t =
      static_cast<int64_t>((std::log2(static_cast<double>(channels)) + static_cast<double>(beta)) / static_cast<double>(gamma));
  return std::max<int64_t>(3, t | 1);
}

int64_t Architecture::innerWidth(const Stage &stage) const {
  return block == BlockKind::Basic ? stage.width : stage.width * baseWidth / 64 * groups;
}

int64_t Architecture::stemStride() const {
  int64_t stride = stemPool == StemPool::None ? 1 : 2;
  for (const StemConvolution &conv : stem)
    stride *= conv.stride;
  return stride;
}

SmallVector<Architecture::StageWindows, 4> Architecture::stageWindows() const {
  int64_t stride = stemStride();
  SmallVector<StageWindows, 4> windows;
  int64_t dilation = 1;
  for (const Stage &stage : stages) {
    StageWindows w{stage.stride, dilation, dilation};
    // The first block still has the dilation of the stage before: its input is as dense as that one's.
    if (outputStride && stride * stage.stride > *outputStride) {
      w.dilation = dilation *= stage.stride;
      w.stride = 1;
    }
    stride *= w.stride;
    windows.push_back(w);
  }
  return windows;
}

int64_t Architecture::widestMap() const {
  int64_t widest = inputChannels;
  for (const StemConvolution &conv : stem)
    widest = std::max(widest, conv.width);
  for (const Stage &stage : stages)
    widest = std::max({widest, innerWidth(stage), outputWidth(stage)});
  return widest;
}

SmallVector<int64_t, 4> Architecture::stageWeights() const {
  SmallVector<int64_t, 4> result;
  int64_t before = stem.back().width;
  for (const Stage &stage : stages) {
    const int64_t inner = innerWidth(stage), output = outputWidth(stage);
    auto block = [&](int64_t input) {
      return this->block == BlockKind::Basic ? 9 * (input + output) * output
                                             : input * inner + 9 * inner * inner / groups + inner * output;
    };
    result.push_back(block(before) + (stage.blocks - 1) * block(output));
    before = output;
  }
  return result;
}

int64_t Architecture::numWeights() const {
  int64_t sum = outputWidth(stages.back()) * classes, before = inputChannels;
  for (const StemConvolution &conv : stem) {
    sum += before * conv.width * conv.kernel * conv.kernel;
    before = conv.width;
  }
  return sum + sum_of(stageWeights());
}

int64_t Architecture::products(int64_t size) const {
  int64_t stride = stemStride(), sum = 0;
  for (auto [weights, windows] : zip(stageWeights(), stageWindows())) {
    stride *= windows.stride;
    sum += weights * ceilDiv(size, stride) * ceilDiv(size, stride);
  }
  return sum;
}

int64_t Architecture::smallestImage() const {
  // Windows are padded to give every map a result, but for the 2x2 average, which needs two pixels.
  int64_t size = 1;
  SmallVector<StageWindows, 4> windows = stageWindows();
  if (shortcut == ShortcutOption::AveragePool)
    for (const StageWindows &w : reverse(windows))
      size = w.stride == 2 ? std::max<int64_t>(2, 2 * size - 1) : size;
  if (stemPool != StemPool::None)
    size = 2 * size - 1;
  for (const StemConvolution &conv : reverse(stem))
    size = conv.stride * (size - 1) + 1;
  return size;
}

//===--------------------------------------------------------------------===//
// The built-in ones
//===--------------------------------------------------------------------===//

namespace {
struct BuiltIn {
  json schema;
  std::vector<Architecture> architectures;
  StringMap<json> descriptions; // by name, each with its base's fields

  BuiltIn();
};
} // namespace

static json parseEmbedded(StringRef text) {
  Expected<json> document = parseJson(text);
  if (!document)
    report_fatal_error("in a built-in description: " + Twine(toString(document.takeError())));
  return std::move(*document);
}

// Tests load the built-in descriptions, so an error in one is found where it is made.
BuiltIn::BuiltIn() : schema(parseEmbedded(kDocuments[0])) {
  for (const char *text : ArrayRef(kDocuments).drop_front())
    for (json &fields : parseEmbedded(text)) {
      if (fields.contains("base")) {
        for (auto &[key, value] : descriptions[fields["base"].get<std::string>()].items())
          if (!fields.contains(key))
            fields[key] = value;
        fields.erase("base");
      }
      const std::string name = fields["name"].get<std::string>();
      Expected<Architecture> architecture = readArchitecture(schema, fields, name, nullptr);
      if (!architecture)
        report_fatal_error("in the description of " + Twine(name) + ": " + toString(architecture.takeError()));
      architectures.push_back(std::move(*architecture));
      descriptions[name] = std::move(fields);
    }
}

static const BuiltIn &builtIn() {
  static const BuiltIn instance;
  return instance;
}

ArrayRef<Architecture> resnet::architectures() { return builtIn().architectures; }

const Architecture *resnet::findArchitecture(StringRef name) {
  auto same = [](char a, char b) { return a == b || ((a == '-' || a == '_') && (b == '-' || b == '_')); };
  const Architecture *found = find_if(architectures(), [&](const Architecture &a) { return equal(a.name, name, same); });
  return found == architectures().end() ? nullptr : found;
}

//===--------------------------------------------------------------------===//
// Users' own
//===--------------------------------------------------------------------===//

Expected<Architecture> resnet::parseArchitecture(StringRef text, StringRef name) {
  Expected<json> document = parseJson(text);
  if (!document)
    return document.takeError();
  const json *base = nullptr;
  if (document->is_object() && document->contains("base") && (*document)["base"].is_string()) {
    const Architecture *found = findArchitecture((*document)["base"].get<std::string>());
    if (!found)
      return createStringError("/base: expected a name that resnet-import --list prints, got " + quoteJson((*document)["base"]));
    base = &builtIn().descriptions.find(found->name)->second;
  }
  return readArchitecture(builtIn().schema, std::move(*document), name, base);
}

Expected<Architecture> resnet::loadArchitecture(StringRef nameOrFile) {
  if (!nameOrFile.ends_with(".json")) {
    if (const Architecture *found = findArchitecture(nameOrFile))
      return *found;
    return createStringError("--arch: expected a name that --list prints or a file of the form NAME.json, got '" + nameOrFile +
                             "'");
  }
  auto fail = [&](const Twine &problem) { return createStringError(nameOrFile + ": " + problem); };
  sys::fs::file_status status;
  if (std::error_code error = sys::fs::status(nameOrFile, status))
    return fail("cannot read the description: " + error.message());
  constexpr uint64_t kMost = 1 << 20;
  if (!sys::fs::is_regular_file(status) || status.getSize() > kMost)
    return fail("expected a file of at most " + Twine(kMost) + " bytes with a description");
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(nameOrFile);
  if (!file)
    return fail("cannot read the description: " + file.getError().message());
  Expected<Architecture> architecture = parseArchitecture((*file)->getBuffer(), sys::path::stem(nameOrFile));
  if (!architecture)
    return fail(toString(architecture.takeError()));
  return architecture;
}
