// Each step leaves object files in one temporary directory; the linker puts them together in a fixed order.

#include "codegen/LibraryBuild.h"
#include "codegen/BatchSizes.h"
#include "codegen/BatchSpecialization.h"
#include "codegen/ConvolutionSpecs.h"
#include "codegen/KernelSchedules.h"
#include "codegen/KernelWork.h"
#include "codegen/Linker.h"
#include "codegen/ModuleOutput.h"
#include "codegen/Preprocess.h"
#include "codegen/SpecFromKernel.h"
#include "codegen/halide/DeviceRuntime.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "passes/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <set>

using namespace mlir;
using namespace resnet;
using namespace resnet::codegen;

LogicalResult LibraryBuild::report(llvm::Error error) {
  return error ? LogicalResult(module.emitError(llvm::toString(std::move(error)))) : success();
}

LogicalResult LibraryBuild::planKernels() {
  auto created = TemporaryDirectory::create("resnet-compile");
  if (!created)
    return report(created.takeError());
  directory = std::move(*created);
  FailureOr<ProgramInfo> read = readProgramInfo(module);
  if (failed(read))
    return failure();
  info = *read;
  auto sizes = chooseBatchSizes(options.batchSizes, info.fixedBatch);
  if (!sizes)
    return report(sizes.takeError());
  batchSizes = std::move(*sizes);
  info.chunkBatch = batchSizes.front();
  auto schedules = KernelSchedules::create(options);
  if (!schedules)
    return report(schedules.takeError());
  if (options.tune) {
    FailureOr<std::vector<KernelSpec>> convolutions = convolutionSpecs(module, options.targets.front());
    std::vector<int64_t> batches{1};
    llvm::copy_if(batchSizes, std::back_inserter(batches), [](int64_t batch) { return batch > 1; });
    if (failed(convolutions) || failed(report(schedules->tune(*convolutions, batches))))
      return failure();
  }
  llvm::StringSet<> known;
  for (Target target : options.targets) {
    ProgramVariant &variant = variants.emplace_back();
    variant.target = target;
    for (KernelOp kernel : module.getOps<KernelOp>()) {
      FailureOr<KernelSpec> spec = specFromKernel(kernel, target, options.debugKernels);
      if (failed(spec))
        return failure();
      Selection selection = schedules->select(*spec);
      const std::string symbol = symbolName(*spec);
      if (spec->kind == KernelKind::Conv2d)
        selections[symbol] = std::move(selection);
      if (known.insert(symbol).second)
        specs.push_back(*spec);
      variant.kernels[kernel.getSymName()] = {*spec, symbol, 0};
    }
  }
  if (failed(planBatches(*schedules)))
    return failure();
  if (options.remarks)
    emitRemarks();
  return success();
}

// Programs for single numbers of images, beside those for any number.
LogicalResult LibraryBuild::planBatches(const KernelSchedules &schedules) {
  llvm::StringSet<> known;
  for (const KernelSpec &spec : specs)
    known.insert(symbolName(spec));
  for (ProgramVariant &variant : variants)
    for (int64_t batch : batchSizes) {
      if (isDevice(variant.target)) // one launch has work enough for a device at any number of images
        break;
      std::optional<BatchProgram> program;
      if (batch > 1)
        program = specializeProgram(variant.kernels, batch, [&](KernelSpec &spec) { schedules.selectForBatch(spec, batch); });
      if (!program)
        continue;
      for (KernelOp kernel : module.getOps<KernelOp>()) { // in the module's order
        const KernelBinding &binding = program->kernels[kernel.getSymName()];
        if (known.insert(binding.symbol).second)
          specs.push_back(binding.spec);
      }
      const auto isSpecial = [&](const ProgramInfo::Step &step) { return program->kernels[step.kernel].spec.batch != 0; };
      program->separateSteps = std::distance(info.steps.begin(), llvm::find_if(info.steps, isSpecial));
      variant.batches.push_back(std::move(*program));
    }
  return success();
}

