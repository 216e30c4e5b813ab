// Writes the host program in the LLVM dialect: addresses from the plan, one call a launch, an early return of the first error.
// Assumes a planned @main (PlanMemory) and little more: the plan's sense is VerifyMemoryPlan's matter. Fails on other operations.

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "passes/KernelAnalysis.h"
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
  HostProgram(ModuleOp module, func::FuncOp main, int64_t separateSteps)
      : module(module), main(main), separateSteps(separateSteps), builder(module.getContext()),
        pointer(LLVM::LLVMPointerType::get(module.getContext())), i32(builder.getI32Type()), i64(builder.getI64Type()) {}

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
  void lowerLaunch(LaunchOp op);
  void beginStep(Location loc);
  int64_t strideOf(Value buffer);
  void findSpans();
  bool isSeparate(Value buffer);
  bool movedFromItsHalo(LaunchOp op);
  void zeroHalo(TypedValue<BufferType> buffer, Location loc);
  Value addressOf(Value buffer, Location loc);
  Value images(Location loc);
  void beginLoop(Location loc);
  void endLoop(Location loc);

  ModuleOp module;
  func::FuncOp main;
  const int64_t separateSteps;
  OpBuilder builder;
  Type pointer, i32, i64;
  LLVM::LLVMFuncOp function;
  llvm::StringMap<LLVM::LLVMFuncOp> declarations;
  Block *failure = nullptr; // returns its argument
  DenseMap<Value, Value> addresses;
  int64_t step = 0;
  bool stepBegun = false;
  Block *loop = nullptr; // over images, whose argument is the image; only while inside of it

  // Steps in which a view of the arena is used.
  struct Span {
    int64_t first, last;
  };
  DenseMap<Value, Span> spans;
  DenseSet<Value> zeroed, written;
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

// Which steps use which views, and which halos the plan zeroes itself. Assumes that a place of the arena has one view as long as
// it lives, as PlanMemory writes it.
void HostProgram::findSpans() {
  int64_t current = 0;
  for (Operation &op : main.getBody().front()) {
    if (auto halo = dyn_cast<ZeroHaloOp>(op))
      zeroed.insert(bufferRoot(halo.getBuffer()));
    if (!isa<LaunchOp>(op))
      continue;
    for (Value buffer : op.getOperands())
      spans.try_emplace(bufferRoot(buffer), Span{current, current}).first->second.last = current;
    ++current;
  }
}

// Only the steps that run image by image use it: one image's place serves all of them.
bool HostProgram::isSeparate(Value buffer) {
  Value root = bufferRoot(buffer);
  auto span = spans.find(root);
  return isInArena(root) && span != spans.end() && span->second.last < separateSteps;
}

// An offset into the arena is an image's, others are absolute. Behind the arena of all images there is another one of one image,
// where the steps that run image by image are as in a run of one: what only they use lies there.
void HostProgram::lowerView(ViewOp op) {
  Value base = addresses.lookup(op.getMemory());
  auto arena = dyn_cast<ArenaType>(op.getMemory().getType());
  if (op.getOffset() == 0 && !isSeparate(op)) {
    addresses[op] = base;
    return;
  }
  Value bytes = constant(op.getOffset(), i64, op.getLoc());
  if (arena && isSeparate(op))
    bytes = LLVM::AddOp::create(builder, op.getLoc(), bytes,
                                LLVM::MulOp::create(builder, op.getLoc(), constant(arena.getBytes(), i64, op.getLoc()),
                                                    argument(Batch), LLVM::IntegerOverflowFlags::nsw),
                                LLVM::IntegerOverflowFlags::nsw);
  else if (arena)
    bytes = LLVM::MulOp::create(builder, op.getLoc(), bytes, argument(Batch), LLVM::IntegerOverflowFlags::nsw);
  addresses[op] = offset(base, bytes, op.getLoc());
}

// Bytes between images; filters and vectors have none.
int64_t HostProgram::strideOf(Value buffer) {
  auto type = cast<BufferType>(buffer.getType());
  RankedTensorType tensor = type.getTensor();
  return isa_and_nonnull<FilterLayoutAttr>(tensor.getEncoding()) || tensor.getRank() == 1 ? 0 : type.getImageBytes();
}

