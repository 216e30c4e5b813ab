// The layers that resnet-kernel-bench measures.

#ifndef RESNET_BENCHMARKS_KERNELS_LAYERS_H
#define RESNET_BENCHMARKS_KERNELS_LAYERS_H

#include "codegen/KernelSpec.h"
#include <string>
#include <vector>

namespace resnet::benchmarks {

struct Layer {
  std::string name;
  int count; // of times in the network, for the sum
  codegen::KernelSpec spec;
};

/// "resnet50": its distinct layers. "grouped": the grouped and depthwise 3x3 convolutions of ResNeXts and their kin, and the
/// dilated ones of ResNets with output stride 8 and 16. "attention": what squeeze-and-excitation, instance and group
/// normalisation and swish add to a ResNet-50. Any other name: none.
std::vector<Layer> layersNamed(const std::string &name);

} // namespace resnet::benchmarks

#endif // RESNET_BENCHMARKS_KERNELS_LAYERS_H
