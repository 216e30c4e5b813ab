// The canonical form of kernel specifications: what changes nothing in a kernel's work is made equal.

#include "codegen/KernelSpec.h"
#include <algorithm>
#include <limits>

using namespace resnet;
using namespace resnet::codegen;

static bool hasSoftmax(const KernelSpec &s) { return s.kind == KernelKind::Softmax || s.softmax; }

// One row of H*W columns; the order of elements in memory does not change.
static void flatten(ActivationGeometry &g) {
  g.width *= g.height;
  g.height = 1;
}

// Features in one block, where a vector of channels is one of elements in a row; they lie alike.
static void asOneBlock(ActivationGeometry &g) { g.block = g.channels; }

static bool isDenseVector(const ActivationGeometry &g) { return g.block == 1 && g.height == 1 && g.width == 1 && g.halo.empty(); }

static bool sameMap(const ActivationGeometry &a, const ActivationGeometry &b) {
  return a.height == b.height && a.width == b.width;
}

static void canonicalize(ActivationFunction &f) {
  if (f.kind == Activation::Clip && f.parameters[0] == 0.f && f.parameters[1] == std::numeric_limits<float>::infinity())
    f.kind = Activation::Relu;
  for (size_t i = 0; i < f.parameters.size(); ++i)
    f.parameters[i] = i < parameterCount(f.kind) ? f.parameters[i] + 0.f : 0.f; // -0, too, becomes 0
}

static void canonicalizeEpilogue(KernelSpec &s) {
  const KernelKind kind = s.kind;
  Epilogue &e = s.epilogue;
  if (!usesFilter(kind) && kind != KernelKind::Elementwise)
    e = Epilogue{};
  if (!usesFilter(kind))
    e.bias = false;
  if (kind == KernelKind::Linear || kind == KernelKind::Head || kind == KernelKind::Stem)
    e.addend = false;
  if (!e.addend) {
    e.addendInPlace = false;
    s.addend = ActivationGeometry{};
  }
  if (!e.addend || kind != KernelKind::Conv2d) {
    e.addendStrides = {1, 1};
    e.addendChannels = 0;
    e.addendKept = false;
  }
  if (kind != KernelKind::Conv2d)
    e.post = false;
  if (!e.post) {
    e.postActivation = Activation::None;
    e.keepsSum = false;
  }
  // Of a map of one row only the addend's first is read.
  if (s.output.height == 1)
    e.addendStrides[0] = 1;
  if (s.output.width == 1)
    e.addendStrides[1] = 1;
  if (e.activatedChannels == 0)
    e.activation = Activation::None;
  canonicalize(e.activation);
  canonicalize(e.postActivation);
  if (e.activation.kind == Activation::None || e.activatedChannels >= s.output.channels)
    e.activatedChannels = -1;
}

// Elements that are computed alike, one by one, do not need all of their dimensions.
static void mergeDimensions(KernelSpec &s) {
  const KernelKind kind = s.kind;
  std::vector<ActivationGeometry *> maps{&s.input, &s.output};
  if (s.epilogue.addend)
    maps.push_back(&s.addend);
  if (s.hasGate() && sameMap(s.gate, s.output))
    maps.push_back(&s.gate);
  for (ActivationGeometry &g : s.moreInputs)
    maps.push_back(&g);
  const bool pointwise =
      (kind == KernelKind::Conv2d && s.kernel[0] == 1 && s.kernel[1] == 1 && s.strides[0] == 1 && s.strides[1] == 1 &&
       s.padding.empty()) ||
      kind == KernelKind::Elementwise || kind == KernelKind::Concat ||
      (kind == KernelKind::Copy && s.strides[0] == 1 && s.strides[1] == 1 && s.copyOffset[1] == 0 && s.copyOffset[2] == 0);
  const auto flattens = [&](const ActivationGeometry *g) { return g->halo.empty() && sameMap(*g, s.output); };
  if (pointwise && std::all_of(maps.begin(), maps.end(), flattens))
    for (ActivationGeometry *g : maps)
      flatten(*g);
  if (kind == KernelKind::Elementwise &&
      std::all_of(maps.begin(), maps.end(), [](const ActivationGeometry *g) { return isDenseVector(*g); }))
    for (ActivationGeometry *g : maps)
      asOneBlock(*g);
  if ((kind == KernelKind::GlobalAvgPool || kind == KernelKind::GlobalMaxPool || kind == KernelKind::Head) &&
      s.input.halo.empty())
    flatten(s.input);
}

void codegen::canonicalize(KernelSpec &s) {
  const KernelKind kind = s.kind;
  if (convolves(kind))
    s.kernel = {s.filter.kernelHeight, s.filter.kernelWidth};
  if (!usesFilter(kind))
    s.filter = FilterGeometry{};
  if (!isWindowed(kind)) {
    s.kernel = s.dilations = {1, 1};
    s.padding = Halo{};
    if (kind != KernelKind::Copy)
      s.strides = {1, 1};
  }
  for (int i = 0; i < 2; ++i)
    if (s.kernel[i] == 1)
      s.dilations[i] = 1;
  if (kind == KernelKind::Stem) {
    const auto pooled = [&](int i, int64_t out, int64_t before) {
      return touchedPadding(s.convolved[i], out, s.poolKernel[i], s.poolStrides[i], 1, before);
    };
    s.poolPadding.bottom = pooled(0, s.output.height, s.poolPadding.top);
    s.poolPadding.right = pooled(1, s.output.width, s.poolPadding.left);
  } else {
    s.convolved = {0, 0};
    s.poolKernel = s.poolStrides = {1, 1};
    s.poolPadding = Halo{};
  }
  if (convolves(kind) || kind == KernelKind::MaxPool2d || (kind == KernelKind::AvgPool2d && !s.countIncludePad)) {
    const bool stem = kind == KernelKind::Stem;
    s.padding.bottom = touchedPadding(s.input.height, stem ? s.convolved[0] : s.output.height, s.kernel[0], s.strides[0],
                                      s.dilations[0], s.padding.top);
    s.padding.right = touchedPadding(s.input.width, stem ? s.convolved[1] : s.output.width, s.kernel[1], s.strides[1],
                                     s.dilations[1], s.padding.left);
  }
  if (kind != KernelKind::AvgPool2d || s.padding.empty())
    s.countIncludePad = false;
  if (kind != KernelKind::Head)
    s.softmax = false;
  if (!hasSoftmax(s))
    s.logarithm = false;
  if (kind == KernelKind::GroupNorm) {
    s.scaleShift = true;
  } else {
    s.normGroups = 0;
    s.epsilon = 0.f;
  }
  if (kind != KernelKind::Elementwise) {
    s.gate = ActivationGeometry{};
    s.scaleShift &= kind == KernelKind::GroupNorm;
  }
  if (kind != KernelKind::Concat)
    s.moreInputs.clear();
  if (kind != KernelKind::Copy) {
    s.copyOffset = {0, 0, 0};
    s.border = Border::Fill;
  }
  s.fill = kind == KernelKind::Copy && s.border == Border::Fill ? s.fill + 0.f : 0.f; // -0, too, becomes 0
  canonicalizeEpilogue(s);
  if (!convolves(kind))
    s.schedule = ConvSchedule{};
  mergeDimensions(s);
}
