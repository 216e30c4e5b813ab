// Targets are the x86-64 psABI's levels and devices. "host" is resolved here and never reaches Halide, whose own detection
// enables instructions that some CPUs lack.

#include "codegen/Targets.h"
#include "runtime/Program.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <tuple>

using namespace llvm;
using namespace resnet::codegen;

static bool hasAll(const StringMap<bool> &features, std::initializer_list<const char *> names) {
  return all_of(names, [&](const char *name) { return features.lookup(name); });
}

Expected<Target> resnet::codegen::hostTarget() {
  if (Triple(sys::getProcessTriple()).getArch() != Triple::x86_64)
    return createStringError("target 'host': expected an x86-64 machine, got " + sys::getProcessTriple());
  const StringMap<bool> features = sys::getHostCPUFeatures();
  if (!hasAll(features, {"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "xsave"}))
    return Target::X86_64;
  if (!hasAll(features, {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}))
    return Target::X86_64_v3;
  return Target::X86_64_v4;
}

Expected<Target> resnet::codegen::parseTarget(StringRef name) {
  if (name == "host")
    return hostTarget();
  for (Target target : kTargets)
    if (name == toString(target))
      return target;
  return createStringError("target '" + name + "' is not supported; expected host, x86-64, x86-64-v3, x86-64-v4, opencl or cuda");
}

Expected<std::vector<Target>> resnet::codegen::parseTargets(StringRef list) {
  SmallVector<StringRef> names;
  list.split(names, ',');
  std::vector<Target> targets;
  for (StringRef name : names) {
    Expected<Target> target = parseTarget(name.trim());
    if (!target)
      return target.takeError();
    if (!is_contained(targets, *target))
      targets.push_back(*target);
  }
  const auto rank = [](Target target) { return std::tuple(isDevice(target), -cpuLevel(target), target); };
  llvm::sort(targets, [&](Target a, Target b) { return rank(a) < rank(b); });
  return targets;
}

StringRef resnet::codegen::llvmCpu(Target target) { return toString(isDevice(target) ? Target::X86_64 : target); }

int resnet::codegen::cpuLevel(Target target) {
  switch (target) {
  case Target::X86_64:
  case Target::OpenCL:
  case Target::Cuda:
    return RESNET_CPU_X86_64;
  case Target::X86_64_v3:
    return RESNET_CPU_X86_64_V3;
  case Target::X86_64_v4:
    return RESNET_CPU_X86_64_V4;
  }
  llvm_unreachable("all targets are listed");
}
