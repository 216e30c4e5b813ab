// Reference loops.

#include "KernelReference.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

namespace {

/// Logical NCHW array of a map.
struct View {
  const std::vector<float> &data;
  const ActivationGeometry &g;
  int64_t index(int64_t n, int64_t c, int64_t y, int64_t x) const { return ((n * g.channels + c) * g.height + y) * g.width + x; }
  bool inside(int64_t y, int64_t x) const { return y >= 0 && y < g.height && x >= 0 && x < g.width; }
  double at(int64_t n, int64_t c, int64_t y, int64_t x) const { return data[index(n, c, y, x)]; }
};

Expected convolve(const KernelSpec &s, const View &in, const LogicalOperands &ops, int64_t n, int64_t co, int64_t y, int64_t x) {
  const FilterGeometry &f = s.filter;
  const int64_t perGroup = f.inChannelsPerGroup(), base = co / f.outChannelsPerGroup() * perGroup;
  Expected e{0, 0};
  for (int64_t ci = 0; ci < perGroup; ++ci)
    for (int64_t ky = 0; ky < f.kernelHeight; ++ky)
      for (int64_t kx = 0; kx < f.kernelWidth; ++kx) {
        const int64_t iy = y * s.strides[0] + ky * s.dilations[0] - s.padding.top;
        const int64_t ix = x * s.strides[1] + kx * s.dilations[1] - s.padding.left;
        if (!in.inside(iy, ix))
          continue;
        const double w = ops.filter[((co * perGroup + ci) * f.kernelHeight + ky) * f.kernelWidth + kx];
        const double t = w * in.at(n, base + ci, iy, ix);
        e.value += t, e.magnitude += std::abs(t);
      }
  return e;
}

Expected pool(const KernelSpec &s, const View &in, int64_t n, int64_t c, int64_t y, int64_t x) {
  Expected e{s.kind == KernelKind::MaxPool2d ? -std::numeric_limits<double>::infinity() : 0, 0};
  int64_t valid = 0, padded = 0;
  for (int64_t ky = 0; ky < s.kernel[0]; ++ky)
    for (int64_t kx = 0; kx < s.kernel[1]; ++kx) {
      const int64_t iy = y * s.strides[0] + ky * s.dilations[0] - s.padding.top;
      const int64_t ix = x * s.strides[1] + kx * s.dilations[1] - s.padding.left;
      padded += iy < s.input.height + s.padding.bottom && ix < s.input.width + s.padding.right;
      if (!in.inside(iy, ix))
        continue;
      ++valid;
      const double v = in.at(n, c, iy, ix);
      if (s.kind == KernelKind::MaxPool2d)
        e.value = std::max(e.value, v);
      else
        e.value += v, e.magnitude += std::abs(v);
    }
  if (s.kind == KernelKind::AvgPool2d) {
    const double divisor = static_cast<double>(s.countIncludePad ? padded : valid);
    e.value /= divisor, e.magnitude /= divisor;
  }
  return e;
}

double hardSigmoid(double x, float slope, float offset) { return std::clamp(x * slope + offset, 0.0, 1.0); }

// An error d of the argument is one of at most |f'| d of the result, which is rounded itself.
Expected activated(const ActivationFunction &f, const Expected &e) {
  const std::array<float, 4> &p = f.parameters;
  const double x = e.value, sigmoid = 1 / (1 + std::exp(-x));
  // Results that need subnormal numbers on the way come out below this.
  constexpr double kTiny = 2e-30;
  const auto result = [&](double value, double slope) { return Expected{value, e.magnitude * slope + std::abs(value) + kTiny}; };
  switch (f.kind) {
  case Activation::None:
    return e;
  case Activation::Relu:
    return {std::max(x, 0.0), e.magnitude};
  case Activation::Clip:
    return {std::clamp<double>(x, p[0], p[1]), e.magnitude};
  case Activation::Sigmoid:
    return result(sigmoid, sigmoid * (1 - sigmoid));
  case Activation::Silu:
    return result(x * sigmoid, std::abs(sigmoid + x * sigmoid * (1 - sigmoid)));
  case Activation::HardSigmoid:
    return {hardSigmoid(x, p[0], p[1]), e.magnitude * p[0] + std::abs(x * p[0]) + std::abs(p[1])};
  case Activation::HardSwish:
    return {x * hardSigmoid(x, 1.f / 6, 0.5f), (e.magnitude + std::abs(x)) * (std::abs(x) / 3 + 0.5)};
  case Activation::FakeQuantize: {
    const float quotient = static_cast<float>(x) / p[0];
    return {(std::clamp<double>(std::nearbyint(quotient) + p[1], p[2], p[3]) - p[1]) * p[0], std::abs(x)};
  }
  }
  return e;
}

// The pool of activations: every sum of a window may err, so its largest magnitude bounds the error of the maximum.
Expected stem(const KernelSpec &s, const View &in, const LogicalOperands &ops, int64_t n, int64_t c, int64_t y, int64_t x) {
  Expected e{-std::numeric_limits<double>::infinity(), 0};
  for (int64_t ky = 0; ky < s.poolKernel[0]; ++ky)
    for (int64_t kx = 0; kx < s.poolKernel[1]; ++kx) {
      const int64_t iy = y * s.poolStrides[0] + ky - s.poolPadding.top, ix = x * s.poolStrides[1] + kx - s.poolPadding.left;
      if (iy < 0 || iy >= s.convolved[0] || ix < 0 || ix >= s.convolved[1])
        continue;
      Expected sum = convolve(s, in, ops, n, c, iy, ix);
      if (s.epilogue.bias)
        sum.value += ops.bias[c], sum.magnitude += std::abs(ops.bias[c]);
      sum = activated(s.epilogue.activation, sum);
      e = {std::max(e.value, sum.value), std::max(e.magnitude, sum.magnitude)};
    }
  return e;
}

Expected mean(const View &in, int64_t n, int64_t c) {
  Expected e{0, 0};
  const double area = static_cast<double>(in.g.height * in.g.width);
  for (int64_t y = 0; y < in.g.height; ++y)
    for (int64_t x = 0; x < in.g.width; ++x)
      e.value += in.at(n, c, y, x) / area, e.magnitude += std::abs(in.at(n, c, y, x)) / area;
  return e;
}

Expected maximum(const View &in, int64_t n, int64_t c) {
  Expected e{-std::numeric_limits<double>::infinity(), 0};
  for (int64_t y = 0; y < in.g.height; ++y)
    for (int64_t x = 0; x < in.g.width; ++x)
      e.value = std::max(e.value, in.at(n, c, y, x));
  return e;
}

Expected normalise(const KernelSpec &s, const View &in, const LogicalOperands &ops, int64_t n, int64_t c, int64_t y, int64_t x) {
  const int64_t size = in.g.channels / s.normGroups * in.g.height * in.g.width;
  const int64_t first = (n * s.normGroups + c / (in.g.channels / s.normGroups)) * size;
  double mean = 0, variance = 0;
  for (int64_t i = first; i < first + size; ++i)
    mean += in.data[i] / static_cast<double>(size);
  for (int64_t i = first; i < first + size; ++i)
    variance += (in.data[i] - mean) * (in.data[i] - mean) / static_cast<double>(size);
  const double factor = ops.scale[c] / std::sqrt(variance + s.epsilon), value = in.at(n, c, y, x);
  return {(value - mean) * factor + ops.shift[c], (std::abs(value) + std::abs(mean)) * std::abs(factor) + std::abs(ops.shift[c])};
}

double concatenated(const KernelSpec &s, const View &in, const LogicalOperands &ops, int64_t n, int64_t c, int64_t y, int64_t x) {
  if (c < in.g.channels)
    return in.at(n, c, y, x);
  c -= in.g.channels;
  size_t i = 0;
  for (; c >= s.moreInputs[i].channels; ++i)
    c -= s.moreInputs[i].channels;
  return View{ops.moreInputs[i], s.moreInputs[i]}.at(n, c, y, x);
}

Expected elementwise(const KernelSpec &s, const View &in, const LogicalOperands &ops, int64_t n, int64_t c, int64_t y,
                     int64_t x) {
  const double value = in.at(n, c, y, x);
  // An activation alone sees the input as it is.
  Expected e{value, s.epilogue.addend ? std::abs(value) : 0};
  if (s.scaleShift)
    e = {value * ops.scale[c] + ops.shift[c], std::abs(value * ops.scale[c]) + std::abs(ops.shift[c])};
  if (s.hasGate()) {
    const bool one = s.gate.height * s.gate.width == 1;
    const double gate = View{ops.gate, s.gate}.at(n, c, one ? 0 : y, one ? 0 : x);
    e = {e.value * gate, (e.magnitude + std::abs(e.value)) * std::abs(gate)};
  }
  return e;
}

// Position of an element that is outside of [0, size).
int64_t atBorder(Border border, int64_t p, int64_t size) {
  if (p >= 0 && p < size)
    return p;
  if (border == Border::Edge)
    return p < 0 ? 0 : size - 1;
  return border == Border::Fill ? -1 : p < 0 ? -p : 2 * (size - 1) - p;
}

double copied(const KernelSpec &s, const View &in, int64_t n, int64_t c, int64_t y, int64_t x) {
  const int64_t ic = atBorder(s.border, c + s.copyOffset[0], in.g.channels);
  const int64_t iy = atBorder(s.border, y * s.strides[0] + s.copyOffset[1], in.g.height);
  const int64_t ix = atBorder(s.border, x * s.strides[1] + s.copyOffset[2], in.g.width);
  return ic >= 0 && iy >= 0 && ix >= 0 ? in.at(n, ic, iy, ix) : s.fill;
}

void softmax(std::vector<Expected> &v, int64_t classes, bool logarithm) {
  for (size_t first = 0; first < v.size(); first += classes) {
    double highest = -1e300, total = 0;
    for (int64_t i = 0; i < classes; ++i)
      highest = std::max(highest, v[first + i].value);
    for (int64_t i = 0; i < classes; ++i)
      total += std::exp(v[first + i].value - highest);
    for (int64_t i = 0; i < classes; ++i) {
      // An error d in a logit is a relative error d in its power.
      Expected &e = v[first + i];
      if (logarithm) {
        e = {e.value - highest - std::log(total), 10 * (1 + e.magnitude) + std::abs(e.value - highest)};
        continue;
      }
      e = {std::exp(e.value - highest) / total, 10 * (1 + e.magnitude)};
    }
  }
}

// What post makes of the sums, before each image's sums where they are kept.
std::vector<Expected> post(const KernelSpec &s, const LogicalOperands &ops, const std::vector<Expected> &sums) {
  const int64_t map = s.output.height * s.output.width, image = s.output.channels * map;
  std::vector<Expected> result;
  for (auto first = sums.begin(); first != sums.end(); first += image) {
    for (int64_t i = 0; i < image; ++i) {
      const double scale = ops.scale[i / map], shift = ops.shift[i / map];
      Expected e{first[i].value * scale + shift, first[i].magnitude * std::abs(scale) + std::abs(shift)};
      result.push_back(activated(s.epilogue.postActivation, e));
    }
    if (s.epilogue.keepsSum)
      result.insert(result.end(), first, first + image);
  }
  return result;
}

} // namespace

