// Shapes at 224x224.

#include "benchmarks/kernels/Layers.h"

using namespace resnet;
using namespace resnet::benchmarks;
using namespace resnet::codegen;

static KernelSpec conv(int64_t ci, int64_t co, int64_t in, int64_t size, int64_t stride, int64_t outHalo, bool add) {
  KernelSpec s;
  s.kind = KernelKind::Conv2d;
  const int64_t pad = size / 2, out = (in + 2 * pad - size) / stride + 1;
  s.input = {ci, in, in, kChannelBlock, {pad, pad, pad, pad}};
  s.output = {co, out, out, kChannelBlock, {outHalo, outHalo, outHalo, outHalo}};
  s.filter.outChannels = co, s.filter.inChannels = ci, s.filter.kernelHeight = s.filter.kernelWidth = size;
  s.filter.inputBlock = kChannelBlock;
  s.strides = {stride, stride};
  s.padding = {pad, pad, pad, pad};
  s.epilogue.bias = true;
  s.epilogue.activation = Activation::Relu;
  if (add)
    s.addend = s.output, s.epilogue.addend = s.epilogue.addendInPlace = true;
  return s;
}

static std::vector<Layer> resnet50() {
  std::vector<Layer> layers;
  KernelSpec stem = conv(3, 64, 224, 7, 2, 0, false);
  stem.input.block = stem.filter.inputBlock = 1;
  KernelSpec copy;
  copy.kind = KernelKind::Copy;
  copy.input = {3, 224, 224, 1, {}}, copy.output = stem.input;
  layers.push_back({"input copy", 1, copy});
  layers.push_back({"stem 7x7/2 3->64", 1, stem});
  KernelSpec pool;
  pool.kind = KernelKind::MaxPool2d;
  pool.input = {64, 112, 112, kChannelBlock, {}}, pool.output = {64, 56, 56, kChannelBlock, {}};
  pool.kernel = {3, 3}, pool.strides = {2, 2}, pool.padding = {1, 1, 1, 1};
  layers.push_back({"max pool 3x3/2", 1, pool});

  // In place of the two before: not part of the sum.
  KernelSpec fused = stem;
  fused.kind = KernelKind::Stem;
  fused.output = pool.output;
  fused.convolved = {112, 112};
  fused.poolKernel = pool.kernel, fused.poolStrides = pool.strides, fused.poolPadding = pool.padding;
  layers.push_back({"stem and pool fused", 0, fused});

  int64_t in = 64, map = 56;
  for (int stage = 0; stage < 4; ++stage) {
    const int64_t mid = 64 << stage, out = 4 * mid, stride = stage ? 2 : 1, before = map;
    const int blocks[] = {3, 4, 6, 3};
    map = before / stride;
    const auto at = [&](const char *what) { return "stage " + std::to_string(stage + 1) + " " + what; };
    KernelSpec projection = conv(in, out, before, 1, stride, 0, false);
    projection.epilogue.activation = Activation::None;
    layers.push_back({at("reduce, first"), 1, conv(in, mid, before, 1, 1, 1, false)});
    layers.push_back({at(stride == 1 ? "3x3, first" : "3x3/2"), 1, conv(mid, mid, before, 3, stride, 0, false)});
    layers.push_back({at("projection"), 1, projection});
    layers.push_back({at("expand + add"), blocks[stage], conv(mid, out, map, 1, 1, 0, true)});
    layers.push_back({at("reduce"), blocks[stage] - 1, conv(out, mid, map, 1, 1, 1, false)});
    layers.push_back({at("3x3"), blocks[stage] - 1, conv(mid, mid, map, 3, 1, 0, false)});
    in = out;
  }
  KernelSpec head;
  head.kind = KernelKind::Head;
  head.input = {2048, 7, 7, kChannelBlock, {}}, head.output = {1000, 1, 1, 1, {}};
  head.filter.outChannels = 1000, head.filter.inChannels = 2048, head.filter.inputBlock = kChannelBlock;
  head.epilogue.bias = true;
  layers.push_back({"head", 1, head});
  return layers;
}

