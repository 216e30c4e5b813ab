// Element data of ONNX tensors in its three places: raw bytes, typed fields, external files. Assumes a little-endian machine
// for raw bytes, as ONNX stores them.

#include "dialect/Import/OnnxTensors.h"
#include "dialect/Import/ImportOptions.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Endian.h"
#include <cstring>

using namespace llvm;
using namespace resnet;
using onnx::TensorProto;

static_assert(endianness::native == endianness::little, "raw tensor data is little-endian");

// Integers serve shape arithmetic alone; a larger tensor is no shape.
static constexpr int64_t kMostIntegers = 1 << 16;

std::string resnet::elementTypeName(int type) {
  return TensorProto::DataType_IsValid(type) ? TensorProto::DataType_Name(static_cast<TensorProto::DataType>(type))
                                             : "element type " + std::to_string(type);
}

static std::string shapeText(const TensorProto &tensor) {
  return formatShape(SmallVector<int64_t>(tensor.dims().begin(), tensor.dims().end()));
}

namespace {
struct ExternalRange {
  StringRef location;
  int64_t offset = 0, length = -1;
};
} // namespace

static Expected<ExternalRange> externalRange(const TensorProto &tensor) {
  ExternalRange range;
  for (const auto &entry : tensor.external_data()) {
    if (entry.key() == "location")
      range.location = entry.value();
    int64_t *number = entry.key() == "offset" ? &range.offset : entry.key() == "length" ? &range.length : nullptr;
    if (number && (StringRef(entry.value()).getAsInteger(10, *number) || *number < 0))
      return createStringError("expected a non-negative " + Twine(entry.key()) + " of its external data, got '" +
                               Twine(entry.value()) + "'");
  }
  return range;
}

// Copies raw or external data of exactly `bytes` bytes to what `allocate` gives; `allocate` is called after the sizes are
// checked.
static Error copyBytes(TensorProto &tensor, int64_t bytes, ExternalData &external, function_ref<void *()> allocate) {
  const bool isExternal = tensor.data_location() == TensorProto::EXTERNAL;
  Expected<ExternalRange> range = externalRange(tensor);
  if (!range)
    return range.takeError();
  int64_t present = tensor.raw_data().size();
  if (isExternal) {
    Expected<int64_t> size = external.size(range->location);
    if (!size)
      return size.takeError();
    // Without a length the data reaches to the file's end; more than the tensor needs is allowed there.
    present = range->length >= 0 ? range->length : std::min(bytes, *size - std::min(*size, range->offset));
    if (present == bytes && (range->offset > *size || bytes > *size - range->offset))
      return createStringError("external data '" + range->location + "': expected " + Twine(bytes) + " bytes from offset " +
                               Twine(range->offset) + ", got a file of " + Twine(*size) + " bytes");
  }
  if (present != bytes)
    return createStringError("expected " + Twine(bytes) + " bytes for shape " + shapeText(tensor) + ", got " + Twine(present));
  void *data = allocate();
  if (!data)
    return createStringError("cannot allocate " + Twine(bytes) + " bytes");
  if (isExternal)
    return external.read(range->location, range->offset, bytes, data);
  std::memcpy(data, tensor.raw_data().data(), bytes);
  delete tensor.release_raw_data();
  return Error::success();
}

// True where the elements are in raw bytes, inside or outside.
static bool hasBytes(const TensorProto &tensor) {
  return tensor.has_raw_data() || tensor.data_location() == TensorProto::EXTERNAL;
}

template <typename Field> static Error checkFieldCount(const TensorProto &tensor, const Field &field, int64_t count) {
  if (field.size() == count)
    return Error::success();
  return createStringError("expected " + Twine(count) + " elements for shape " + shapeText(tensor) + ", got " +
                           Twine(field.size()));
}

static Expected<HostTensor> takeFloats(TensorProto &tensor, ArrayRef<int64_t> shape, int64_t count, ExternalData &external) {
  std::shared_ptr<float> data;
  if (hasBytes(tensor)) {
    if (Error error = copyBytes(tensor, count * 4, external, [&] { return (data = allocateFloats(count)).get(); }))
      return error;
  } else {
    if (Error error = checkFieldCount(tensor, tensor.float_data(), count))
      return error;
    if (!(data = allocateFloats(count)))
      return createStringError("cannot allocate " + Twine(count * 4) + " bytes");
    std::copy(tensor.float_data().begin(), tensor.float_data().end(), data.get());
    google::protobuf::RepeatedField<float>().Swap(tensor.mutable_float_data()); // Clear() would keep the memory.
  }
  return HostTensor::ofFloats(shape, std::move(data));
}

