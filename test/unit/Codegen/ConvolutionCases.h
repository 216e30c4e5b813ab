// Convolutions as tests of schedules name them.

#ifndef RESNET_TEST_UNIT_CODEGEN_CONVOLUTIONCASES_H
#define RESNET_TEST_UNIT_CODEGEN_CONVOLUTIONCASES_H

#include "codegen/KernelSpec.h"

namespace resnet::test {

/// size x size with half of it as padding, over a square map, blocked by 16, with bias and ReLU; canonical.
inline codegen::KernelSpec convolution(int64_t in, int64_t out, int64_t map, int64_t size, int64_t stride = 1) {
  codegen::KernelSpec s;
  s.kind = codegen::KernelKind::Conv2d;
  s.target = codegen::Target::X86_64_v3;
  const int64_t pad = size / 2, outMap = (map + 2 * pad - size) / stride + 1;
  s.input = {in, map, map, kChannelBlock, {pad, pad, pad, pad}};
  s.output = {out, outMap, outMap, kChannelBlock, {}};
  s.filter = {out, in, size, size, 1, kChannelBlock, kChannelBlock};
  s.strides = {stride, stride};
  s.padding = {pad, pad, pad, pad};
  s.epilogue.bias = true;
  s.epilogue.activation = codegen::Activation::Relu;
  canonicalize(s);
  return s;
}

} // namespace resnet::test

#endif // RESNET_TEST_UNIT_CODEGEN_CONVOLUTIONCASES_H
