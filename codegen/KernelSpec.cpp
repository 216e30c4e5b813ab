// Text, symbol, arguments and operation count of kernel specifications. The text is both the cache key and what people read,
// so it lists every field that differs from its default, in a fixed order.

#include "codegen/KernelSpec.h"
#include <algorithm>
#include <cstdio>
#include <xxhash.h>

using namespace resnet;
using namespace resnet::codegen;

size_t codegen::parameterCount(Activation activation) {
  switch (activation) {
  case Activation::Clip:
  case Activation::HardSigmoid:
    return 2;
  case Activation::FakeQuantize:
    return 4;
  default:
    return 0;
  }
}

//===-- Text and symbol ---------------------------------------------------===//

const char *codegen::toString(Target target) {
  switch (target) {
  case Target::X86_64:
    return "x86-64";
  case Target::X86_64_v3:
    return "x86-64-v3";
  case Target::X86_64_v4:
    return "x86-64-v4";
  case Target::OpenCL:
    return "opencl";
  case Target::Cuda:
    return "cuda";
  }
  return "";
}

static const char *kindName(KernelKind kind) {
  switch (kind) {
  case KernelKind::Conv2d:
    return "conv2d";
  case KernelKind::Stem:
    return "stem";
  case KernelKind::MaxPool2d:
    return "max_pool2d";
  case KernelKind::AvgPool2d:
    return "avg_pool2d";
  case KernelKind::GlobalAvgPool:
    return "global_avg_pool";
  case KernelKind::GlobalMaxPool:
    return "global_max_pool";
  case KernelKind::GroupNorm:
    return "group_norm";
  case KernelKind::Linear:
    return "linear";
  case KernelKind::Head:
    return "head";
  case KernelKind::Softmax:
    return "softmax";
  case KernelKind::Elementwise:
    return "elementwise";
  case KernelKind::Copy:
    return "copy";
  case KernelKind::Concat:
    return "concat";
  }
  return "";
}

static const char *activationName(Activation activation) {
  switch (activation) {
  case Activation::None:
    return "none";
  case Activation::Relu:
    return "relu";
  case Activation::Clip:
    return "clip";
  case Activation::Sigmoid:
    return "sigmoid";
  case Activation::Silu:
    return "silu";
  case Activation::HardSigmoid:
    return "hard_sigmoid";
  case Activation::HardSwish:
    return "hard_swish";
  case Activation::FakeQuantize:
    return "fake_quantize";
  }
  return "";
}

static std::string num(int64_t v) { return std::to_string(v); }

static std::string exact(float v) {
  char buf[40];
  std::snprintf(buf, sizeof buf, "%a", v);
  return buf;
}

static std::string text(const Halo &h) { return num(h.top) + "," + num(h.left) + "," + num(h.bottom) + "," + num(h.right); }

static std::string text(const ActivationGeometry &g) {
  std::string s = num(g.channels) + "x" + num(g.height) + "x" + num(g.width) + "/" + num(g.block);
  if (!g.halo.empty())
    s += "+" + text(g.halo);
  return s;
}

static std::string text(const FilterGeometry &f) {
  std::string s = num(f.outChannels) + "x" + num(f.inChannels) + "x" + num(f.kernelHeight) + "x" + num(f.kernelWidth) + "/" +
                  num(f.block) + "," + num(f.inputBlock);
  if (f.groups != 1)
    s += " groups=" + num(f.groups);
  return s;
}

static std::string text(const std::array<int64_t, 2> &a) { return num(a[0]) + "," + num(a[1]); }

static std::string text(const ActivationFunction &f) {
  std::string s = activationName(f.kind);
  for (size_t i = 0; i < parameterCount(f.kind); ++i)
    s += (i ? "," : "=") + exact(f.parameters[i]);
  return s;
}

