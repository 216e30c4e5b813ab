// Reference loops, guarded buffers and the comparison.

#include "KernelReference.h"
#include "codegen/FilterPacking.h"
#include "codegen/schedules/WinogradTransform.h"
#include <cmath>
#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;
using Role = KernelArgument::Role;

//===-- Reference ---------------------------------------------------------===//

namespace {

/// Logical NCHW array of a map.
struct View {
  const std::vector<float> &data;
  const ActivationGeometry &g;
  int64_t index(int64_t n, int64_t c, int64_t y, int64_t x) const { return ((n * g.channels + c) * g.height + y) * g.width + x; }
  bool inside(int64_t y, int64_t x) const { return y >= 0 && y < g.height && x >= 0 && x < g.width; }
  double at(int64_t n, int64_t c, int64_t y, int64_t x) const { return data[index(n, c, y, x)]; }
};

/// A pair of maps, what post makes of a sum and the sum, lies in memory as one map of twice the channels.
ActivationGeometry stored(ActivationGeometry g, bool pair) {
  g.channels *= pair ? 2 : 1;
  return g;
}
ActivationGeometry storedOutput(const KernelSpec &s) { return stored(s.output, s.epilogue.keepsSum); }
ActivationGeometry storedAddend(const KernelSpec &s) { return stored(s.addend, s.epilogue.addendKept); }

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
      if (s.epilogue.activation == Activation::Relu)
        sum.value = std::max(sum.value, 0.0);
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

void softmax(std::vector<Expected> &v, int64_t classes) {
  for (size_t first = 0; first < v.size(); first += classes) {
    double highest = -1e300, total = 0;
    for (int64_t i = 0; i < classes; ++i)
      highest = std::max(highest, v[first + i].value);
    for (int64_t i = 0; i < classes; ++i)
      total += std::exp(v[first + i].value - highest);
    for (int64_t i = 0; i < classes; ++i) {
      // An error d in a logit is a relative error d in its power.
      Expected &e = v[first + i];
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
      if (s.epilogue.postActivation == Activation::Relu)
        e.value = std::max(e.value, 0.0);
      result.push_back(e);
    }
    if (s.epilogue.keepsSum)
      result.insert(result.end(), first, first + image);
  }
  return result;
}

} // namespace

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
          case KernelKind::Elementwise:
            e = {in.at(n, c, y, x), std::abs(in.at(n, c, y, x))};
            if (s.scaleShift)
              e = {e.value * ops.scale[c] + ops.shift[c], e.magnitude * std::abs(ops.scale[c]) + std::abs(ops.shift[c])};
            break;
          case KernelKind::Copy: {
            const int64_t ic = c + s.copyOffset[0], iy = y * s.strides[0] + s.copyOffset[1],
                          ix = x * s.strides[1] + s.copyOffset[2];
            e.value = ic >= 0 && ic < s.input.channels && in.inside(iy, ix) ? in.at(n, ic, iy, ix) : s.fill;
            break;
          }
          }
          if (s.epilogue.bias)
            e.value += ops.bias[c], e.magnitude += std::abs(ops.bias[c]);
          if (const int64_t ac = c - s.epilogue.addendChannels; s.epilogue.addend && ac >= 0 && ac < s.addend.channels) {
            const int64_t kept = addendPair.channels - s.addend.channels;
            const double v = addend.at(n, kept + ac, y * s.epilogue.addendStrides[0], x * s.epilogue.addendStrides[1]);
            e.value += v, e.magnitude += std::abs(v);
          }
          const int64_t activated = s.epilogue.activatedChannels == -1 ? o.channels : s.epilogue.activatedChannels;
          if (s.epilogue.activation == Activation::Relu && c < activated)
            e.value = std::max(e.value, 0.0);
          result.push_back(e);
        }
  if (s.softmax || s.kind == KernelKind::Softmax)
    softmax(result, o.channels);
  return s.epilogue.post ? post(s, ops, result) : result;
}

//===-- Guarded buffers ---------------------------------------------------===//

namespace {

constexpr float kUntouched = -12345.5f;

/// Memory that ends at an inaccessible page.
class Guarded {
public:
  explicit Guarded(int64_t elements, float fill) : count(elements) {
    const int64_t page = sysconf(_SC_PAGESIZE), bytes = elements * 4;
    mapped = ceilDiv(bytes, page) * page + 2 * page;
    base = static_cast<char *>(mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base, page, PROT_NONE);
    mprotect(base + mapped - page, page, PROT_NONE);
    // What lies between the page's start and the buffer's is NaN.
    const int64_t front = mapped - 2 * page - bytes;
    std::fill_n(reinterpret_cast<float *>(base + page), front / 4, std::numeric_limits<float>::quiet_NaN());
    start = reinterpret_cast<float *>(base + page + front);
    std::fill_n(start, elements, fill);
  }
  ~Guarded() { munmap(base, mapped); }
  Guarded(const Guarded &) = delete;