// What runs where the source model had its nodes, and why its schedule is what it is.
void LibraryBuild::emitRemarks() {
  for (const ProgramInfo::Step &step : info.steps) {
    const KernelBinding &kernel = variants.front().kernels.find(step.kernel)->second;
    const Location loc = NameLoc::get(StringAttr::get(module.getContext(), step.source));
    const std::string name = step.source.empty() ? "(no name)" : step.source;
    const auto selection = selections.find(kernel.symbol);
    const std::string reason = selection == selections.end() ? "" : "; " + selection->second.reason;
    emitRemark(loc) << name << ": " << toString(kernel.spec) << reason;
    if (selection != selections.end())
      for (const std::string &warning : selection->second.warnings)
        emitRemark(loc) << name << ": " << warning;
    for (const BatchProgram &program : variants.front().batches)
      if (const KernelBinding &special = program.kernels.find(step.kernel)->second; special.symbol != kernel.symbol)
        emitRemark(loc) << name << ": for " << program.batch << " images: " << toString(special.spec);
  }
}

LogicalResult LibraryBuild::printKernels() {
  auto text =
      codegen::printKernels(specs, options.stage == Stage::Asm ? KernelOutput::Assembly : KernelOutput::Stmt, options.jobs);
  return text ? writeText(module, options.output, *text) : report(text.takeError());
}

LogicalResult LibraryBuild::packWeights() {
  const std::string path = directory->file("weights.o");
  auto packed = writeWeightsObject(module, kWeightsSymbol, path);
  if (!packed)
    return report(packed.takeError());
  weights = *packed;
  objects.push_back(path);
  return lowerSeparately();
}

LogicalResult LibraryBuild::writeObject(llvm::StringRef name, llvm::StringRef contents) {
  objects.push_back(directory->file(name));
  return writeText(module, objects.back(), contents);
}

// "off", or "F(2,3), F(4,3)".
std::string LibraryBuild::winogradUsed() const {
  std::set<std::string> algorithms;
  for (const KernelSpec &spec : specs)
    if (spec.schedule.algorithm == ConvAlgorithm::Winograd)
      algorithms.insert(algorithmName(spec));
  return algorithms.empty() ? "off" : llvm::join(algorithms, ", ");
}

// "53 measured, 0 by the cost model".
std::string LibraryBuild::schedulesUsed() const {
  const size_t measured = llvm::count_if(selections, [](const auto &entry) { return entry.second.measured; });
  return std::to_string(measured) + " measured, " + std::to_string(selections.size() - measured) + " by the cost model";
}

std::string LibraryBuild::describe() const {
  Preprocess preprocess = defaultPreprocess(info.inputs.front().shape);
  if (!options.preprocess.empty()) {
    const bool channelsLast = preprocess.channelsLast;
    preprocess = llvm::cantFail(parsePreprocess(options.preprocess)); // resnet-compile has checked it
    preprocess.channelsLast = channelsLast;
  }
  llvm::json::Array targets;
  for (Target target : options.targets)
    targets.push_back(toString(target));
  llvm::json::Array batches;
  for (int64_t batch : batchSizes)
    batches.push_back(batch);
  llvm::json::Object object{{"batch_sizes", std::move(batches)},
                            {"compiler", "resnet-compile " RESNET_VERSION},
                            {"source", options.source},
                            {"targets", std::move(targets)},
                            {"precision", "f32"},
                            {"winograd", winogradUsed()},
                            {"schedules", schedulesUsed()},
                            {"debug_kernels", options.debugKernels},
                            {"preprocess", preprocess.toJson()}};
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(object));
  return text;
}

// The host program with another number of steps that run image by image than the module will be lowered with.
LogicalResult LibraryBuild::lowerSeparately() {
  for (const ProgramVariant &variant : variants)
    for (const BatchProgram &program : variant.batches) {
      OwningOpRef<ModuleOp> &lowered = separate[program.separateSteps];
      if (lowered || program.separateSteps == 0)
        continue;
      lowered = module.clone();
      PassManager passes(module.getContext());
      LowerToLLVMOptions lowering;
      lowering.separateSteps = program.separateSteps;
      passes.addPass(createLowerToLLVM(lowering));
      if (failed(passes.run(*lowered)))
        return failure();
    }
  return success();
}

