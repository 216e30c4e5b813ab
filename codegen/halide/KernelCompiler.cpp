// From a specification to an object file: checks it, builds the family's pipeline, lowers it and reads the result back. Every
// Halide exception becomes CompiledKernel::error.

#include "codegen/halide/KernelCompiler.h"
#include "KernelSources.inc" // kKernelSourcesHash
#include "codegen/SpecCheck.h"
#include "codegen/halide/AnonymousFile.h"
#include "codegen/halide/DeviceModule.h"
#include "codegen/halide/DeviceRuntime.h"
#include "codegen/halide/Kernel.h"
#include "codegen/schedules/CostModel.h"
#include "codegen/schedules/ScheduleCheck.h"
#include "codegen/schedules/StemSchedule.h"
#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;

//===-- Scratch -----------------------------------------------------------===//

namespace {
/// Sums the sizes of all heap allocations: an upper bound of what one worker holds at a time.
class ScratchCounter : public Internal::IRVisitor {
public:
  uint64_t bytes = 0;
  bool unbounded = false;

private:
  using IRVisitor::visit;
  void visit(const Internal::Allocate *op) override {
    const int64_t size = static_cast<int64_t>(op->constant_allocation_size()) * op->type.bytes();
    const bool onStack = op->memory_type == MemoryType::Stack || op->memory_type == MemoryType::Register ||
                         (op->memory_type == MemoryType::Auto && size > 0 && size <= kLargestAutoStack);
    if (!onStack && size == 0)
      unbounded = true;
    else if (!onStack)
      bytes += size + kPadding;
    IRVisitor::visit(op);
  }
  static constexpr int64_t kLargestAutoStack = 16 * 1024; // CodeGen_Posix's limit for MemoryType::Auto
  static constexpr int64_t kPadding = 256;                // Halide's own padding of an allocation, and alignment
};
} // namespace

//===-- Names -------------------------------------------------------------===//

// Halide makes names unique by counters of the process, and orders fields of closures by name: without care, bytes depend on what
// was compiled before. So every compilation has a prefix of its own, of constant length, which is replaced in the result;
// numbered temporaries (t123) have six digits from the start, so that their order is that of creation; and closures, whose
// names may still get a counter's suffix, are renamed and made local to the object.
static constexpr char kPrefix[] = "pipeline";

static std::string uniquePrefix() {
  static std::once_flag sixDigits;
  std::call_once(sixDigits, [] {
    for (int i = 0; i < 100000; ++i) // 3 ms
      Internal::unique_name('t');
  });
  static std::atomic<uint32_t> counter;
  char prefix[sizeof kPrefix];
  std::snprintf(prefix, sizeof prefix, "p%07x", counter++ & 0xfffffff);
  return prefix;
}

namespace {
class Renamer : public Internal::IRMutator {
public:
  std::map<std::string, std::string> names;

private:
  using IRMutator::visit;
  Expr visit(const Internal::Variable *op) override {
    const auto it = names.find(op->name);
    return it == names.end() ? IRMutator::visit(op) : Internal::Variable::make(op->type, it->second);
  }
};
} // namespace

static void renameClosures(Module &module, const std::string &symbol) {
  Renamer renamer;
  for (Internal::LoweredFunc &f : module.functions())
    if (f.name != symbol) {
      const std::string name = symbol + "_task" + std::to_string(renamer.names.size());
      renamer.names["::" + f.name] = "::" + name; // how Halide refers to a function
      f.name = name;
      f.linkage = LinkageType::Internal;
    }
  for (Internal::LoweredFunc &f : module.functions())
    f.body = renamer.mutate(f.body);
}

static void replaceAll(std::string &text, const std::string &from, const char *to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + from.size()))
    text.replace(at, from.size(), to);
}

//===-- Target ------------------------------------------------------------===//

