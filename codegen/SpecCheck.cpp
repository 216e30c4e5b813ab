// Shapes and parameters only; whether a schedule fits is checkSchedule's.

#include "codegen/SpecCheck.h"
#include <algorithm>
#include <limits>

using namespace resnet;
using namespace resnet::codegen;

std::string codegen::checkSpec(const KernelSpec &s) {
  const auto positive = [](const ActivationGeometry &g) {
    const Halo &h = g.halo;
    return g.channels > 0 && g.height > 0 && g.width > 0 && g.block > 0 && h.top >= 0 && h.left >= 0 && h.bottom >= 0 &&
           h.right >= 0 && g.imageElements() <= std::numeric_limits<int32_t>::max();
  };
  const Epilogue &e = s.epilogue;
  if (!positive(s.input) || !positive(s.output) || (e.addend && !positive(s.addend)) || (s.hasGate() && !positive(s.gate)) ||
      !std::all_of(s.moreInputs.begin(), s.moreInputs.end(), positive))
    return "a map is empty or has more than 2^31 elements";
  const auto subsampled = [](int64_t size, int64_t stride, int64_t count) {
    return stride >= 1 && (ceilDiv(size, stride) == count || count == 1);
  };
  const bool subsamples = e.addendStrides != Epilogue().addendStrides || e.addendChannels != 0;
  if (e.addend && (e.addendChannels < 0 || e.addendChannels + s.addend.channels > s.output.channels ||
                   !subsampled(s.addend.height, e.addendStrides[0], s.output.height) ||
                   !subsampled(s.addend.width, e.addendStrides[1], s.output.width)))
    return "the addend's shape does not fit the output's";
  if (e.addendInPlace && (subsamples || !(s.addend == s.output)))
    return "an addend in place must have the output's layout and be read as it is";
  if (e.addendInPlace && e.keepsSum != e.addendKept)
    return "an addend in place must be a pair of maps as the output";
  const auto isPair = [](const ActivationGeometry &g) { return 2 * g.imageElements() <= std::numeric_limits<int32_t>::max(); };
  if ((e.keepsSum && !isPair(s.output)) || (e.addendKept && !isPair(s.addend)))
    return "a pair of maps has more than 2^31 elements";
  if (e.keepsSum && (s.output.block != s.filter.block || s.output.channels % s.output.block))
    return "a kept sum must have whole blocks of channels, as the filter";
  const int64_t leastStride = s.kind == KernelKind::Copy ? 0 : 1;
  for (int i = 0; i < 2; ++i)
    if (s.kernel[i] < 1 || s.strides[i] < leastStride || s.dilations[i] < 1)
      return "kernel sizes, strides and dilations are at least 1";
  const bool gatesMap = s.gate.height == s.output.height && s.gate.width == s.output.width;
  if (s.hasGate() && (s.gate.channels != s.output.channels || (!gatesMap && s.gate.height * s.gate.width != 1)))
    return "the gate's shape does not fit the output's";

  const FilterGeometry &f = s.filter;
  switch (s.kind) {
  case KernelKind::Stem:
    if (f.groups != 1 || s.output.block != f.block)
      return "a stem has one group and its output the filter's block";
    for (int i = 0; i < 2; ++i)
      if (s.convolved[i] < 1 || s.poolKernel[i] < 1 || s.poolStrides[i] < 1)
        return "maps, kernel sizes and strides are at least 1";
    if ((s.output.height - 1) * s.poolStrides[0] - s.poolPadding.top >= s.convolved[0] ||
        (s.output.width - 1) * s.poolStrides[1] - s.poolPadding.left >= s.convolved[1])
      return "a window of the pool begins behind the map";
    [[fallthrough]];
  case KernelKind::Conv2d: {
    if (f.inChannels != s.input.channels || f.outChannels != s.output.channels || f.groups < 1 || f.block < 1 ||
        f.inputBlock < 1 || f.inChannels % f.groups != 0 || f.outChannels % f.groups != 0)
      return "the filter's channels or groups do not fit the maps";
    if (f.inputBlock != s.input.block && !f.isDepthwise())
      return "the filter is packed for another input block";
    if (f.packedElements() > std::numeric_limits<int32_t>::max())
      return "the filter has more than 2^31 elements";
    const bool stem = s.kind == KernelKind::Stem;
    const int64_t height = stem ? s.convolved[0] : s.output.height, width = stem ? s.convolved[1] : s.output.width;
    const int64_t lastRow = (height - 1) * s.strides[0] + (f.kernelHeight - 1) * s.dilations[0] - s.padding.top;
    const int64_t lastColumn = (width - 1) * s.strides[1] + (f.kernelWidth - 1) * s.dilations[1] - s.padding.left;
    if (s.padding.top > s.input.halo.top || s.padding.left > s.input.halo.left ||
        lastRow >= s.input.height + s.input.halo.bottom || lastColumn >= s.input.width + s.input.halo.right)
      return "the input's halo is narrower than the padding that the convolution reads";
    return "";
  }
  case KernelKind::Linear:
  case KernelKind::Head: {
    const int64_t features = s.kind == KernelKind::Head ? s.input.channels : s.input.blocks() * s.input.block;
    if (f.groups != 1 || f.kernelHeight != 1 || f.kernelWidth != 1 || f.inChannels > features ||
        f.outChannels != s.output.channels)
      return "the filter does not fit the features";
    return "";
  }
  case KernelKind::GroupNorm:
    if (s.normGroups < 1 || s.input.channels % s.normGroups != 0 || s.input.block != s.output.block)
      return "the groups do not fit the channels, or input and output differ in their block";
    break;
  case KernelKind::Concat: {
    int64_t channels = s.input.channels;
    for (const ActivationGeometry &g : s.moreInputs) {
      channels += g.channels;
      if (g.height != s.output.height || g.width != s.output.width)
        return "the inputs' maps differ from the output's";
    }
    return channels == s.output.channels ? "" : "the inputs' channels do not add up to the output's";
  }
  case KernelKind::Copy: {
    // A mirrored position must be inside: reflection happens once.
    const auto reflects = [](int64_t in, int64_t out, int64_t stride, int64_t offset) {
      return -offset < in && (out - 1) * stride + offset < 2 * in - 1;
    };
    if (s.border == Border::Reflect && (!reflects(s.input.channels, s.output.channels, 1, s.copyOffset[0]) ||
                                        !reflects(s.input.height, s.output.height, s.strides[0], s.copyOffset[1]) ||
                                        !reflects(s.input.width, s.output.width, s.strides[1], s.copyOffset[2])))
      return "a mirrored border is as wide as the input";
    return "";
  }
  case KernelKind::Elementwise:
    if (s.input.height != s.output.height || s.input.width != s.output.width)
      return "input and output differ in their maps";
    break;
  default:
    break;
  }
  if (s.input.channels != s.output.channels)
    return "input and output differ in channels";
  return "";
}
