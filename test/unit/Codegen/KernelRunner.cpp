// The test's own halide_do_par_for, halide_malloc and error functions.

#include "KernelRunner.h"
#include "DeviceRunner.h"
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

using namespace resnet;
using namespace resnet::codegen;
using namespace resnet::test;

int test::kernelThreads = 1;
uint64_t test::peakScratch = 0;
std::string test::kernelErrors;

bool test::cpuRuns(codegen::Target target) {
  if (target == codegen::Target::X86_64_v4)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
  if (target == codegen::Target::X86_64_v3)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return !isDevice(target);
}

bool test::machineRuns(codegen::Target target) {
  return isDevice(target) ? DeviceRunner::of(target) != nullptr : cpuRuns(target);
}

//===-- What kernels need from outside ------------------------------------===//

static std::mutex lock;
static thread_local uint64_t held = 0;

static int doParFor(void *user, int (*task)(void *, int, uint8_t *), int min, int size, uint8_t *closure) {
  if (kernelThreads == 1) {
    for (int i = min; i < min + size; ++i)
      if (const int status = task(user, i, closure))
        return status;
    return 0;
  }
  // Contiguous ranges, as the real pool hands them out.
  std::atomic<int> status = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kernelThreads; ++t)
    threads.emplace_back([&, t] {
      const int first = min + int(int64_t(size) * t / kernelThreads), end = min + int(int64_t(size) * (t + 1) / kernelThreads);
      for (int i = first; i < end; ++i)
        if (const int s = task(user, i, closure))
          status = s;
    });
  for (std::thread &t : threads)
    t.join();
  return status;
}

static void *allocateScratch(void *, size_t size) {
  const size_t total = (size + 127) / 64 * 64;
  char *p = static_cast<char *>(std::aligned_alloc(64, total));
  std::memset(p, 0xff, total); // NaNs: scratch that is read before it is written shows
  *reinterpret_cast<size_t *>(p) = size;
  held += size;
  const std::lock_guard<std::mutex> guard(lock);
  peakScratch = std::max(peakScratch, held);
  return p + 64;
}

static void freeScratch(void *, void *p) {
  if (!p)
    return;
  char *base = static_cast<char *>(p) - 64;
  held -= *reinterpret_cast<size_t *>(base);
  std::free(base);
}

static void reportError(void *, const char *message) {
  const std::lock_guard<std::mutex> guard(lock);
  kernelErrors += message;
}

// The debug variant reports through these; the name and the status are enough for a test, whatever the parameters.
static constexpr const char *kErrors[] = {"halide_error_access_out_of_bounds",
                                          "halide_error_bad_dimensions",
                                          "halide_error_bad_extern_fold",
                                          "halide_error_bad_fold",
                                          "halide_error_bad_type",
                                          "halide_error_bounds_inference_call_failed",
                                          "halide_error_buffer_allocation_too_large",
                                          "halide_error_buffer_argument_is_null",
                                          "halide_error_buffer_extents_negative",
                                          "halide_error_buffer_extents_too_large",
                                          "halide_error_buffer_is_null",
                                          "halide_error_constraint_violated",
                                          "halide_error_constraints_make_required_region_smaller",
                                          "halide_error_device_dirty_with_no_device_support",
                                          "halide_error_explicit_bounds_too_small",
                                          "halide_error_fold_factor_too_small",
                                          "halide_error_host_is_null",
                                          "halide_error_out_of_memory",
                                          "halide_error_param_too_large_i64",
                                          "halide_error_param_too_small_i64",
                                          "halide_error_requirement_failed",
                                          "halide_error_specialize_fail",
                                          "halide_error_storage_bound_too_small",
                                          "halide_error_unaligned_host_ptr"};

template <size_t I> static int reportNamed() {
  reportError(nullptr, kErrors[I]);
  return -1;
}

template <size_t... I> static void addErrors(codegen::KernelImports &imports, std::index_sequence<I...>) {
  (imports.emplace_back(kErrors[I], reinterpret_cast<void *>(reportNamed<I>)), ...);
}

static codegen::KernelImports imports(codegen::Target target) {
  if (isDevice(target))
    return DeviceRunner::of(target) ? DeviceRunner::of(target)->imports() : codegen::KernelImports();
  codegen::KernelImports all = {{"halide_do_par_for", reinterpret_cast<void *>(doParFor)},
                                {"halide_malloc", reinterpret_cast<void *>(allocateScratch)},
                                {"halide_free", reinterpret_cast<void *>(freeScratch)},
                                {"halide_error", reinterpret_cast<void *>(reportError)}};
  addErrors(all, std::make_index_sequence<std::size(kErrors)>());
  return all;
}

LoadedKernel::LoadedKernel(const KernelSpec &spec) : codegen::NativeKernel(spec, imports(spec.target)) {
  // A directory to leave the objects in, for disassembly.
  if (const char *keep = std::getenv("RESNET_KEEP_KERNELS"))
    if (FILE *f = std::fopen((std::string(keep) + "/" + symbolName(this->spec()) + ".o").c_str(), "wb")) {
      std::fwrite(object().data(), 1, object().size(), f);
      std::fclose(f);
    }
}

int LoadedKernel::run(const std::vector<Operand> &operands, int batch) const {
  if (!isDevice(spec().target))
    return codegen::NativeKernel::run(nullptr, operands, batch);
  DeviceRunner *device = DeviceRunner::of(spec().target);
  return device ? device->run(*this, operands, batch) : -1;
}
