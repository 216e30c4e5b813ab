// Buffers are allocated once a specification; a launch takes the next copy of each.

#include "codegen/tuning/Measure.h"
#include <algorithm>
#include <cstdlib>
#include <unistd.h>

using namespace resnet;
using namespace resnet::codegen;
using Role = KernelArgument::Role;

// Elements of the argument's buffer for the batch; an activation's image stride is its image.
static int64_t elements(const KernelArgument &a, int batch) {
  if (a.batchDim >= 0)
    return int64_t(a.dims[a.batchDim].stride) * batch;
  int64_t n = 1;
  for (const KernelArgument::Dim &d : a.dims)
    n *= d.extent;
  return n;
}

// Multiples of 1/64 between -1 and 1: sums of them are nearly exact, so that results can be compared.
static void fill(float *p, int64_t n) {
  uint32_t state = 1;
  for (int64_t i = 0; i < n; ++i) {
    state = state * 1664525u + 1013904223u;
    p[i] = static_cast<float>(static_cast<int>(state >> 25) - 64) / 64;
  }
}

static float *allocate(int64_t n) {
  auto *p = static_cast<float *>(std::aligned_alloc(kBufferAlignment, ceilDiv(n * 4, kBufferAlignment) * kBufferAlignment));
  if (!p)
    std::abort(); // as new would
  fill(p, n);
  return p;
}

// Three times the last-level cache, so that a copy is out of it when its turn comes; 32 MB where the system does not say.
static int64_t coldBytes() {
  const long l3 = sysconf(_SC_LEVEL3_CACHE_SIZE);
  return 3 * (l3 > 0 ? l3 : 32 << 20);
}

// Small filters stay in the cache of a network that has only such.
static constexpr int64_t kMostCopies = 1000;

LaunchBuffers::LaunchBuffers(const KernelSpec &spec, int batch, bool warm) {
  for (const KernelArgument &a : arguments(spec)) {
    const int64_t n = elements(a, batch);
    std::vector<float *> list;
    if (a.role == Role::Output && spec.epilogue.addendInPlace) {
      list = copies.back(); // the addend comes just before
      copies.back().clear();
      operands.push_back({list.front(), 0});
      copies.push_back(list);
    } else {
      const bool cold = a.role == Role::Filter && !warm;
      for (int64_t i = 0; i < (cold ? std::clamp<int64_t>(coldBytes() / (n * 4), 2, kMostCopies) : 1); ++i)
        list.push_back(allocate(n));
      operands.push_back({list.front(), 0});
      copies.push_back(list);
    }
    if (a.role == Role::Output) {
      outputArgument = copies.size() - 1;
      outputs = n;
    }
  }
}

LaunchBuffers::~LaunchBuffers() {
  for (const std::vector<float *> &list : copies)
    for (float *p : list)
      std::free(p);
}

const std::vector<KernelOperand> &LaunchBuffers::next() {
  ++turn;
  for (size_t i = 0; i < copies.size(); ++i)
    if (!copies[i].empty())
      operands[i].buffer = copies[i][turn % copies[i].size()];
  return operands;
}

const std::vector<KernelOperand> &LaunchBuffers::first() {
  for (size_t i = 0; i < copies.size(); ++i)
    if (!copies[i].empty())
      operands[i].buffer = copies[i].front();
  fill(copies[outputArgument].front(), outputs);
  return operands;
}

const float *LaunchBuffers::output() const { return copies[outputArgument].front(); }

double codegen::typicalTime(std::vector<double> times) {
  const auto quartile = times.begin() + (times.size() - 1) / 4;
  std::nth_element(times.begin(), quartile, times.end());
  return *quartile;
}
