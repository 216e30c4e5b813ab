// LLVM IR around the lowered host program: launch functions that build halide_buffer_t, and the constant resnet_program. The
// struct layouts are those of HalideRuntime.h and runtime/Program.h; a unit test compares them with the C compiler's.

#include "codegen/HostProgram.h"
#include "codegen/KernelWork.h"
#include "codegen/Targets.h"
#include "runtime/Program.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace resnet::codegen;

namespace {

// halide_type_t of f32: code 2 (float), 32 bits, 1 lane.
constexpr uint32_t kHalideFloat32 = 2u | 32u << 8 | 1u << 16;

StructType *dimensionType(LLVMContext &c) { // min, extent, stride, flags
  Type *i32 = Type::getInt32Ty(c);
  return StructType::get(i32, i32, i32, i32);
}

StructType *bufferType(LLVMContext &c) { // device, interface, host, flags, type, dimensions, dim, padding
  Type *i64 = Type::getInt64Ty(c), *i32 = Type::getInt32Ty(c), *ptr = PointerType::get(c, 0);
  return StructType::get(i64, ptr, ptr, i64, i32, i32, ptr, ptr);
}

// Fills a halide_buffer_t for `argument` at `base`; the image dimension gets its extent and stride at run time.
Value *buildBuffer(IRBuilder<> &b, const KernelArgument &argument, Value *base, Value *imageStrideBytes, Value *batch) {
  LLVMContext &c = b.getContext();
  StructType *dimension = dimensionType(c), *buffer = bufferType(c);
  auto *dims = b.CreateAlloca(ArrayType::get(dimension, argument.dims.size()));
  for (auto [index, dim] : enumerate(argument.dims)) {
    const bool isBatch = static_cast<int>(index) == argument.batchDim;
    Value *extent = b.getInt32(dim.extent), *stride = b.getInt32(dim.stride);
    if (isBatch) {
      extent = b.CreateTrunc(batch, b.getInt32Ty());
      stride = b.CreateTrunc(b.CreateLShr(imageStrideBytes, 2), b.getInt32Ty()); // f32 elements
    }
    Value *fields[] = {b.getInt32(dim.min), extent, stride, b.getInt32(0)};
    for (unsigned field = 0; field < 4; ++field)
      b.CreateStore(fields[field],
                    b.CreateInBoundsGEP(dims->getAllocatedType(), dims, {b.getInt32(0), b.getInt32(index), b.getInt32(field)}));
  }
  auto *result = b.CreateAlloca(buffer);
  Constant *null = ConstantPointerNull::get(b.getPtrTy());
  Value *host = b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), base, argument.hostOffset);
  Value *fields[] = {b.getInt64(0), null, host, b.getInt64(0), b.getInt32(kHalideFloat32), b.getInt32(argument.dims.size()),
                     dims,          null};
  for (unsigned field = 0; field < std::size(fields); ++field)
    b.CreateStore(fields[field], b.CreateStructGEP(buffer, result, field));
  return result;
}

// Lets the runtime turn a buffer's address into a place in a device's memory, and returns its result where that fails.
void moveToDevice(IRBuilder<> &b, Value *buffer) {
  Function *launch = b.GetInsertBlock()->getParent();
  auto *type = FunctionType::get(b.getInt32Ty(), {b.getPtrTy(), b.getPtrTy()}, false);
  Value *result =
      b.CreateCall(launch->getParent()->getOrInsertFunction("resnet_runtime_device_buffer", type), {launch->getArg(0), buffer});
  BasicBlock *failed = BasicBlock::Create(b.getContext(), "failed", launch),
             *moved = BasicBlock::Create(b.getContext(), "moved", launch);
  b.CreateCondBr(b.CreateIsNotNull(result), failed, moved);
  b.SetInsertPoint(failed);
  b.CreateRet(result);
  b.SetInsertPoint(moved);
}

