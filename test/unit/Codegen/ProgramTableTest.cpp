// The LLVM structs that describe a program lie in memory as the C structs that the runtime reads.

#include "codegen/HostProgram.h"
#include "codegen/KernelWork.h"
#include "runtime/Program.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"
#include <cstddef>
#include <gtest/gtest.h>

using namespace resnet::codegen;

namespace {

struct ProgramTableTest : ::testing::Test {
  void SetUp() override {
    info.inputs = {{"input", {-1, 3, 32, 32}}};
    info.outputs = {{"logits", {-1, 10}}};
    info.steps = {{"k", "conv1"}};
    ProgramVariant variant;
    variant.target = Target::X86_64_v3;
    spec.input = spec.output = {16, 8, 8, 16, {}};
    spec.filter = {16, 16, 3, 3, 1, 16, 16};
    spec.schedule.algorithm = ConvAlgorithm::Winograd;
    spec.schedule.outputTile = 4;
    variant.kernels["k"] = {spec, "k_symbol", 256};
    BatchProgram &special = variant.batches.emplace_back();
    special.batch = 8;
    special.kernels["k"] = {KernelSpec(), "k8_symbol", 512};
    ProgramVariant device;
    device.target = Target::OpenCL;
    device.kernels["k"] = {spec, "k_device_symbol", 0};
    module = buildProgramTable(context, info, {variant, device}, {4096, "abc"}, {"model", "{}", "model_query"});
    program = module->getGlobalVariable(kProgramSymbol);
  }

  llvm::Constant *variant(unsigned index) {
    auto *variants = llvm::cast<llvm::GlobalVariable>(program->getInitializer()->getOperand(9));
    return variants->getInitializer()->getAggregateElement(index);
  }

