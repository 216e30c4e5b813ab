// Pictures: the resize against values of Pillow 9.4 (Image.resize with BILINEAR), and the crop.

#include "tools/resnet-run/Preprocess.h"

#include <gtest/gtest.h>

using namespace resnet;

/// 7x5, one channel: (37 * x + 101 * y + 13 * x * y) mod 256.
static Image pattern() {
  Image image{7, 5, 1, {}};
  for (int y = 0; y < 5; ++y)
    for (int x = 0; x < 7; ++x)
      image.pixels.push_back(uint8_t((37 * x + 101 * y + 13 * x * y) % 256));
  return image;
}

TEST(Image, ResizeToTheSameSizeIsTheSame) { EXPECT_EQ(resize(pattern(), 7, 5).pixels, pattern().pixels); }

TEST(Image, ResizeReduces) { EXPECT_EQ(resize(pattern(), 3, 2).pixels, (std::vector<uint8_t>{95, 139, 126, 127, 124, 142})); }

TEST(Image, ResizeEnlarges) {
  EXPECT_EQ(resize(pattern(), 9, 8).pixels,
            (std::vector<uint8_t>{0,   25,  53,  82,  111, 140, 169, 197, 222, 44,  73,  106, 139, 172, 119, 127, 160, 188,
                                  107, 130, 165, 204, 244, 97,  74,  107, 140, 170, 92,  80,  125, 171, 155, 85,  53,  92,
                                  154, 81,  75,  109, 99,  151, 105, 79,  124, 57,  96,  150, 154, 26,  85,  134, 185, 236,
                                  104, 159, 160, 120, 98,  162, 147, 148, 204, 148, 207, 163, 90,  159, 228, 155, 111, 170}));
}

TEST(Image, ResizeChangesOneSide) {
  EXPECT_EQ(resize(pattern(), 7, 3).pixels, (std::vector<uint8_t>{43,  86, 128, 171, 104, 146, 189, 145, 66,  129, 135,
                                                                  141, 62, 125, 105, 188, 125, 99,  182, 120, 203}));
}

TEST(Image, ResizeChangesBothWays) {
  EXPECT_EQ(resize(pattern(), 4, 9).pixels,
            (std::vector<uint8_t>{19,  77, 145, 203, 55,  120, 134, 175, 115, 191, 117, 128, 121, 148, 126, 87,  113, 77,
                                  142, 47, 99,  108, 113, 136, 98,  132, 100, 199, 150, 130, 156, 160, 182, 128, 190, 136}));
}

TEST(Image, AConstantStaysConstant) {
  Image image{33, 21, 3, std::vector<uint8_t>(33 * 21 * 3, 200)};
  for (auto [width, height] : {std::pair{7, 5}, {100, 64}, {33, 1}})
    for (uint8_t value : resize(image, width, height).pixels)
      ASSERT_EQ(value, 200);
}

TEST(Image, ImageNetKeepsTheCentre) {
  Preprocess preprocess;
  preprocess.name = "imagenet";
  preprocess.height = preprocess.width = 224;
  // 512x256 becomes itself (256 is the shorter side), then the middle 224x224 are kept.
  Image image{512, 256, 3, std::vector<uint8_t>(512 * 256 * 3)};
  for (int64_t y = 0; y < 256; ++y)
    for (int64_t x = 0; x < 512; ++x)
      image.pixels[(y * 512 + x) * 3] = uint8_t(x), image.pixels[(y * 512 + x) * 3 + 1] = uint8_t(y);
  Image fitted = fit(image, preprocess);
  EXPECT_EQ(fitted.width, 224);
  EXPECT_EQ(fitted.height, 224);
  EXPECT_EQ(fitted.pixels[0], (512 - 224) / 2);
  EXPECT_EQ(fitted.pixels[1], (256 - 224) / 2);

  preprocess.name = "cifar10";
  EXPECT_EQ(fit(image, preprocess).pixels, resize(image, 224, 224).pixels);
}

TEST(Preprocess, AppliesScaleMeanAndDeviation) {
  Preprocess p;
  p.scale = 1.0 / 255;
  p.mean = {0.485, 0.456, 0.406};
  p.deviation = {0.229, 0.224, 0.225};
  p.height = 1;
  p.width = 2;
  const uint8_t pixels[] = {0, 128, 255, 10, 20, 30};
  float nchw[6], nhwc[6];
  p.apply(pixels, nchw);
  p.nhwc = true;
  p.apply(pixels, nhwc);
  EXPECT_FLOAT_EQ(nchw[0], float((0 - 0.485) / 0.229));
  EXPECT_FLOAT_EQ(nchw[2], float((128 / 255.0 - 0.456) / 0.224));
  EXPECT_FLOAT_EQ(nchw[5], float((30 / 255.0 - 0.406) / 0.225));
  for (int c = 0; c < 3; ++c)
    for (int x = 0; x < 2; ++x)
      EXPECT_EQ(nchw[c * 2 + x], nhwc[x * 3 + c]);
}
