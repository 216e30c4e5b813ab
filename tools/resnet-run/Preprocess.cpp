// From 8-bit images to a model's input, by what the library's description records.

#include "tools/resnet-run/Preprocess.h"
#include "tools/resnet-run/Npy.h"

using namespace llvm;

namespace resnet {

static bool readTriple(const json::Object &object, StringRef key, std::array<double, 3> &values) {
  const json::Array *array = object.getArray(key);
  if (!array)
    return !object.get(key);
  if (array->size() != 3 && array->size() != 1)
    return false;
  for (size_t c = 0; c < 3; ++c) {
    std::optional<double> value = (*array)[array->size() == 1 ? 0 : c].getAsNumber();
    if (!value)
      return false;
    values[c] = *value;
  }
  return true;
}

Expected<Preprocess> Preprocess::of(const Library &library) {
  if (library.inputs().size() != 1 || library.outputs().empty() || library.inputs()[0].shape.size() != 4)
    return createStringError("the model does not take one batch of images: it has " + std::to_string(library.inputs().size()) +
                             " inputs" +
                             (library.inputs().empty() ? "" : ", the first of shape " + formatShape(library.inputs()[0].shape)));
  Preprocess result;
  ArrayRef<int64_t> shape = library.inputs()[0].shape;
  result.nhwc = shape[1] > 4 && shape[3] <= 4;
  Expected<json::Value> description = json::parse(library.info().description);
  if (!description)
    return createStringError("the library's description is no JSON: " + toString(description.takeError()));
  const json::Object *root = description->getAsObject();
  if (const json::Object *object = root ? root->getObject("preprocess") : nullptr) {
    result.name = object->getString("name").value_or("raw").str();
    result.scale = object->getNumber("scale").value_or(1);
    std::optional<StringRef> layout = object->getString("layout");
    if (layout)
      result.nhwc = *layout == "NHWC";
    if (!readTriple(*object, "mean", result.mean) || !readTriple(*object, "std", result.deviation) ||
        (layout && *layout != "NHWC" && *layout != "NCHW"))
      return createStringError("the library's description has a malformed \"preprocess\"");
  }
  result.channels = shape[result.nhwc ? 3 : 1];
  result.height = shape[result.nhwc ? 1 : 2];
  result.width = shape[result.nhwc ? 2 : 3];
  if (result.channels != 3 && result.channels != 1)
    return createStringError("the model's input " + formatShape(shape) + " has " + std::to_string(result.channels) +
                             " channels: expected images with 3 or 1");
  return result;
}

void Preprocess::apply(const uint8_t *pixels, float *input) const {
  for (int64_t c = 0; c < channels; ++c) {
    // 256 values a channel: computed in f64 once, so that the rounding is the best one.
    std::array<float, 256> table;
    for (int value = 0; value < 256; ++value)
      table[value] = float((value * scale - mean[c]) / deviation[c]);
    int64_t count = height * width;
    if (nhwc)
      for (int64_t i = 0; i < count; ++i)
        input[i * channels + c] = table[pixels[i * channels + c]];
    else
      for (int64_t i = 0; i < count; ++i)
        input[c * count + i] = table[pixels[i * channels + c]];
  }
}

} // namespace resnet