  float *start;
  int64_t count;

private:
  char *base;
  size_t mapped;
};

/// A batch of maps laid out as `g`, one every `stride` elements.
void scatter(const ActivationGeometry &g, int64_t stride, int batch, const std::vector<float> &nchw, float halo, float *out) {
  for (int64_t n = 0; n < batch; ++n) {
    float *image = out + n * stride;
    std::fill_n(image, g.imageElements(), halo);
    for (int64_t k = 0; k < g.blocks(); ++k)
      for (int64_t y = 0; y < g.height; ++y)
        for (int64_t x = 0; x < g.width; ++x)
          for (int64_t c = 0; c < g.block; ++c) {
            const int64_t ch = k * g.block + c;
            image[g.interiorOffset() + k * g.blockStride() + y * g.rowStride() + x * g.columnStride() + c] =
                ch < g.channels ? nchw[((n * g.channels + ch) * g.height + y) * g.width + x] : 0.f;
          }
  }
}

/// All bytes of a batch as they should be after the kernel, next to what they are.
void compare(const KernelSpec &s, int64_t stride, int batch, const std::vector<Expected> &expected, const Guarded &buffer,
             double tolerance) {
  const ActivationGeometry g = storedOutput(s);
  std::vector<double> value(buffer.count, kUntouched), error(buffer.count, 0);
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t k = 0; k < g.blocks(); ++k)
      for (int64_t y = 0; y < g.height; ++y)
        for (int64_t x = 0; x < g.width; ++x)
          for (int64_t c = 0; c < g.block; ++c) {
            const int64_t ch = k * g.block + c;
            const int64_t at =
                n * stride + g.interiorOffset() + k * g.blockStride() + y * g.rowStride() + x * g.columnStride() + c;
            const Expected e = ch < g.channels ? expected[((n * g.channels + ch) * g.height + y) * g.width + x] : Expected{0, 0};
            value[at] = e.value, error[at] = e.magnitude * tolerance;
          }
  int shown = 0;
  for (int64_t i = 0; i < buffer.count && shown < 3; ++i) {
    const double got = buffer.start[i];
    if (got == value[i] || std::abs(got - value[i]) <= error[i])
      continue;
    ++shown;
    const int64_t in = i % stride - g.interiorOffset();
    ADD_FAILURE() << toString(s) << "\nbatch " << batch << ", image " << i / stride << ", element " << i % stride << " (block "
                  << in / g.blockStride() << ", row " << in % g.blockStride() / g.rowStride() << ", column "
                  << in % g.rowStride() / g.block << "): got " << got << ", expected " << value[i] << " +- " << error[i];
  }
}

std::vector<float> random(int64_t n, uint32_t seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> distribution(-1.f, 1.f);
  std::vector<float> v(n);
  for (float &x : v)
    x = distribution(engine);
  return v;
}

int64_t logicalElements(const ActivationGeometry &g) { return g.channels * g.height * g.width; }

struct Launch {
  const LoadedKernel &kernel;
  const KernelSpec &s;
  LogicalOperands ops;
  std::vector<Expected> expected; // of the largest batch
  double tolerance;

  // Runs the first `batch` images; `gap` elements lie between images. Returns the output's bytes without gaps.
  std::vector<float> run(int batch, int64_t gap, int threads) const {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::vector<std::unique_ptr<Guarded>> buffers;
    std::vector<Operand> operands;
    const auto add = [&](int64_t count, float fill) {
      buffers.push_back(std::make_unique<Guarded>(count, fill));
      operands.push_back({buffers.back()->start, 0});
      return buffers.back()->start;
    };
    const ActivationGeometry output = storedOutput(s), addend = storedAddend(s);
    // The last image has no gap behind it: reading one would fault.
    const auto span = [&](const ActivationGeometry &g) { return (batch - 1) * (g.imageElements() + gap) + g.imageElements(); };
    const auto vec = [&](const std::vector<float> &v, int64_t block) {
      packVector(v.size(), block, v.data(), add(ceilDiv(v.size(), block) * block, nan));
    };
    for (const KernelArgument &a : kernel.args()) {
      switch (a.role) {
      case Role::Input:
        // Only a convolution may read the halo, and finds zeros there.
        add(span(s.input), nan);
        scatter(s.input, s.input.imageElements() + gap, batch, ops.input,
                s.kind == KernelKind::Conv2d || s.kind == KernelKind::Stem ? 0.f : nan, operands.back().buffer);
        operands.back().imageStride = s.input.imageElements() + gap;
        break;
      case Role::Filter:
        packFilter(s.filter, ops.filter.data(), add(s.filter.packedElements(), nan));
        break;
      case Role::Bias:
        vec(ops.bias, s.filter.block);
        break;
      case Role::Scale:
        vec(ops.scale, s.output.block);
        break;
      case Role::Shift:
        vec(ops.shift, s.output.block);
        break;
      case Role::Addend:
        if (s.epilogue.addendInPlace)
          operands.push_back({nullptr, output.imageElements() + gap}); // the output's, below
        else {
          add(span(addend), nan);
          scatter(addend, addend.imageElements() + gap, batch, ops.addend, nan, operands.back().buffer);
          operands.back().imageStride = addend.imageElements() + gap;
        }
        break;
      case Role::Output:
        add(span(output), kUntouched);
        operands.back().imageStride = output.imageElements() + gap;
        if (s.epilogue.addendInPlace) {
          scatter(output, output.imageElements() + gap, batch, ops.addend, kUntouched, operands.back().buffer);
          operands[operands.size() - 2].buffer = operands.back().buffer;
        }
        break;
      }
    }
    kernelThreads = threads;
    peakScratch = 0;
    kernelErrors.clear();
    const int status = kernel.run(operands, batch);
    EXPECT_EQ(status, 0) << toString(s) << "\n" << kernelErrors;
    EXPECT_LE(peakScratch, kernel.scratchBytes()) << toString(s);
    compare(s, output.imageElements() + gap, batch, expected, *buffers.back(), tolerance);
    std::vector<float> result;
    for (int64_t n = 0; n < batch; ++n) {
      const float *image = buffers.back()->start + n * (output.imageElements() + gap);
      result.insert(result.end(), image, image + output.imageElements());
    }
    return result;
  }
};

