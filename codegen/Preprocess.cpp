// Named and custom normalisations.

#include "codegen/Preprocess.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace llvm;
using namespace resnet::codegen;

json::Object Preprocess::toJson() const {
  return json::Object{{"name", name},
                      {"scale", scale},
                      {"mean", json::Array(mean)},
                      {"std", json::Array(std)},
                      {"layout", channelsLast ? "NHWC" : "NCHW"}};
}

static Preprocess normalised(StringRef name, std::vector<double> mean, std::vector<double> std) {
  return {name.str(), 1.0 / 255, std::move(mean), std::move(std), false};
}

// Means and deviations of ImageNet's training images, as torchvision publishes them.
static Preprocess imagenetStatistics(StringRef name) { return normalised(name, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}); }

// One or three numbers.
static Expected<std::vector<double>> parseNumbers(StringRef key, StringRef text) {
  std::vector<double> numbers;
  SmallVector<StringRef> parts;
  SplitString(text, parts, ",:");
  for (StringRef part : parts) {
    double number;
    if (part.trim().getAsDouble(number) || !std::isfinite(number) || (key == "std" && number == 0))
      return createStringError("--preprocess: expected " + key + " to be finite numbers" + (key == "std" ? " other than 0" : "") +
                               ", got '" + part + "'");
    numbers.push_back(number);
  }
  if (numbers.size() == 1)
    numbers.assign(3, numbers[0]);
  if (numbers.size() != 3)
    return createStringError("--preprocess: expected 1 or 3 numbers for " + key + ", got " + Twine(numbers.size()));
  return numbers;
}

Expected<Preprocess> resnet::codegen::parsePreprocess(StringRef text) {
  if (text == "raw")
    return Preprocess{"raw", 1, {0, 0, 0}, {1, 1, 1}, false};
  if (text == "imagenet" || text == "cifar10")
    return imagenetStatistics(text);
  // mean=...,std=...: the key of the second list ends the first.
  const size_t std = text.find("std=");
  if (!text.consume_front("mean=") || std == StringRef::npos)
    return createStringError("--preprocess: expected raw, imagenet, cifar10 or mean=..,std=.., got '" + text + "'");
  auto [meanText, stdText] = text.split("std=");
  Expected<std::vector<double>> mean = parseNumbers("mean", meanText.rtrim(",:"));
  if (!mean)
    return mean.takeError();
  Expected<std::vector<double>> deviation = parseNumbers("std", stdText);
  if (!deviation)
    return deviation.takeError();
  return normalised("custom", *mean, *deviation);
}

bool resnet::codegen::isChannelsLast(ArrayRef<int64_t> shape) {
  auto isImage = [](int64_t channels) { return channels == 1 || channels == 3; };
  return shape.size() == 4 && isImage(shape[3]) && !isImage(shape[1]);
}

Preprocess resnet::codegen::defaultPreprocess(ArrayRef<int64_t> shape) {
  Preprocess result = shape.size() == 4 && shape[1] == 3 && !isChannelsLast(shape) ? imagenetStatistics("imagenet")
                                                                                   : cantFail(parsePreprocess("raw"));
  result.channelsLast = isChannelsLast(shape);
  return result;
}
