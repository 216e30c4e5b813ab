// From 8-bit images to a model's input, by what the library's description records.

#ifndef RESNET_TOOLS_PREPROCESS_H
#define RESNET_TOOLS_PREPROCESS_H

#include "tools/resnet-run/Library.h"

#include "llvm/Support/JSON.h"
#include <array>

namespace resnet {

/// x = (u8 * scale - mean[c]) / std[c], stored as NCHW or NHWC.
struct Preprocess {
  std::string name = "raw";
  double scale = 1;
  std::array<double, 3> mean{0, 0, 0}, deviation{1, 1, 1};
  bool nhwc = false;
  int64_t channels = 3, height = 0, width = 0;

  /// Reads "preprocess" of the description of a library that takes one image tensor; anything else is an error.
  static llvm::Expected<Preprocess> of(const Library &library);

  /// Converts one image, rows of interleaved 8-bit channels, at the model's size.
  void apply(const uint8_t *pixels, float *input) const;
};

/// An image in memory: rows of interleaved 8-bit channels.
struct Image {
  int64_t width = 0, height = 0, channels = 3;
  std::vector<uint8_t> pixels;
};

/// Decodes a JPEG, PNG, BMP or other file that stb_image knows.
llvm::Expected<Image> readImage(llvm::StringRef path, int64_t channels);

/// Bilinear resize with antialiasing, as Pillow and torchvision do it (to the bit, for 8-bit images).
Image resize(const Image &image, int64_t width, int64_t height);

/// Brings an image to the model's size: for ImageNet's preprocessing the shorter side becomes 256/224 of it and the centre is cut
/// out; otherwise it is resized.
Image fit(const Image &image, const Preprocess &preprocess);

} // namespace resnet

#endif // RESNET_TOOLS_PREPROCESS_H