// What is computed: everything but the kind, how (target, debug, schedule) and the batch.
static std::string workText(const KernelSpec &s) {
  const KernelSpec def;
  std::string t = " input=" + text(s.input) + " output=" + text(s.output);
  for (const ActivationGeometry &g : s.moreInputs)
    t += " and=" + text(g);
  if (s.hasGate())
    t += " gate=" + text(s.gate);
  if (!(s.addend == def.addend))
    t += " addend=" + text(s.addend);
  if (!(s.filter == def.filter))
    t += " filter=" + text(s.filter);
  if (s.kernel != def.kernel)
    t += " kernel=" + text(s.kernel);
  if (s.strides != def.strides)
    t += " strides=" + text(s.strides);
  if (s.dilations != def.dilations)
    t += " dilations=" + text(s.dilations);
  if (!s.padding.empty())
    t += " padding=" + text(s.padding);
  if (s.countIncludePad)
    t += " count_include_pad";
  if (s.convolved != def.convolved)
    t += " convolved=" + text(s.convolved);
  if (s.poolKernel != def.poolKernel)
    t += " pool=" + text(s.poolKernel);
  if (s.poolStrides != def.poolStrides)
    t += " pool_strides=" + text(s.poolStrides);
  if (!s.poolPadding.empty())
    t += " pool_padding=" + text(s.poolPadding);
  if (s.softmax)
    t += " softmax";
  if (s.logarithm)
    t += " log";
  if (s.normGroups != 0)
    t += " groups=" + num(s.normGroups) + " epsilon=" + exact(s.epsilon);
  if (s.scaleShift)
    t += " scale_shift";
  if (s.copyOffset != def.copyOffset)
    t += " offset=" + num(s.copyOffset[0]) + "," + num(s.copyOffset[1]) + "," + num(s.copyOffset[2]);
  if (s.border != Border::Fill)
    t += s.border == Border::Edge ? " edge" : " reflect";
  if (s.fill != 0.f)
    t += " fill=" + exact(s.fill);
  if (s.epilogue.bias)
    t += " bias";
  if (s.epilogue.addend)
    t += " add";
  if (s.epilogue.addendStrides != def.epilogue.addendStrides)
    t += " add_strides=" + text(s.epilogue.addendStrides);
  if (s.epilogue.addendChannels != 0)
    t += " add_from=" + num(s.epilogue.addendChannels);
  if (s.epilogue.addendInPlace)
    t += " in_place";
  if (s.epilogue.activation.kind != Activation::None)
    t += " " + text(s.epilogue.activation);
  if (s.epilogue.activatedChannels != -1)
    t += " activated=" + num(s.epilogue.activatedChannels);
  if (s.epilogue.post)
    t += " post";
  if (s.epilogue.postActivation.kind != Activation::None)
    t += "=" + text(s.epilogue.postActivation);
  if (s.epilogue.keepsSum)
    t += " keeps_sum";
  if (s.epilogue.addendKept)
    t += " adds_kept";
  return t;
}

KernelSpec codegen::withoutPost(KernelSpec spec) {
  spec.epilogue.post = spec.epilogue.keepsSum = spec.epilogue.addendKept = false;
  spec.epilogue.postActivation = Activation::None;
  return spec;
}

std::string codegen::scheduleKey(const KernelSpec &s) { return kindName(s.kind) + workText(withoutPost(s)); }

std::string codegen::toString(const KernelSpec &s) {
  std::string t = kindName(s.kind);
  t += std::string(" target=") + toString(s.target);
  if (s.debug)
    t += " debug";
  t += workText(s);
  if (s.batch != 0)
    t += " batch=" + num(s.batch);
  if (s.schedule.algorithm != ConvAlgorithm::Unset)
    t += " schedule=" + toString(s.schedule);
  return t;
}

std::string codegen::symbolName(const KernelSpec &s) {
  std::string name = kindName(s.kind);
  if (isWindowed(s.kind))
    name += "_" + num(s.kernel[0]) + "x" + num(s.kernel[1]);
  name += "_" + num(s.input.channels);
  if (usesFilter(s.kind) || s.input.channels != s.output.channels)
    name += "x" + num(s.output.channels);
  // The map of the side that has one: a head's input, a convolution's output.
  const ActivationGeometry &map = s.output.height * s.output.width > 1 ? s.output : s.input;
  if (map.height * map.width > 1)
    name += "_" + num(map.height) + "x" + num(map.width);
  const std::string all = toString(s);
  char hash[20];
  std::snprintf(hash, sizeof hash, "_%016llx", static_cast<unsigned long long>(XXH3_64bits(all.data(), all.size())));
  return name + hash;
}

//===-- Arguments ---------------------------------------------------------===//

static KernelArgument::Dim dim(int64_t min, int64_t extent, int64_t stride) {
  return {static_cast<int32_t>(min), static_cast<int32_t>(extent), static_cast<int32_t>(stride)};
}

// Inputs show their halo, so that padding reads it; what is written or added covers the interior only.
static KernelArgument activation(KernelArgument::Role role, const ActivationGeometry &g, int64_t batch, bool withHalo) {
  KernelArgument a;
  a.role = role;
  const Halo h = withHalo ? g.halo : Halo{};
  a.dims = {dim(0, g.block, 1), dim(-h.left, h.left + g.width + h.right, g.columnStride()),
            dim(-h.top, h.top + g.height + h.bottom, g.rowStride()), dim(0, g.blocks(), g.blockStride()),
            dim(0, std::max<int64_t>(batch, 1), g.imageElements())};
  a.batchDim = 4;
  a.hostOffset = withHalo ? 0 : g.interiorOffset() * 4;
  return a;
}