static ActivationGeometry stored(ActivationGeometry g, bool pair) {
  g.channels *= pair ? 2 : 1;
  return g;
}

ActivationGeometry test::storedOutput(const KernelSpec &s) { return stored(s.output, s.epilogue.keepsSum); }
ActivationGeometry test::storedAddend(const KernelSpec &s) { return stored(s.addend, s.epilogue.addendKept); }

std::vector<Expected> test::reference(const KernelSpec &s, const LogicalOperands &ops, int batch) {
  const ActivationGeometry addendPair = storedAddend(s);
  const View in{ops.input, s.input}, addend{ops.addend, addendPair};
  const ActivationGeometry &o = s.output;
  std::vector<Expected> result;
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t c = 0; c < o.channels; ++c)
      for (int64_t y = 0; y < o.height; ++y)
        for (int64_t x = 0; x < o.width; ++x) {
          Expected e{0, 0};
          switch (s.kind) {
          case KernelKind::Conv2d:
            e = convolve(s, in, ops, n, c, y, x);
            break;
          case KernelKind::Stem:
            result.push_back(stem(s, in, ops, n, c, y, x));
            continue;
          case KernelKind::MaxPool2d:
          case KernelKind::AvgPool2d:
            e = pool(s, in, n, c, y, x);
            break;
          case KernelKind::GlobalAvgPool:
            e = mean(in, n, c);
            break;
          case KernelKind::GlobalMaxPool:
            e = maximum(in, n, c);
            break;
          case KernelKind::GroupNorm:
            e = normalise(s, in, ops, n, c, y, x);
            break;
          case KernelKind::Linear:
          case KernelKind::Head:
            for (int64_t ci = 0; ci < s.filter.inChannels; ++ci) {
              const Expected m =
                  s.kind == KernelKind::Head ? mean(in, n, ci) : Expected{in.at(n, ci, 0, 0), std::abs(in.at(n, ci, 0, 0))};
              const double w = ops.filter[c * s.filter.inChannels + ci];
              e.value += w * m.value, e.magnitude += std::abs(w) * m.magnitude;
            }
            break;
          case KernelKind::Softmax:
            e = {in.at(n, c, y, x), std::abs(in.at(n, c, y, x))};
            break;
          case KernelKind::Elementwise:
            e = elementwise(s, in, ops, n, c, y, x);
            break;
          case KernelKind::Copy:
            e.value = copied(s, in, n, c, y, x);
            break;
          case KernelKind::Concat:
            e.value = concatenated(s, in, ops, n, c, y, x);
            break;
          }
          if (s.epilogue.bias)
            e.value += ops.bias[c], e.magnitude += std::abs(ops.bias[c]);
          if (const int64_t ac = c - s.epilogue.addendChannels; s.epilogue.addend && ac >= 0 && ac < s.addend.channels) {
            const int64_t kept = addendPair.channels - s.addend.channels;
            const double v = addend.at(n, kept + ac, y * s.epilogue.addendStrides[0], x * s.epilogue.addendStrides[1]);
            e.value += v, e.magnitude += std::abs(v);
          }
          const int64_t activatedChannels = s.epilogue.activatedChannels == -1 ? o.channels : s.epilogue.activatedChannels;
          result.push_back(c < activatedChannels ? activated(s.epilogue.activation, e) : e);
        }
  if (s.softmax || s.kind == KernelKind::Softmax)
    softmax(result, o.channels, s.logarithm);
  return s.epilogue.post ? post(s, ops, result) : result;
}
