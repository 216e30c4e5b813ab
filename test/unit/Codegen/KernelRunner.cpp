// Loading by way of the system's linker and dlopen, and the test's own halide_do_par_for, halide_malloc and error functions.

#include "KernelRunner.h"
#include "codegen/halide/KernelCompiler.h"
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <mutex>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

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
  return true;
}

//===-- What kernels need from outside ------------------------------------===//

static std::mutex lock;
static thread_local uint64_t held = 0;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int halide_do_par_for(void *user, halide_task_t task, int min, int size, uint8_t *closure) {
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

EXPORT void *halide_malloc(void *, size_t size) {
  const size_t total = (size + 127) / 64 * 64;
  char *p = static_cast<char *>(std::aligned_alloc(64, total));
  std::memset(p, 0xff, total); // NaNs: scratch that is read before it is written shows
  *reinterpret_cast<size_t *>(p) = size;
  held += size;
  const std::lock_guard<std::mutex> guard(lock);
  peakScratch = std::max(peakScratch, held);
  return p + 64;
}

EXPORT void halide_free(void *, void *p) {
  if (!p)
    return;
  char *base = static_cast<char *>(p) - 64;
  held -= *reinterpret_cast<size_t *>(base);
  std::free(base);
}

EXPORT void halide_error(void *, const char *message) {
  const std::lock_guard<std::mutex> guard(lock);
  kernelErrors += message;
}

// The debug variant reports through these; the name and the status are enough for a test.
#define REPORT(NAME, ...)                                                                                                        \
  EXPORT int NAME(__VA_ARGS__) {                                                                                                 \
    halide_error(nullptr, #NAME "\n");                                                                                           \
    return -1;                                                                                                                   \
  }
REPORT(halide_error_access_out_of_bounds, void *, const char *, int, int, int, int, int)
REPORT(halide_error_bad_dimensions, void *, const char *, int32_t, int32_t)
REPORT(halide_error_bad_extern_fold, void *, const char *, int, int, int, int, int)
REPORT(halide_error_bad_fold, void *, const char *, const char *, const char *)
REPORT(halide_error_bad_type, void *, const char *, uint32_t, uint32_t)
REPORT(halide_error_bounds_inference_call_failed, void *, const char *, int)
REPORT(halide_error_buffer_allocation_too_large, void *, const char *, uint64_t, uint64_t)
REPORT(halide_error_buffer_argument_is_null, void *, const char *)
REPORT(halide_error_buffer_extents_negative, void *, const char *, int, int)
REPORT(halide_error_buffer_extents_too_large, void *, const char *, int64_t, int64_t)
REPORT(halide_error_buffer_is_null, void *, const char *)
REPORT(halide_error_constraint_violated, void *, const char *, int, const char *, int)
REPORT(halide_error_constraints_make_required_region_smaller, void *, const char *, int, int, int, int, int)
REPORT(halide_error_device_dirty_with_no_device_support, void *, const char *)
REPORT(halide_error_explicit_bounds_too_small, void *, const char *, const char *, int, int, int, int)
REPORT(halide_error_fold_factor_too_small, void *, const char *, const char *, int, const char *, int)
REPORT(halide_error_host_is_null, void *, const char *)
REPORT(halide_error_out_of_memory, void *)
REPORT(halide_error_param_too_large_i64, void *, const char *, int64_t, int64_t)
REPORT(halide_error_param_too_small_i64, void *, const char *, int64_t, int64_t)
REPORT(halide_error_requirement_failed, void *, const char *, const char *)
REPORT(halide_error_specialize_fail, void *, const char *)
REPORT(halide_error_storage_bound_too_small, void *, const char *, const char *, int, int)
REPORT(halide_error_unaligned_host_ptr, void *, const char *, int)

//===-- Loading -----------------------------------------------------------===//

// Runs the linker that CMake found. Returns false if it fails.
static bool linkShared(const std::string &object, const std::string &library) {
  std::string words[] = {RESNET_TEST_LINKER, "-shared", "-o", library, object};
  char *argv[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), words[4].data(), nullptr};
  pid_t pid;
  int status = 0;
  if (posix_spawn(&pid, argv[0], nullptr, nullptr, argv, environ) != 0)
    return false;
  return waitpid(pid, &status, 0) == pid && status == 0;
}

LoadedKernel::LoadedKernel(const KernelSpec &spec) : canonical(spec) {
  canonicalize(canonical);
  arguments = codegen::arguments(canonical);
  const std::string symbol = symbolName(canonical);
  const auto start = std::chrono::steady_clock::now();
  const CompiledKernel compiled = compileKernel(canonical, symbol);
  seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  failure = compiled.error;
  scratch = compiled.scratchBytes;
  if (!failure.empty())
    return;

  const char *tmp = std::getenv("TMPDIR");
  std::string directory = std::string(tmp ? tmp : "/tmp") + "/resnet-kernel-XXXXXX";
  if (!mkdtemp(directory.data())) {
    failure = "cannot create a temporary directory";
    return;
  }
  const std::string object = directory + "/kernel.o", shared = directory + "/kernel.so";
  if (FILE *f = std::fopen(object.c_str(), "wb")) {
    std::fwrite(compiled.contents.data(), 1, compiled.contents.size(), f);
    std::fclose(f);
  }
  if (!linkShared(object, shared))
    failure = "the linker failed";
  else if (!(library = dlopen(shared.c_str(), RTLD_NOW | RTLD_LOCAL)))
    failure = dlerror();
  else if (!(function = dlsym(library, symbol.c_str())))
    failure = dlerror();
  const char *keep = std::getenv("RESNET_KEEP_KERNELS"); // a directory to leave the objects in, for disassembly
  if (keep)
    std::rename(object.c_str(), (std::string(keep) + "/" + symbol + ".o").c_str());
  std::remove(object.c_str());
  std::remove(shared.c_str());
  rmdir(directory.c_str());
}

LoadedKernel::~LoadedKernel() {
  if (library)
    dlclose(library);
}

int LoadedKernel::run(const std::vector<Operand> &operands, int batch) const {
  halide_buffer_t buffers[8] = {};
  halide_dimension_t dims[8][5] = {};
  for (size_t i = 0; i < arguments.size(); ++i) {
    const KernelArgument &a = arguments[i];
    halide_buffer_t &b = buffers[i];
    b.host = reinterpret_cast<uint8_t *>(operands[i].buffer) + a.hostOffset;
    b.type = halide_type_t(halide_type_float, 32);
    b.dimensions = static_cast<int>(a.dims.size());
    b.dim = dims[i];
    for (int d = 0; d < b.dimensions; ++d) {
      dims[i][d] = halide_dimension_t(a.dims[d].min, a.dims[d].extent, a.dims[d].stride);
      if (d != a.batchDim)
        continue;
      dims[i][d].extent = batch;
      if (operands[i].imageStride)
        dims[i][d].stride = static_cast<int32_t>(operands[i].imageStride);
    }
  }
  halide_buffer_t *p[8];
  for (int i = 0; i < 8; ++i)
    p[i] = &buffers[i];
  using F2 = int (*)(void *, void *, void *);
  using F3 = int (*)(void *, void *, void *, void *);
  using F4 = int (*)(void *, void *, void *, void *, void *);
  using F5 = int (*)(void *, void *, void *, void *, void *, void *);
  switch (arguments.size()) {
  case 2:
    return reinterpret_cast<F2>(function)(nullptr, p[0], p[1]);
  case 3:
    return reinterpret_cast<F3>(function)(nullptr, p[0], p[1], p[2]);
  case 4:
    return reinterpret_cast<F4>(function)(nullptr, p[0], p[1], p[2], p[3]);
  case 5:
    return reinterpret_cast<F5>(function)(nullptr, p[0], p[1], p[2], p[3], p[4]);
  }
  return -1;
}