// [N, F]. A blocked map of one pixel without halo has its channels in a row too, the padding lanes included.
static KernelArgument features(KernelArgument::Role role, const ActivationGeometry &g, int64_t batch) {
  KernelArgument a;
  a.role = role;
  a.dims = {dim(0, g.blocks() * g.block, 1), dim(0, std::max<int64_t>(batch, 1), g.imageElements())};
  a.batchDim = 1;
  return a;
}

// Images of two maps, post and sum: both, as a dimension before the image's, or the sum alone.
static void makePair(KernelArgument &a, const ActivationGeometry &g, bool sumOnly) {
  const int64_t map = g.imageElements();
  a.dims.back().stride = static_cast<int32_t>(2 * map);
  if (sumOnly) {
    a.hostOffset += 4 * map;
    return;
  }
  a.dims.insert(a.dims.end() - 1, dim(0, 2, map));
  ++a.batchDim;
}

static KernelArgument filter(const FilterGeometry &f) {
  KernelArgument a;
  a.role = KernelArgument::Role::Filter;
  const int64_t channel = f.kernelHeight * f.kernelWidth * f.block;
  a.dims.push_back(dim(0, f.block, 1));
  if (!f.isDepthwise())
    a.dims.push_back(dim(0, f.window(), channel));
  a.dims.push_back(dim(0, f.kernelWidth, f.block));
  a.dims.push_back(dim(0, f.kernelHeight, f.kernelWidth * f.block));
  a.dims.push_back(dim(0, f.outBlocks(), f.window() * channel));
  return a;
}

static KernelArgument perChannel(KernelArgument::Role role, int64_t channels, int64_t block) {
  KernelArgument a;
  a.role = role;
  a.dims = {dim(0, block, 1), dim(0, ceilDiv(channels, block), block)};
  return a;
}

std::vector<KernelArgument> codegen::arguments(const KernelSpec &s) {
  using Role = KernelArgument::Role;
  std::vector<KernelArgument> args;
  const bool flatInput = s.kind == KernelKind::Linear || s.kind == KernelKind::Softmax;
  const bool flatOutput = flatInput || s.kind == KernelKind::Head;
  args.push_back(flatInput ? features(Role::Input, s.input, s.batch)
                           : activation(Role::Input, s.input, s.batch, /*withHalo=*/true));
  if (usesFilter(s.kind))
    args.push_back(filter(s.filter));
  if (s.epilogue.bias)
    args.push_back(perChannel(Role::Bias, s.filter.outChannels, s.filter.block));
  if (s.scaleShift || s.epilogue.post) {
    args.push_back(perChannel(Role::Scale, s.output.channels, s.output.block));
    args.push_back(perChannel(Role::Shift, s.output.channels, s.output.block));
  }
  for (const ActivationGeometry &g : s.moreInputs)
    args.push_back(activation(Role::Input, g, s.batch, /*withHalo=*/true));
  if (s.hasGate())
    args.push_back(activation(Role::Gate, s.gate, s.batch, /*withHalo=*/false));
  if (s.epilogue.addend) {
    args.push_back(activation(Role::Addend, s.addend, s.batch, /*withHalo=*/false));
    if (s.epilogue.addendKept)
      makePair(args.back(), s.addend, /*sumOnly=*/true);
  }
  args.push_back(flatOutput ? features(Role::Output, s.output, s.batch)
                            : activation(Role::Output, s.output, s.batch, /*withHalo=*/false));
  if (s.epilogue.keepsSum)
    makePair(args.back(), s.output, /*sumOnly=*/false);
  return args;
}

int64_t codegen::flopsPerImage(const KernelSpec &s) {
  const int64_t outputs = s.output.channels * s.output.height * s.output.width;
  switch (s.kind) {
  case KernelKind::Stem:
    return 2 * s.output.channels * s.convolved[0] * s.convolved[1] * s.filter.inChannels * s.filter.kernelHeight *
           s.filter.kernelWidth;
  case KernelKind::Conv2d:
  case KernelKind::Linear:
  case KernelKind::Head:
    return 2 * outputs * s.filter.inChannelsPerGroup() * s.filter.kernelHeight * s.filter.kernelWidth;
  case KernelKind::Elementwise:
    return s.scaleShift ? 2 * outputs : 0;
  case KernelKind::GroupNorm: // a sum; a difference, a square and a sum; a product and a sum
    return 6 * outputs;
  default:
    return 0;
  }
}
