// Guarded buffers, and the comparison of what a kernel leaves in them with the reference.

#include "KernelReference.h"
#include "codegen/FilterPacking.h"
#include "codegen/schedules/WinogradTransform.h"
#include <cmath>
#include <cstdlib>
#include <cstring>
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

// Both ends of activations that have ends; a mean far from zero.
std::vector<float> inputFor(const KernelSpec &s, int batch) {
  std::vector<float> input = random(logicalElements(s.input) * batch, 1);
  for (float &x : input)
    if (s.kind == KernelKind::Elementwise && parameterCount(s.epilogue.activation.kind) == 0 &&
        s.epilogue.activation.kind > Activation::Relu)
      x *= 120 * x * x;
    else if (s.kind == KernelKind::Elementwise && s.epilogue.activation.kind > Activation::Relu)
      x *= 4;
    else if (s.kind == KernelKind::GroupNorm)
      x += 3;
  return input;
}

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
    const ActivationGeometry output = storedOutput(s);
    // The last image has no gap behind it: reading one would fault.
    const auto span = [&](const ActivationGeometry &g) { return (batch - 1) * (g.imageElements() + gap) + g.imageElements(); };
    const auto vec = [&](const std::vector<float> &v, int64_t block) {
      packVector(v.size(), block, v.data(), add(ceilDiv(v.size(), block) * block, nan));
    };
    const auto map = [&](const ActivationGeometry &g, const std::vector<float> &nchw, float halo) {
      scatter(g, g.imageElements() + gap, batch, nchw, halo, add(span(g), nan));
      operands.back().imageStride = g.imageElements() + gap;
    };
    size_t inputs = 0;
    for (const KernelArgument &a : kernel.args()) {
      switch (a.role) {
      case Role::Input: {
        // Only a processor's convolution may read the halo, and finds zeros there.
        const float halo = convolves(s.kind) && !isDevice(s.target) ? 0.f : nan;
        map(inputs ? s.moreInputs[inputs - 1] : s.input, inputs ? ops.moreInputs[inputs - 1] : ops.input, halo);
        ++inputs;
        break;
      }
      case Role::Gate:
        map(s.gate, ops.gate, nan);
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
        else
          map(storedAddend(s), ops.addend, nan);
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
  launch.ops.input = inputFor(s, batch);
  launch.ops.gate = random(logicalElements(s.gate) * batch, 7);
  for (const ActivationGeometry &g : s.moreInputs)
    launch.ops.moreInputs.push_back(random(logicalElements(g) * batch, 8 + static_cast<uint32_t>(launch.ops.moreInputs.size())));
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
  const char *devices = std::getenv("RESNET_TEST_DEVICES");
  for (codegen::Target t : kTargets)
    if (devices ? std::strstr(devices, toString(t)) && machineRuns(t) : cpuRuns(t)) {
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
