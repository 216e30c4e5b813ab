// Writes the host program in the LLVM dialect: addresses from the plan, one call a launch, an early return of the first error.
// Assumes a planned @main (PlanMemory) and little more: the plan's sense is VerifyMemoryPlan's matter. Fails on other operations.

#include "dialect/IR/Layouts.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "passes/Passes.h"

namespace resnet {
#define GEN_PASS_DEF_LOWERTOLLVM
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

namespace {

class HostProgram {
public:
  HostProgram(ModuleOp module, func::FuncOp main)
      : module(module), main(main), builder(module.getContext()), pointer(LLVM::LLVMPointerType::get(module.getContext())),
        i32(builder.getI32Type()), i64(builder.getI64Type()) {}

  LogicalResult lower();

private:
  enum Argument { Run, Inputs, Outputs, Arena, Weights, Batch };

  Value argument(Argument index) { return function.getBody().front().getArgument(index); }
  Value constant(int64_t value, Type type, Location loc) { return LLVM::ConstantOp::create(builder, loc, type, value); }
  Value offset(Value base, Value bytes, Location loc) {
    return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), base, bytes);
  }
  LLVM::LLVMFuncOp declare(StringRef name, Type result, ArrayRef<Type> arguments);
  void createFunction();
  LogicalResult loadArguments();
  void lowerView(ViewOp op);
  void lowerZeroHalo(ZeroHaloOp op);
  void lowerLaunch(LaunchOp op);
  void beginStep(Location loc);
  int64_t strideOf(Value buffer);

  ModuleOp module;
  func::FuncOp main;
  OpBuilder builder;
  Type pointer, i32, i64;
  LLVM::LLVMFuncOp function;
  llvm::StringMap<LLVM::LLVMFuncOp> declarations;
  Block *failure = nullptr; // returns its argument
  DenseMap<Value, Value> addresses;
  int64_t step = 0;
  bool stepBegun = false;
};

} // namespace

LLVM::LLVMFuncOp HostProgram::declare(StringRef name, Type result, ArrayRef<Type> arguments) {
  LLVM::LLVMFuncOp &declaration = declarations[name];
  if (!declaration) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(function);
    declaration =
        LLVM::LLVMFuncOp::create(builder, builder.getUnknownLoc(), name, LLVM::LLVMFunctionType::get(result, arguments));
  }
  return declaration;
}

void HostProgram::createFunction() {
  builder.setInsertionPoint(main);
  auto type = LLVM::LLVMFunctionType::get(i32, {pointer, pointer, pointer, pointer, pointer, i64});
  function = LLVM::LLVMFuncOp::create(builder, main.getLoc(), "resnet_main", type);
  Block *entry = function.addEntryBlock(builder);
  failure = builder.createBlock(&function.getBody(), function.getBody().end(), {i32}, {main.getLoc()});
  LLVM::ReturnOp::create(builder, main.getLoc(), failure->getArgument(0));
  builder.setInsertionPointToStart(entry);
}