// size x size, as many channels as before, with padding that keeps the map.
static KernelSpec grouped(int64_t channels, int64_t map, int64_t groups, int64_t stride, int64_t size = 3, int64_t dilation = 1) {
  KernelSpec s = conv(channels, channels, map, size, stride, 0, false);
  const int64_t pad = size / 2 * dilation;
  s.input.halo = s.padding = {pad, pad, pad, pad};
  s.filter.groups = groups;
  s.dilations = {dilation, dilation};
  return s;
}

static std::vector<Layer> groupedLayers() {
  std::vector<Layer> layers;
  const auto add = [&](const std::string &what, const KernelSpec &spec) {
    layers.push_back({what + " " + std::to_string(spec.input.channels) + "@" + std::to_string(spec.input.height) +
                          (spec.strides[0] == 2 ? "/2" : ""),
                      1, spec});
  };
  const auto stages = [&](const std::string &what, int64_t channels, int64_t groups) {
    for (int64_t map = 56, stage = 0; stage < 4; ++stage, map /= 2, channels *= 2) {
      add(what, grouped(channels, map, groups, 1));
      if (stage < 3)
        add(what, grouped(channels * 2, map, groups, 2));
    }
  };
  stages("32x4d", 128, 32);
  stages("32x8d", 256, 32);
  stages("64x4d", 256, 64);
  for (int64_t size : {3, 5})
    for (int64_t channels = 64, map = 56; map >= 7; channels *= 2, map /= 2)
      for (int64_t stride : {1, 2})
        add("depthwise " + std::to_string(size), grouped(channels, map, channels, stride, size));
  add("dilation 2", grouped(256, 28, 1, 1, 3, 2));
  add("dilation 4", grouped(512, 28, 1, 1, 3, 4));
  add("dilation 2", grouped(512, 14, 1, 1, 3, 2));
  return layers;
}

static KernelSpec elementwise(int64_t channels, int64_t map, Activation activation) {
  KernelSpec s;
  s.kind = KernelKind::Elementwise;
  s.input = s.output = {channels, map, map, kChannelBlock, {}};
  s.epilogue.activation = activation;
  return s;
}

// SE-ResNet-50, ResNet-50-IBN-a and a network with group norms: what they have beside their convolutions, once a stage.
static std::vector<Layer> attentionLayers() {
  std::vector<Layer> layers;
  for (int64_t channels = 256, map = 56; channels <= 2048; channels *= 2, map /= 2) {
    const std::string at = " " + std::to_string(channels) + "@" + std::to_string(map);
    KernelSpec pool;
    pool.kind = KernelKind::GlobalAvgPool;
    pool.input = {channels, map, map, kChannelBlock, {}}, pool.output = {channels, 1, 1, kChannelBlock, {}};
    layers.push_back({"squeeze" + at, 1, pool});
    KernelSpec excite = conv(channels / 16, channels, 1, 1, 1, 0, false);
    excite.epilogue.activation = Activation::Sigmoid;
    layers.push_back({"excite, first" + at, 1, conv(channels, channels / 16, 1, 1, 1, 0, false)});
    layers.push_back({"excite, second" + at, 1, excite});
    KernelSpec gate = elementwise(channels, map, Activation::Relu);
    gate.gate = pool.output;
    gate.addend = gate.output;
    gate.epilogue.addend = gate.epilogue.addendInPlace = true;
    layers.push_back({"gate + add + relu" + at, 1, gate});
    layers.push_back({"silu" + at, 1, elementwise(channels, map, Activation::Silu)});
    for (int64_t groups : {int64_t(32), channels}) {
      KernelSpec norm = elementwise(channels, map, Activation::None);
      norm.kind = KernelKind::GroupNorm;
      norm.normGroups = groups;
      norm.epsilon = 1e-5f;
      layers.push_back({(groups == channels ? "instance norm" : "group norm") + at, 1, norm});
    }
    KernelSpec concat = elementwise(channels, map, Activation::None);
    concat.kind = KernelKind::Concat;
    concat.input.channels = channels / 2;
    concat.moreInputs = {concat.input};
    layers.push_back({"concat" + at, 1, concat});
  }
  return layers;
}

std::vector<Layer> benchmarks::layersNamed(const std::string &name) {
  if (name == "resnet50")
    return resnet50();
  if (name == "grouped")
    return groupedLayers();
  if (name == "attention")
    return attentionLayers();
  return {};
}