// i32 NAME_launch(run, batch, base0, stride0, ...): calls the kernel on buffers over those bases.
Error defineLaunch(Function &launch, const KernelBinding &kernel) {
  const std::vector<KernelArgument> arguments = resnet::codegen::arguments(kernel.spec);
  if (launch.arg_size() != 2 + 2 * arguments.size())
    return createStringError("kernel '" + kernel.symbol + "': expected " + Twine(arguments.size()) +
                             " buffers, but the program passes " + Twine((launch.arg_size() - 2) / 2));
  LLVMContext &c = launch.getContext();
  IRBuilder<> b(BasicBlock::Create(c, "entry", &launch));
  SmallVector<Value *> operands{launch.getArg(0)};
  for (auto [index, argument] : enumerate(arguments))
    operands.push_back(buildBuffer(b, argument, launch.getArg(2 + 2 * index), launch.getArg(3 + 2 * index), launch.getArg(1)));
  if (isDevice(kernel.spec.target))
    for (Value *buffer : ArrayRef(operands).drop_front())
      moveToDevice(b, buffer);
  SmallVector<Type *> types(operands.size(), b.getPtrTy());
  FunctionCallee callee = launch.getParent()->getOrInsertFunction(kernel.symbol, FunctionType::get(b.getInt32Ty(), types, false));
  cast<Function>(callee.getCallee())->setVisibility(GlobalValue::HiddenVisibility);
  b.CreateRet(b.CreateCall(callee, operands));
  launch.setLinkage(GlobalValue::InternalLinkage);
  return Error::success();
}

// Constants of the program's table.
struct TableBuilder {
  Module &module;
  LLVMContext &c = module.getContext();
  Type *i32 = Type::getInt32Ty(c), *i64 = Type::getInt64Ty(c);
  PointerType *ptr = PointerType::get(c, 0);

  Constant *int32(int64_t v) { return ConstantInt::getSigned(i32, v); }
  Constant *int64(int64_t v) { return ConstantInt::getSigned(i64, v); }
  Constant *external(StringRef symbol) {
    auto *global = new GlobalVariable(module, Type::getInt8Ty(c), true, GlobalValue::ExternalLinkage, nullptr, symbol);
    global->setVisibility(GlobalValue::HiddenVisibility);
    return global;
  }
  Constant *global(Constant *value) {
    return new GlobalVariable(module, value->getType(), true, GlobalValue::PrivateLinkage, value);
  }
  Constant *string(StringRef text) { return global(ConstantDataArray::getString(c, text)); }
  Constant *array(ArrayRef<Constant *> values) {
    return values.empty() ? ConstantPointerNull::get(ptr)
                          : global(ConstantArray::get(ArrayType::get(values[0]->getType(), values.size()), values));
  }
  // The runtime's table for the target's kind of devices.
  Constant *device(Target target) { return isDevice(target) ? external(deviceSymbol(target)) : ConstantPointerNull::get(ptr); }
  Constant *record(ArrayRef<Constant *> fields) { return ConstantStruct::getAnon(c, fields); }

  Constant *step(const KernelBinding &kernel, StringRef source) {
    const KernelSpec &spec = kernel.spec;
    return record({string(kernel.symbol), string(source), string(algorithmName(spec)), int64(flopsPerImage(spec)),
                   int64(performedFlopsPerImage(spec)), int64(weightsBytes(spec)), int64(activationBytesPerImage(spec))});
  }

  Constant *tensors(ArrayRef<ProgramInfo::Tensor> list) {
    SmallVector<Constant *> records;
    for (const ProgramInfo::Tensor &tensor : list) {
      uint64_t shape[8] = {};
      std::copy(tensor.shape.begin(), tensor.shape.end(), shape);
      records.push_back(record({string(tensor.name), int32(tensor.shape.size()), ConstantDataArray::get(c, shape)}));
    }
    return array(records);
  }
};

} // namespace