void expectMatches(const LoadedKernel &kernel) {
  ASSERT_EQ(kernel.error(), "") << toString(kernel.spec());
  const KernelSpec &s = kernel.spec();
  const int batch = s.batch ? static_cast<int>(s.batch) : 5;
  const FilterGeometry &f = s.filter;
  Launch launch{kernel, s, {}, {}, 0};
  launch.ops.input = random(logicalElements(s.input) * batch, 1);
  launch.ops.filter = random(f.outChannels * f.inChannelsPerGroup() * f.kernelHeight * f.kernelWidth, 2);
  launch.ops.bias = random(s.output.channels, 3);
  launch.ops.addend = random(logicalElements(storedAddend(s)) * batch, 4);
  launch.ops.scale = random(s.output.channels, 5);
  launch.ops.shift = random(s.output.channels, 6);
  launch.expected = reference(s, launch.ops, batch);
  // Errors of a sum of n terms grow like sqrt(n) units; 1e-6 covers the few operations behind it.
  launch.tolerance = 1e-6 + 1e-7 * std::sqrt(static_cast<double>(f.inChannels * f.kernelHeight * f.kernelWidth));
  if (s.schedule.algorithm == ConvAlgorithm::Winograd) {
    // A tile's rounding errors scale with its largest terms, not with an element's own, and grow with the transform.
    launch.tolerance *=
        winogradTransform(static_cast<int>(s.schedule.outputTile), 3, static_cast<int>(s.strides[0])).errorGrowth();
    double largest = 0;
    for (const Expected &e : launch.expected)
      largest = std::max(largest, e.magnitude);
    for (Expected &e : launch.expected)
      e.magnitude = largest;
  }

  const std::vector<float> all = launch.run(batch, 0, 1);
  const auto sameBits = [&](const std::vector<float> &part, const char *what) {
    EXPECT_EQ(std::memcmp(part.data(), all.data(), part.size() * 4), 0) << what << " changes bits: " << toString(s);
  };
  sameBits(launch.run(batch, 48, 3), "threads and an image stride");
  if (s.batch == 0) {
    sameBits(launch.run(1, 0, 1), "batch 1");
    sameBits(launch.run(2, 0, 2), "batch 2");
    return;
  }
  KernelSpec forAny = s;
  forAny.batch = 0;
  forAny.schedule.images = 1;
  const LoadedKernel any(forAny);
  ASSERT_EQ(any.error(), "") << toString(forAny);
  const Launch general{any, forAny, launch.ops, launch.expected, launch.tolerance};
  sameBits(general.run(batch, 0, 1), "a kernel for any batch");
}

} // namespace

void test::expectMatchesReference(const KernelSpec &spec) { expectMatches(LoadedKernel(spec)); }

void test::expectMatchesReferenceOnAllTargets(KernelSpec spec) {
  std::vector<KernelSpec> specs;
  for (codegen::Target t : {codegen::Target::X86_64, codegen::Target::X86_64_v3, codegen::Target::X86_64_v4})
    if (cpuRuns(t)) {
      spec.target = t;
      specs.push_back(spec);
    }
  std::vector<std::unique_ptr<LoadedKernel>> kernels(specs.size());
  std::vector<std::thread> threads; // compilation is nearly all of the time
  for (size_t i = 0; i < specs.size(); ++i)
    threads.emplace_back([&, i] { kernels[i] = std::make_unique<LoadedKernel>(specs[i]); });
  for (std::thread &t : threads)
    t.join();
  for (const auto &k : kernels)
    expectMatches(*k);
}