LogicalResult LibraryBuild::buildMain(llvm::LLVMContext &context, const llvm::StringMap<KernelBinding> &kernels, Target target,
                                      int64_t batch, int64_t separateSteps) {
  std::unique_ptr<llvm::Module> host = translateModuleToLLVMIR(separateSteps ? *separate[separateSteps] : module, context);
  if (!host)
    return module.emitError("cannot translate the host program to LLVM IR");
  if (llvm::Error error = defineLaunches(*host, kernels, target, batch))
    return report(std::move(error));
  auto object = emitObject(*host, target);
  return object ? writeObject(mainSymbol(target, batch) + ".o", *object) : report(object.takeError());
}

// The lowered program once for each target and number of images, and the table.
LogicalResult LibraryBuild::buildHost() {
  llvm::LLVMContext context;
  for (const ProgramVariant &variant : variants) {
    if (failed(buildMain(context, variant.kernels, variant.target, 0, 0)))
      return failure();
    for (const BatchProgram &program : variant.batches)
      if (failed(buildMain(context, program.kernels, variant.target, program.batch, program.separateSteps)))
        return failure();
  }
  llvm::StringRef name = llvm::sys::path::stem(options.output);
  name.consume_front("lib");
  std::unique_ptr<llvm::Module> table =
      buildProgramTable(context, info, variants, weights, {name.str(), describe(), options.entry});
  auto object = emitObject(*table, Target::X86_64);
  if (!object)
    return report(object.takeError());
  return writeObject("program.o", *object);
}

// A library without code for devices has none of their runtime.
LogicalResult LibraryBuild::addRuntime() {
  if (failed(writeObject("runtime.o", runtimeObject())))
    return failure();
  for (Target target : options.targets) {
    if (!isDevice(target))
      continue;
    const std::string name = toString(target);
    const CompiledKernel stock = compileDeviceRuntime(target); // 0.8 s (Zen 4)
    if (!stock.error.empty())
      return module.emitError(stock.error);
    if (failed(writeObject(name + "_driver.o", driverObject(target))) || failed(writeObject(name + "_halide.o", stock.contents)))
      return failure();
  }
  return success();
}

LogicalResult LibraryBuild::build() {
  KernelProgress progress;
  if (options.progress)
    progress = [](size_t done, size_t total) {
      llvm::errs() << "\r[" << done << "/" << total << "] kernels" << (done == total ? "\n" : "");
    };
  std::vector<uint64_t> scratchBytes;
  auto kernels = buildKernels(specs, KernelCache(options.cacheDirectory), options.jobs, *directory, scratchBytes, progress);
  if (!kernels)
    return report(kernels.takeError());
  llvm::StringMap<uint64_t> scratch;
  for (auto [spec, bytes] : llvm::zip(specs, scratchBytes))
    scratch[symbolName(spec)] = bytes;
  const auto setScratch = [&](llvm::StringMap<KernelBinding> &bindings) {
    for (auto &kernel : bindings)
      kernel.second.scratchBytes = scratch[kernel.second.symbol];
  };
  for (ProgramVariant &variant : variants) {
    setScratch(variant.kernels);
    for (BatchProgram &program : variant.batches)
      setScratch(program.kernels);
  }
  objects.insert(objects.end(), kernels->begin(), kernels->end());
  if (failed(buildHost()) || failed(addRuntime()))
    return failure();
  if (!options.saveTemps.empty())
    for (const std::string &object : objects) {
      llvm::SmallString<128> path(options.saveTemps);
      llvm::sys::path::append(path, llvm::sys::path::filename(object));
      if (std::error_code error = llvm::sys::fs::copy_file(object, path))
        return module.emitError("cannot write '" + path + "': " + error.message());
    }
  LinkJob job;
  job.objects = objects;
  job.output = options.output;
  job.entry = options.entry;
  job.workDirectory = directory.get();
  job.kind = options.stage == Stage::Obj                       ? LinkOutput::Object
             : llvm::StringRef(options.output).ends_with(".a") ? LinkOutput::Archive
                                                               : LinkOutput::SharedLibrary;
  return report(link(job));
}
