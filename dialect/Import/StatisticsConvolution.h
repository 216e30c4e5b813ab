// Convolution for the forward pass that finds running statistics.

#ifndef RESNET_DIALECT_IMPORT_STATISTICSCONVOLUTION_H
#define RESNET_DIALECT_IMPORT_STATISTICSCONVOLUTION_H

#include "dialect/IR/ResNetDialect.h"
#include "dialect/Import/HostTensor.h"
#include <vector>

namespace resnet {

/// Maps lie as [C][N][H][W], so that a convolution is one matrix product a group whose columns are the pixels of all images.
struct StatisticsMap {
  int64_t channels = 0, images = 0, height = 0, width = 0;
  std::vector<float> data;

  StatisticsMap() = default;
  StatisticsMap(int64_t channels, int64_t images, int64_t height, int64_t width)
      : channels(channels), images(images), height(height), width(width), data(channels * images * height * width) {}
  int64_t pixels() const { return images * height * width; }
  const float *plane(int64_t channel, int64_t image) const { return &data[(channel * images + image) * height * width]; }
  float *plane(int64_t channel, int64_t image) { return &data[(channel * images + image) * height * width]; }
};

/// The convolution `op` with these parameters, whatever map its types are of. Each element's sum has one order; threads divide
/// the output channels. `bias` may be null.
StatisticsMap convolve(const StatisticsMap &input, Conv2dOp op, const HostTensor &filter, const HostTensor *bias);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_STATISTICSCONVOLUTION_H