  llvm::LLVMContext context;
  KernelSpec spec;
  ProgramInfo info;
  std::unique_ptr<llvm::Module> module;
  llvm::GlobalVariable *program = nullptr;
};

TEST_F(ProgramTableTest, ProgramHasTheLayoutOfC) {
  ASSERT_TRUE(program);
  llvm::DataLayout layout("e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128");
  auto *type = llvm::cast<llvm::StructType>(program->getValueType());
  EXPECT_EQ(layout.getTypeAllocSize(type).getFixedValue(), sizeof(resnet_program));
  const size_t offsets[] = {offsetof(resnet_program, version),
                            offsetof(resnet_program, name),
                            offsetof(resnet_program, description),
                            offsetof(resnet_program, num_inputs),
                            offsetof(resnet_program, num_outputs),
                            offsetof(resnet_program, inputs),
                            offsetof(resnet_program, outputs),
                            offsetof(resnet_program, num_steps),
                            offsetof(resnet_program, num_variants),
                            offsetof(resnet_program, variants),
                            offsetof(resnet_program, arena_bytes_per_image),
                            offsetof(resnet_program, weights),
                            offsetof(resnet_program, weights_bytes),
                            offsetof(resnet_program, weights_hash),
                            offsetof(resnet_program, fixed_batch),
                            offsetof(resnet_program, chunk_batch)};
  ASSERT_EQ(type->getNumElements(), std::size(offsets));
  for (unsigned i = 0; i < std::size(offsets); ++i)
    EXPECT_EQ(layout.getStructLayout(type)->getElementOffset(i).getFixedValue(), offsets[i]) << "field " << i;
}

TEST_F(ProgramTableTest, RecordsHaveTheSizesOfC) {
  ASSERT_TRUE(program);
  llvm::DataLayout layout("e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128");
  auto recordSize = [&](unsigned field) {
    auto *table = llvm::cast<llvm::GlobalVariable>(program->getInitializer()->getOperand(field));
    return layout.getTypeAllocSize(llvm::cast<llvm::ArrayType>(table->getValueType())->getElementType()).getFixedValue();
  };
  EXPECT_EQ(recordSize(5), sizeof(resnet_program_tensor));
  EXPECT_EQ(recordSize(9), sizeof(resnet_program_variant));
}

TEST_F(ProgramTableTest, AStepTellsItsWork) {
  ASSERT_TRUE(program);
  auto *steps = llvm::cast<llvm::GlobalVariable>(variant(0)->getAggregateElement(6));
  llvm::Constant *step = steps->getInitializer()->getAggregateElement(0u);
  llvm::DataLayout layout("e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128");
  EXPECT_EQ(layout.getTypeAllocSize(step->getType()).getFixedValue(), sizeof(resnet_program_step));
  const llvm::StructLayout *fields = layout.getStructLayout(llvm::cast<llvm::StructType>(step->getType()));
  const auto field = [&](size_t offset) { return step->getAggregateElement(fields->getElementContainingOffset(offset)); };
  const auto number = [&](size_t offset) { return llvm::cast<llvm::ConstantInt>(field(offset))->getSExtValue(); };
  const auto text = [&](size_t offset) {
    auto *global = llvm::cast<llvm::GlobalVariable>(field(offset));
    return llvm::cast<llvm::ConstantDataArray>(global->getInitializer())->getAsCString();
  };
  EXPECT_EQ(text(offsetof(resnet_program_step, kernel)), "k_symbol");
  EXPECT_EQ(text(offsetof(resnet_program_step, source)), "conv1");
  EXPECT_EQ(text(offsetof(resnet_program_step, algorithm)), "F(4,3)");
  EXPECT_EQ(number(offsetof(resnet_program_step, flops_per_image)), flopsPerImage(spec));
  EXPECT_EQ(number(offsetof(resnet_program_step, performed_flops_per_image)), performedFlopsPerImage(spec));
  EXPECT_EQ(number(offsetof(resnet_program_step, weights_bytes)), weightsBytes(spec));
  EXPECT_EQ(number(offsetof(resnet_program_step, activation_bytes_per_image)), activationBytesPerImage(spec));
}

TEST_F(ProgramTableTest, AVariantListsItsProgramsForOneBatch) {
  ASSERT_TRUE(program);
  llvm::Constant *variant = this->variant(0);
  auto number = [](llvm::Constant *record, unsigned field) {
    return llvm::cast<llvm::ConstantInt>(record->getAggregateElement(field))->getSExtValue();
  };
  EXPECT_EQ(number(variant, 2), 512) << "scratch for the most demanding kernel of all programs";
  EXPECT_EQ(variant->getAggregateElement(3)->getName(), "resnet_main_x86_64_v3");
  EXPECT_EQ(number(variant, 4), 1);
  auto *table = llvm::cast<llvm::GlobalVariable>(variant->getAggregateElement(5));
  llvm::Constant *special = table->getInitializer()->getAggregateElement(0u);
  EXPECT_EQ(number(special, 0), 8);
  EXPECT_EQ(special->getAggregateElement(1)->getName(), "resnet_main_x86_64_v3_batch8");
  llvm::DataLayout layout("e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128");
  EXPECT_EQ(layout.getTypeAllocSize(special->getType()).getFixedValue(), sizeof(resnet_program_batch));
  auto *type = llvm::cast<llvm::StructType>(variant->getType());
  EXPECT_EQ(layout.getStructLayout(type)->getElementOffset(4).getFixedValue(), offsetof(resnet_program_variant, num_batches));
  EXPECT_EQ(layout.getStructLayout(type)->getElementOffset(5).getFixedValue(), offsetof(resnet_program_variant, batches));
}

TEST_F(ProgramTableTest, ADevicesVariantNamesItsDriverAndItsKernels) {
  ASSERT_TRUE(program);
  llvm::DataLayout layout("e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128");
  auto *type = llvm::cast<llvm::StructType>(variant(0)->getType());
  EXPECT_EQ(layout.getStructLayout(type)->getElementOffset(6).getFixedValue(), offsetof(resnet_program_variant, steps));
  EXPECT_EQ(layout.getStructLayout(type)->getElementOffset(7).getFixedValue(), offsetof(resnet_program_variant, device));
  EXPECT_TRUE(variant(0)->getAggregateElement(7)->isNullValue());
  EXPECT_EQ(variant(1)->getAggregateElement(7)->getName(), "resnet_device_opencl");
  EXPECT_EQ(variant(1)->getAggregateElement(3)->getName(), "resnet_main_opencl");
  llvm::Constant *steps = llvm::cast<llvm::GlobalVariable>(variant(1)->getAggregateElement(6))->getInitializer();
  auto *name = llvm::cast<llvm::GlobalVariable>(steps->getAggregateElement(0u)->getAggregateElement(0u));
  EXPECT_EQ(llvm::cast<llvm::ConstantDataArray>(name->getInitializer())->getAsCString(), "k_device_symbol");
}

TEST_F(ProgramTableTest, OnlyTheEntryIsVisible) {
  for (const llvm::GlobalValue &value : module->global_values())
    if (value.hasExternalLinkage() && value.getName() != "model_query")
      EXPECT_TRUE(value.hasHiddenVisibility()) << value.getName().str();
  ASSERT_TRUE(module->getFunction("model_query"));
  EXPECT_TRUE(module->getFunction("model_query")->hasDefaultVisibility());
}

// What a lowered program is before its launches are defined: two launches' worth of declarations.
static std::unique_ptr<llvm::Module> declareProgram(llvm::LLVMContext &context) {
  auto host = std::make_unique<llvm::Module>("host", context);
  llvm::Type *i32 = llvm::Type::getInt32Ty(context), *i64 = llvm::Type::getInt64Ty(context);
  llvm::Type *ptr = llvm::PointerType::get(context, 0);
  for (auto [name, types] : {std::pair<const char *, std::vector<llvm::Type *>>{"resnet_main", {ptr, ptr, ptr, ptr, ptr, i64}},
                             {"k_launch", {ptr, i64, ptr, i64, ptr, i64}}})
    llvm::Function::Create(llvm::FunctionType::get(i32, types, false), llvm::GlobalValue::ExternalLinkage, name, *host);
  return host;
}

static KernelBinding softmaxKernel(Target target) {
  KernelBinding kernel;
  kernel.spec.kind = KernelKind::Softmax;
  kernel.spec.target = target;
  kernel.spec.input.channels = kernel.spec.output.channels = 10;
  kernel.symbol = "k_symbol";
  return kernel;
}

TEST(Launches, BuffersOfADeviceAreMovedThere) {
  for (Target target : {Target::X86_64, Target::Cuda}) {
    llvm::LLVMContext context;
    llvm::StringMap<KernelBinding> kernels;
    kernels["k"] = softmaxKernel(target);
    std::unique_ptr<llvm::Module> host = declareProgram(context);
    ASSERT_EQ(llvm::toString(defineLaunches(*host, kernels, target)), "");
    EXPECT_FALSE(llvm::verifyModule(*host, &llvm::errs()));
    llvm::Function *move = host->getFunction("resnet_runtime_device_buffer");
    EXPECT_EQ(move ? move->getNumUses() : 0, isDevice(target) ? 2u : 0u) << toString(target) << ": input and output";
    if (move)
      EXPECT_TRUE(move->hasHiddenVisibility());
  }
}

// A kernel for one number of images would write elsewhere in a program for another.
TEST_F(ProgramTableTest, KernelsForOneBatchFitTheirProgramOnly) {
  KernelBinding kernel = softmaxKernel(Target::X86_64);
  kernel.spec.batch = 8;
  kernel.symbol = "k8_symbol";
  llvm::StringMap<KernelBinding> kernels;
  kernels["k"] = kernel;
  auto define = [&](int64_t batch) {
    return llvm::toString(defineLaunches(*declareProgram(context), kernels, Target::X86_64, batch));
  };
  EXPECT_EQ(define(8), "");
  EXPECT_EQ(define(4), "kernel 'k8_symbol' is for 8 images, the program for 4");
  EXPECT_EQ(define(0), "kernel 'k8_symbol' is for 8 images, the program for any number");
}

TEST_F(ProgramTableTest, EmitsAnObject) {
  auto object = emitObject(*module, Target::X86_64);
  ASSERT_TRUE(static_cast<bool>(object)) << llvm::toString(object.takeError());
  EXPECT_EQ(object->substr(1, 3), "ELF");
}

} // namespace