// Where the buffer of the image or of all images begins.
Value HostProgram::addressOf(Value buffer, Location loc) {
  Value address = addresses.lookup(buffer);
  const int64_t stride = strideOf(buffer);
  if (!loop || stride == 0 || isSeparate(buffer))
    return address;
  return offset(
      address,
      LLVM::MulOp::create(builder, loc, constant(stride, i64, loc), loop->getArgument(0), LLVM::IntegerOverflowFlags::nsw), loc);
}

Value HostProgram::images(Location loc) { return loop ? constant(1, i64, loc) : argument(Batch); }

void HostProgram::beginLoop(Location loc) {
  Block *before = builder.getInsertionBlock();
  loop = builder.createBlock(failure, {i64}, {loc});
  builder.setInsertionPointToEnd(before);
  LLVM::BrOp::create(builder, loc, ValueRange{constant(0, i64, loc)}, loop);
  builder.setInsertionPointToEnd(loop);
}

// The batch is at least 1.
void HostProgram::endLoop(Location loc) {
  Value next = LLVM::AddOp::create(builder, loc, loop->getArgument(0), constant(1, i64, loc), LLVM::IntegerOverflowFlags::nsw);
  Value more = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::slt, next, argument(Batch));
  Block *last = builder.getInsertionBlock(), *after = builder.createBlock(failure);
  builder.setInsertionPointToEnd(last);
  LLVM::CondBrOp::create(builder, loc, more, loop, ValueRange{next}, after, ValueRange{});
  builder.setInsertionPointToEnd(after);
  loop = nullptr;
}

void HostProgram::zeroHalo(TypedValue<BufferType> buffer, Location loc) {
  beginStep(loc);
  const ActivationGeometry g = activationGeometry(buffer.getType().getTensor());
  SmallVector<Value> arguments{argument(Run), addressOf(buffer, loc), images(loc)};
  for (int64_t value :
       {strideOf(buffer), g.blocks(), g.block, g.height, g.width, g.halo.top, g.halo.left, g.halo.bottom, g.halo.right})
    arguments.push_back(constant(value, i64, loc));
  SmallVector<Type> types(ValueRange(arguments).getTypes());
  auto callee = declare("resnet_runtime_zero_halo", LLVM::LLVMVoidType::get(builder.getContext()), types);
  LLVM::CallOp::create(builder, loc, callee, arguments);
}

// The plan counts on a halo that a buffer in the same place has left zero. Steps that run image by image leave nothing in the
// arena of all images.
bool HostProgram::movedFromItsHalo(LaunchOp op) {
  Value root = bufferRoot(op.getDestination());
  auto type = dyn_cast<BufferType>(root.getType());
  const bool isFirst = written.insert(root).second;
  return separateSteps > 0 && isFirst && !isSeparate(root) && root.getDefiningOp<ViewOp>() && !zeroed.contains(root) &&
         !activationGeometry(type.getTensor()).halo.empty();
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
  if (movedFromItsHalo(op))
    zeroHalo(cast<TypedValue<BufferType>>(bufferRoot(op.getDestination())), loc);
  SmallVector<Value> arguments{argument(Run), images(loc)};
  for (Value buffer : op.getOperands()) { // inputs, then the destination
    arguments.push_back(addressOf(buffer, loc));
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
  // Buffers of a loop are used behind it too.
  if (separateSteps > 0) {
    findSpans();
    for (auto view : main.getOps<ViewOp>())
      lowerView(view);
    beginLoop(main.getLoc());
  }
  for (Operation &op : main.getBody().front()) {
    if (loop && !stepBegun && (step == separateSteps || isa<func::ReturnOp>(op)))
      endLoop(op.getLoc());
    if (auto view = dyn_cast<ViewOp>(op)) {
      if (separateSteps == 0)
        lowerView(view);
    } else if (auto halo = dyn_cast<ZeroHaloOp>(op)) {
      zeroHalo(halo.getBuffer(), op.getLoc());
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
  using Base::Base;

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal()) {
      getOperation().emitError() << "resnet-lower-to-llvm: expected a planned function @main";
      return signalPassFailure();
    }
    if (failed(HostProgram(getOperation(), main, separateSteps).lower()))
      signalPassFailure();
  }
};
} // namespace
