// Decoding, resizing and cropping of pictures. The resize is Pillow's: a triangle filter as wide as the reduction, in fixed
// point, first along rows, each pass rounded to 8 bits; so predictions equal torchvision's.

#include "tools/resnet-run/Preprocess.h"

#include "llvm/Support/MemoryBuffer.h"
#include <algorithm>
#include <cmath>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#if defined(__clang__) || defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#endif
#include <stb/stb_image.h>
#if defined(__clang__) || defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

using namespace llvm;

namespace resnet {

/// A picture larger than this is refused before it is decoded.
static constexpr int64_t kMaxPixels = int64_t(1) << 28;

Expected<Image> readImage(StringRef path, int64_t channels) {
  auto error = [&](const std::string &message) { return createStringError("'" + path.str() + "': " + message); };
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return error("cannot read: " + buffer.getError().message());
  StringRef bytes = (*buffer)->getBuffer();
  if (bytes.size() > size_t(INT_MAX))
    return error("the file is larger than 2 GB");
  const auto *data = reinterpret_cast<const stbi_uc *>(bytes.data());
  int width, height, found;
  if (!stbi_info_from_memory(data, int(bytes.size()), &width, &height, &found))
    return error("not a picture that can be read: " + std::string(stbi_failure_reason()));
  if (int64_t(width) * height > kMaxPixels)
    return error("the picture of " + std::to_string(width) + "x" + std::to_string(height) + " is too large");
  stbi_uc *pixels = stbi_load_from_memory(data, int(bytes.size()), &width, &height, &found, int(channels));
  if (!pixels)
    return error("damaged picture: " + std::string(stbi_failure_reason()));
  Image image{width, height, channels, {pixels, pixels + int64_t(width) * height * channels}};
  stbi_image_free(pixels);
  return image;
}

namespace {
constexpr int kPrecisionBits = 32 - 8 - 2;

/// The input samples of one output sample and their weights.
struct Taps {
  int64_t first;
  std::vector<int32_t> weights;
};
} // namespace

static std::vector<Taps> makeTaps(int64_t from, int64_t to) {
  double scale = double(from) / double(to), support = std::max(scale, 1.0);
  std::vector<Taps> result;
  for (int64_t i = 0; i < to; ++i) {
    double centre = (double(i) + 0.5) * scale;
    int64_t first = std::max<int64_t>(0, int64_t(centre - support + 0.5));
    int64_t last = std::min(from, int64_t(centre + support + 0.5));
    std::vector<double> weights;
    double sum = 0;
    for (int64_t x = first; x < last; ++x) {
      double distance = std::fabs((double(x) - centre + 0.5) / support);
      weights.push_back(distance < 1 ? 1 - distance : 0);
      sum += weights.back();
    }
    Taps taps{first, {}};
    for (double weight : weights)
      taps.weights.push_back(int32_t(std::lround(weight / sum * (1 << kPrecisionBits))));
    result.push_back(std::move(taps));
  }
  return result;
}

/// One pass: `lines` lines of `to` samples; a sample is at line * lineStride + index * step, for each channel.
static void resample(const std::vector<Taps> &taps, int64_t lines, int64_t channels, const uint8_t *from, int64_t fromLine,
                     int64_t fromStep, uint8_t *to, int64_t toLine, int64_t toStep) {
  for (int64_t line = 0; line < lines; ++line)
    for (size_t i = 0; i < taps.size(); ++i)
      for (int64_t c = 0; c < channels; ++c) {
        const uint8_t *source = from + line * fromLine + taps[i].first * fromStep + c;
        int64_t sum = int64_t(1) << (kPrecisionBits - 1);
        for (size_t k = 0; k < taps[i].weights.size(); ++k)
          sum += int64_t(taps[i].weights[k]) * source[int64_t(k) * fromStep];
        to[line * toLine + int64_t(i) * toStep + c] = uint8_t(std::clamp<int64_t>(sum >> kPrecisionBits, 0, 255));
      }
}

Image resize(const Image &image, int64_t width, int64_t height) {
  int64_t channels = image.channels;
  Image result = image;
  if (width != image.width) {
    result = {width, image.height, channels, std::vector<uint8_t>(width * image.height * channels)};
    resample(makeTaps(image.width, width), image.height, channels, image.pixels.data(), image.width * channels, channels,
             result.pixels.data(), width * channels, channels);
  }
  if (height != result.height) {
    Image rows = std::move(result);
    result = {width, height, channels, std::vector<uint8_t>(width * height * channels)};
    resample(makeTaps(rows.height, height), width, channels, rows.pixels.data(), channels, width * channels, result.pixels.data(),
             channels, width * channels);
  }
  return result;
}

Image fit(const Image &image, const Preprocess &preprocess) {
  int64_t width = preprocess.width, height = preprocess.height;
  if (preprocess.name != "imagenet")
    return resize(image, width, height);

  // torchvision: Resize(S * 256 / 224) of the shorter side, the longer one truncated; CenterCrop(S) with Python's rounding.
  // For an input that is not square, the side that is relatively shorter.
  int64_t scaledWidth, scaledHeight;
  if (image.width * height <= image.height * width) {
    scaledWidth = width * 256 / 224;
    scaledHeight = std::max(height, scaledWidth * image.height / image.width);
  } else {
    scaledHeight = height * 256 / 224;
    scaledWidth = std::max(width, scaledHeight * image.width / image.height);
  }
  Image scaled = resize(image, scaledWidth, scaledHeight);
  int64_t left = std::lrint(double(scaledWidth - width) / 2), top = std::lrint(double(scaledHeight - height) / 2);
  Image result{width, height, image.channels, std::vector<uint8_t>(width * height * image.channels)};
  for (int64_t y = 0; y < height; ++y)
    std::copy_n(&scaled.pixels[((top + y) * scaledWidth + left) * image.channels], width * image.channels,
                &result.pixels[y * width * image.channels]);
  return result;
}

} // namespace resnet