// Elements of type T, raw or in the typed field that ONNX prescribes for them, as floats.
template <typename T, typename Field>
static Expected<HostTensor> convertToFloats(TensorProto &tensor, ArrayRef<int64_t> shape, int64_t count, ExternalData &external,
                                            const Field &field, HostTensor::Kind kind) {
  std::vector<T> values;
  if (hasBytes(tensor)) {
    if (Error error = copyBytes(tensor, count * sizeof(T), external, [&]() -> void * {
          values.resize(std::max<int64_t>(count, 1));
          return values.data();
        }))
      return error;
  } else {
    if (Error error = checkFieldCount(tensor, field, count))
      return error;
    values.assign(field.begin(), field.end());
  }
  std::shared_ptr<float> data = allocateFloats(count);
  if (!data)
    return createStringError("cannot allocate " + Twine(count * 4) + " bytes");
  std::copy_n(values.begin(), count, data.get());
  return HostTensor::ofFloats(shape, std::move(data), kind);
}

// Half precision of either format. The typed field holds the bits of an element in an integer.
static Expected<HostTensor> takeHalves(TensorProto &tensor, ArrayRef<int64_t> shape, int64_t count, ExternalData &external,
                                       const fltSemantics &semantics) {
  Expected<HostTensor> bits =
      convertToFloats<uint16_t>(tensor, shape, count, external, tensor.int32_data(), HostTensor::Kind::Float);
  if (!bits)
    return bits;
  for (float &element : MutableArrayRef<float>(bits->floats.get(), count))
    element = APFloat(semantics, APInt(16, static_cast<uint16_t>(element))).convertToFloat();
  return bits;
}

// Raw integers of type T, or those of the typed field that ONNX prescribes for it.
template <typename T, typename Field>
static Expected<HostTensor> takeIntegers(TensorProto &tensor, ArrayRef<int64_t> shape, int64_t count, ExternalData &external,
                                         const Field &field) {
  if (count > kMostIntegers)
    return createStringError("expected at most " + Twine(kMostIntegers) + " integers, as shape arithmetic needs, got shape " +
                             formatShape(shape));
  std::vector<HostTensor::Integer> elements;
  if (hasBytes(tensor)) {
    std::vector<T> values(std::max<int64_t>(count, 1));
    if (Error error = copyBytes(tensor, count * sizeof(T), external, [&] { return values.data(); }))
      return error;
    elements.assign(values.begin(), values.begin() + count);
  } else {
    if (Error error = checkFieldCount(tensor, field, count))
      return error;
    elements.assign(field.begin(), field.end());
  }
  return HostTensor::ofIntegers(shape, std::move(elements));
}

Expected<HostTensor> resnet::takeTensor(TensorProto &tensor, ExternalData &external) {
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  if (shape.size() > 8)
    return createStringError("expected at most 8 dimensions, got " + Twine(shape.size()));
  std::optional<int64_t> count = countElements(shape);
  if (!count)
    return createStringError("expected non-negative dimensions whose product can be held, got shape " + formatShape(shape));
  if (tensor.has_segment())
    return createStringError("expected the whole tensor, got a segment of it");
  switch (tensor.data_type()) {
  case TensorProto::FLOAT: {
    Expected<HostTensor> result = takeFloats(tensor, shape, *count, external);
    if (!result)
      return result;
    if (int64_t i = result->findNonFinite(); i >= 0)
      return createStringError("expected finite elements, got " + Twine(std::to_string(result->floatAt(i))) + " at position " +
                               Twine(i));
    return result;
  }
  case TensorProto::DOUBLE:
    return convertToFloats<double>(tensor, shape, *count, external, tensor.double_data(), HostTensor::Kind::Float);
  case TensorProto::FLOAT16:
    return takeHalves(tensor, shape, *count, external, APFloat::IEEEhalf());
  case TensorProto::BFLOAT16:
    return takeHalves(tensor, shape, *count, external, APFloat::BFloat());
  case TensorProto::INT64:
    return takeIntegers<int64_t>(tensor, shape, *count, external, tensor.int64_data());
  case TensorProto::INT32:
    return takeIntegers<int32_t>(tensor, shape, *count, external, tensor.int32_data());
  case TensorProto::INT8:
    return convertToFloats<int8_t>(tensor, shape, *count, external, tensor.int32_data(), HostTensor::Kind::Int8);
  case TensorProto::UINT8:
    return convertToFloats<uint8_t>(tensor, shape, *count, external, tensor.int32_data(), HostTensor::Kind::UInt8);
  case TensorProto::BOOL:
    return takeIntegers<uint8_t>(tensor, shape, *count, external, tensor.int32_data());
  default:
    return createStringError("expected elements of type FLOAT or INT64, got " + elementTypeName(tensor.data_type()));
  }
}