Error resnet::codegen::defineLaunches(Module &host, const StringMap<KernelBinding> &kernels, Target target, int64_t batch) {
  for (Function &function : make_early_inc_range(host)) {
    StringRef name = function.getName();
    if (!function.isDeclaration() || !name.consume_back("_launch"))
      continue;
    auto kernel = kernels.find(name);
    if (kernel == kernels.end())
      return createStringError("the program launches '" + name + "', which is no kernel");
    if (const int64_t fixed = kernel->second.spec.batch; fixed != 0 && fixed != batch)
      return createStringError("kernel '" + kernel->second.symbol + "' is for " + Twine(fixed) + " images, the program for " +
                               (batch ? Twine(batch) : Twine("any number")));
    if (Error error = defineLaunch(function, kernel->second))
      return error;
  }
  Function *main = host.getFunction("resnet_main");
  if (!main)
    return createStringError("expected the lowered program to define resnet_main");
  main->setName(mainSymbol(target, batch));
  if (batch) {
    Argument *argument = main->getArg(main->arg_size() - 1);
    argument->replaceAllUsesWith(ConstantInt::get(argument->getType(), batch));
  }
  main->setVisibility(GlobalValue::HiddenVisibility);
  for (Function &function : host)
    if (function.getName().starts_with("resnet_runtime_"))
      function.setVisibility(GlobalValue::HiddenVisibility);
  return Error::success();
}

std::unique_ptr<Module> resnet::codegen::buildProgramTable(LLVMContext &context, const ProgramInfo &info,
                                                           ArrayRef<ProgramVariant> variants, const PackedWeights &weights,
                                                           const ProgramDescription &description) {
  auto module = std::make_unique<Module>("program", context);
  TableBuilder t{*module};
  SmallVector<Constant *> records;
  for (const ProgramVariant &variant : variants) {
    SmallVector<Constant *> steps;
    for (const ProgramInfo::Step &step : info.steps)
      steps.push_back(t.step(variant.kernels.find(step.kernel)->second, step.source));
    uint64_t scratch = 0;
    const auto needScratch = [&](const StringMap<KernelBinding> &kernels) {
      for (const auto &kernel : kernels)
        scratch = std::max(scratch, kernel.second.scratchBytes);
    };
    needScratch(variant.kernels);
    SmallVector<Constant *> batches;
    for (const BatchProgram &program : variant.batches) {
      needScratch(program.kernels);
      batches.push_back(t.record({t.int64(program.batch), t.external(mainSymbol(variant.target, program.batch)),
                                  t.int64(program.separateSteps ? 1 : 0)}));
    }
    records.push_back(t.record({t.string(toString(variant.target)), t.int32(cpuLevel(variant.target)), t.int64(scratch),
                                t.external(mainSymbol(variant.target)), t.int32(batches.size()), t.array(batches), t.array(steps),
                                t.device(variant.target)}));
  }
  Constant *program = t.record({t.int32(RESNET_PROGRAM_VERSION), t.string(description.name), t.string(description.description),
                                t.int32(info.inputs.size()), t.int32(info.outputs.size()), t.tensors(info.inputs),
                                t.tensors(info.outputs), t.int32(info.steps.size()), t.int32(variants.size()), t.array(records),
                                t.int64(info.arenaBytesPerImage), t.external(kWeightsSymbol), t.int64(weights.bytes),
                                t.string(weights.hash), t.int64(info.fixedBatch), t.int64(info.chunkBatch)});
  auto *global = new GlobalVariable(*module, program->getType(), true, GlobalValue::ExternalLinkage, program, kProgramSymbol);
  global->setVisibility(GlobalValue::HiddenVisibility);

  // const resnet_api *ENTRY(uint32_t version) { return resnet_runtime_query(version); }
  auto *type = FunctionType::get(t.ptr, {t.i32}, false);
  FunctionCallee query = module->getOrInsertFunction("resnet_runtime_query", type);
  cast<Function>(query.getCallee())->setVisibility(GlobalValue::HiddenVisibility);
  Function *entry = Function::Create(type, GlobalValue::ExternalLinkage, description.entry, *module);
  IRBuilder<> b(BasicBlock::Create(context, "entry", entry));
  b.CreateRet(b.CreateCall(query, {entry->getArg(0)}));
  return module;
}