// Halide's features for exactly the psABI level: never "host", never more than the level promises.
static std::string halideTargetString(codegen::Target target, bool debug) {
  std::string s = "x86-64-linux";
  // avx512_skylake is F, CD, VL, BW, DQ: x86-64-v4. avx512_cannonlake would add IFMA and VBMI, which v4 does not promise.
  if (target == codegen::Target::X86_64_v4)
    s += "-avx-avx2-avx512-avx512_skylake-f16c-fma-sse41";
  else if (target == codegen::Target::X86_64_v3)
    s += "-avx-avx2-f16c-fma-sse41";
  else if (isDevice(target))
    s += "-" + deviceFeatures(target);
  s += "-no_runtime-user_context";
  // An operand on a device is a place in an allocation, of which Halide's checks of buffers know nothing.
  return debug && !isDevice(target) ? s : s + "-no_asserts-no_bounds_query";
}

//===-- Compilation -------------------------------------------------------===//

static Pipeline build(const Kernel &kernel) {
  switch (kernel.spec.kind) {
  case KernelKind::Conv2d:
    return buildConv2d(kernel);
  case KernelKind::Stem:
    return buildStem(kernel);
  case KernelKind::MaxPool2d:
  case KernelKind::AvgPool2d:
    return buildPool2d(kernel);
  case KernelKind::GlobalAvgPool:
  case KernelKind::GlobalMaxPool:
    return buildGlobalPool(kernel);
  case KernelKind::GroupNorm:
    return buildGroupNorm(kernel);
  case KernelKind::Linear:
  case KernelKind::Head:
    return buildLinear(kernel);
  case KernelKind::Softmax:
    return buildSoftmax(kernel);
  case KernelKind::Elementwise:
    return buildElementwise(kernel);
  case KernelKind::Copy:
    return buildCopy(kernel);
  case KernelKind::Concat:
    return buildConcat(kernel);
  }
  return Pipeline();
}

static std::string emit(const Module &module, KernelOutput output) {
  const OutputFileType type = output == KernelOutput::Object     ? OutputFileType::object
                              : output == KernelOutput::Assembly ? OutputFileType::assembly
                                                                 : OutputFileType::stmt;
  return writtenBy([&](const std::string &path) { module.compile({{type, path}}); });
}

static std::string firstLine(const std::string &text) {
  const std::string line = text.substr(0, text.find('\n'));
  return line.empty() ? "Halide failed" : line;
}

CompiledKernel codegen::compileKernel(const KernelSpec &unscheduled, const std::string &symbol, KernelOutput output) {
  CompiledKernel result;
  KernelSpec spec = unscheduled;
  result.error = checkSpec(spec);
  if (result.error.empty() && spec.kind == KernelKind::Stem && spec.schedule.algorithm == ConvAlgorithm::Unset)
    spec.schedule = chooseStemSchedule(spec);
  if (result.error.empty() && spec.kind == KernelKind::Conv2d) {
    if (spec.schedule.algorithm == ConvAlgorithm::Unset)
      spec.schedule = chooseDirectSchedule(spec);
    result.error = checkSchedule(spec);
  }
  if (!result.error.empty())
    return result;
  try {
    const std::string prefix = uniquePrefix();
    const Kernel kernel(spec, prefix);
    Pipeline pipeline = build(kernel);
    const ::Halide::Target target(halideTargetString(spec.target, spec.debug));
    Module module = pipeline.compile_to_module(kernel.operands, symbol, target, LinkageType::External);
    if (isDevice(spec.target))
      module = launchOnly(module, symbol);
    renameClosures(module, symbol);
    ScratchCounter counter;
    for (const Internal::LoweredFunc &f : module.functions())
      f.body.accept(&counter);
    if (counter.unbounded) {
      result.error = "the kernel allocates an amount that depends on the batch";
      return result;
    }
    result.scratchBytes = counter.bytes;
    result.contents = emit(module, output);
    replaceAll(result.contents, prefix, kPrefix);
  } catch (const Error &e) {
    result.error = firstLine(e.what());
  } catch (const std::exception &e) {
    result.error = firstLine(e.what());
  }
  return result;
}

std::string codegen::kernelCompilerVersion() {
  return "halide14-llvm" + std::to_string(Internal::get_llvm_version()) + "-" + kKernelSourcesHash;
}
