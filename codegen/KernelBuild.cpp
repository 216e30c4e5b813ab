// One task a kernel on a thread pool. The largest loop nests are not known beforehand, so tasks are handed out one by one.

#include "codegen/KernelBuild.h"
#include "dialect/Support/OutputFile.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Support/raw_ostream.h"
#include <mutex>

using namespace llvm;
using namespace resnet::codegen;

namespace {

// Runs task(i) for every i on `jobs` threads and returns the error of the lowest i that failed.
Error forEach(size_t count, unsigned jobs, const std::function<std::string(size_t)> &task) {
  std::vector<std::string> errors(count);
  {
    DefaultThreadPool pool(hardware_concurrency(jobs));
    for (size_t i = 0; i < count; ++i)
      pool.async([&, i] { errors[i] = task(i); });
    pool.wait();
  }
  for (const std::string &error : errors)
    if (!error.empty())
      return createStringError(error);
  return Error::success();
}

std::string writeFile(StringRef path, StringRef contents) {
  Error error = resnet::writeOutputFile(path, [&](raw_ostream &os) {
    os << contents;
    return Error::success();
  });
  return error ? "cannot write '" + path.str() + "': " + toString(std::move(error)) : "";
}

} // namespace

Expected<std::vector<std::string>> resnet::codegen::buildKernels(ArrayRef<KernelSpec> specs, const KernelCache &cache,
                                                                 unsigned jobs, const TemporaryDirectory &directory,
                                                                 std::vector<uint64_t> &scratchBytes,
                                                                 const KernelProgress &progress) {
  std::vector<std::string> paths(specs.size());
  scratchBytes.assign(specs.size(), 0);
  std::mutex mutex;
  size_t done = 0;
  Error error = forEach(specs.size(), jobs, [&](size_t i) -> std::string {
    const std::string symbol = symbolName(specs[i]);
    std::optional<CompiledKernel> kernel = cache.load(specs[i], symbol);
    if (!kernel) {
      kernel = compileKernel(specs[i], symbol);
      if (!kernel->error.empty())
        return "kernel " + symbol + ": " + kernel->error;
      cache.store(specs[i], symbol, *kernel);
    }
    paths[i] = directory.file(symbol + ".o");
    scratchBytes[i] = kernel->scratchBytes;
    std::string failed = writeFile(paths[i], kernel->contents);
    std::lock_guard<std::mutex> lock(mutex);
    if (progress)
      progress(++done, specs.size());
    return failed;
  });
  if (error)
    return std::move(error);
  cache.prune();
  return paths;
}

Expected<std::string> resnet::codegen::printKernels(ArrayRef<KernelSpec> specs, KernelOutput output, unsigned jobs) {
  std::vector<std::string> texts(specs.size());
  Error error = forEach(specs.size(), jobs, [&](size_t i) -> std::string {
    const std::string symbol = symbolName(specs[i]);
    CompiledKernel kernel = compileKernel(specs[i], symbol, output);
    texts[i] = "// " + symbol + ": " + toString(specs[i]) + "\n" + kernel.contents + "\n";
    return kernel.error.empty() ? "" : "kernel " + symbol + ": " + kernel.error;
  });
  if (error)
    return std::move(error);
  std::string all;
  for (const std::string &text : texts)
    all += text;
  return all;
}