// Base addresses of the inputs and outputs, from the two arrays.
LogicalResult HostProgram::loadArguments() {
  int64_t inputs = 0, outputs = 0;
  for (BlockArgument value : main.getArguments()) {
    if (isa<ArenaType>(value.getType())) {
      addresses[value] = argument(Arena);
    } else if (isa<WeightsType>(value.getType())) {
      addresses[value] = argument(Weights);
    } else if (isa<BufferType>(value.getType())) {
      const bool isOutput = static_cast<bool>(main.getArgAttr(value.getArgNumber(), "resnet.output"));
      const int64_t index = isOutput ? outputs++ : inputs++;
      Value slot = LLVM::GEPOp::create(builder, main.getLoc(), pointer, pointer, argument(isOutput ? Outputs : Inputs),
                                       ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
      addresses[value] = LLVM::LoadOp::create(builder, main.getLoc(), pointer, slot);
    } else {
      return main.emitOpError() << "cannot be lowered: expected buffers, an arena and weights as arguments, got "
                                << value.getType();
    }
  }
  return success();
}

// An offset into the arena is an image's, others are absolute.
void HostProgram::lowerView(ViewOp op) {
  Value base = addresses.lookup(op.getMemory());
  if (op.getOffset() == 0) {
    addresses[op] = base;
    return;
  }
  Value bytes = constant(op.getOffset(), i64, op.getLoc());
  if (isa<ArenaType>(op.getMemory().getType()))
    bytes = LLVM::MulOp::create(builder, op.getLoc(), bytes, argument(Batch), LLVM::IntegerOverflowFlags::nsw);
  addresses[op] = offset(base, bytes, op.getLoc());
}

// Bytes between images; filters and vectors have none.
int64_t HostProgram::strideOf(Value buffer) {
  auto type = cast<BufferType>(buffer.getType());
  RankedTensorType tensor = type.getTensor();
  return isa_and_nonnull<FilterLayoutAttr>(tensor.getEncoding()) || tensor.getRank() == 1 ? 0 : type.getImageBytes();
}

void HostProgram::lowerZeroHalo(ZeroHaloOp op) {
  beginStep(op.getLoc());
  const ActivationGeometry g = activationGeometry(op.getBuffer().getType().getTensor());
  SmallVector<Value> arguments{argument(Run), addresses.lookup(op.getBuffer()), argument(Batch)};
  for (int64_t value :
       {strideOf(op.getBuffer()), g.blocks(), g.block, g.height, g.width, g.halo.top, g.halo.left, g.halo.bottom, g.halo.right})
    arguments.push_back(constant(value, i64, op.getLoc()));
  SmallVector<Type> types(ValueRange(arguments).getTypes());
  auto callee = declare("resnet_runtime_zero_halo", LLVM::LLVMVoidType::get(builder.getContext()), types);
  LLVM::CallOp::create(builder, op.getLoc(), callee, arguments);
}

// Tells the clock that the next launch begins, with what prepares it.
void HostProgram::beginStep(Location loc) {
  if (std::exchange(stepBegun, true))
    return;
  auto callee = declare("resnet_runtime_step", LLVM::LLVMVoidType::get(builder.getContext()), {pointer, i32});
  LLVM::CallOp::create(builder, loc, callee, ValueRange{argument(Run), constant(step++, i32, loc)});
}

void HostProgram::lowerLaunch(LaunchOp op) {
  Location loc = op.getLoc();
  beginStep(loc);
  SmallVector<Value> arguments{argument(Run), argument(Batch)};
  for (Value buffer : op.getOperands()) { // inputs, then the destination
    arguments.push_back(addresses.lookup(buffer));
    arguments.push_back(constant(strideOf(buffer), i64, loc));
  }
  SmallVector<Type> types(ValueRange(arguments).getTypes());
  auto callee = declare((op.getKernel() + "_launch").str(), i32, types);
  Value result = LLVM::CallOp::create(builder, loc, callee, arguments).getResult();
  Value failed = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne, result, constant(0, i32, loc));
  Block *next = builder.createBlock(failure);
  builder.setInsertionPointToEnd(next->getPrevNode());
  LLVM::CondBrOp::create(builder, loc, failed, failure, ValueRange{result}, next, ValueRange{});
  builder.setInsertionPointToEnd(next);
  stepBegun = false;
}

LogicalResult HostProgram::lower() {
  if (main.getNumResults() != 0 || !main.getBody().hasOneBlock())
    return main.emitOpError() << "cannot be lowered: expected a planned function, without results and with one block";
  createFunction();
  if (mlir::failed(loadArguments()))
    return mlir::failure();
  for (Operation &op : main.getBody().front()) {
    if (auto view = dyn_cast<ViewOp>(op)) {
      lowerView(view);
    } else if (auto halo = dyn_cast<ZeroHaloOp>(op)) {
      lowerZeroHalo(halo);
    } else if (auto launch = dyn_cast<LaunchOp>(op); launch && !launch.getResult()) {
      lowerLaunch(launch);
    } else if (isa<func::ReturnOp>(op)) {
      beginStep(op.getLoc()); // the last step ends
      LLVM::ReturnOp::create(builder, op.getLoc(), constant(0, i32, op.getLoc()));
    } else {
      return op.emitOpError()
             << "cannot be lowered: expected views, zero_halo and launches on buffers, as a memory plan has them";
    }
  }
  main.erase();
  for (Operation &op : llvm::make_early_inc_range(*module.getBody()))
    if (isa<KernelOp, GlobalOp>(op))
      op.erase();
  return success();
}

namespace {
struct LowerToLLVMPass : resnet::impl::LowerToLLVMBase<LowerToLLVMPass> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal()) {
      getOperation().emitError() << "resnet-lower-to-llvm: expected a planned function @main";
      return signalPassFailure();
    }
    if (failed(HostProgram(getOperation(), main).lower()))
      signalPassFailure();
  }
};
} // namespace
