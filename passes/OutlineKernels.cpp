// Turns @main into launches of outlined kernels; one walk, kernels found by a hash of all that decides them. Assumes that layouts
// are assigned. Fails where an operation has no kernel; a module that is outlined already stays as it is.

#include "mlir/IR/IRMapping.h"
#include "passes/KernelAnalysis.h"
#include "passes/KernelNames.h"
#include "passes/KernelOperations.h"
#include "passes/Passes.h"
#include "llvm/ADT/StringSet.h"

namespace resnet {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

namespace {

class Outliner {
public:
  Outliner(ModuleOp module, func::FuncOp main) : main(main), builder(module.getContext()), kernels(main) {
    for (Operation &op : *module.getBody())
      if (auto symbol = dyn_cast<SymbolOpInterface>(op))
        names.insert(symbol.getName());
  }

  LogicalResult run();
  unsigned numKernels = 0, numLaunches = 0, numInPlace = 0;

private:
  void eraseDead();
  void findLastUsers();
  void copyResults();
  std::optional<int64_t> inPlaceIndex(Operation *op);
  KernelOp kernelFor(Operation *op, std::optional<int64_t> inPlace);
  void launch(Operation *op);

  func::FuncOp main;
  OpBuilder builder;
  // New kernels go before main, in the order of their first launches.
  func::FuncOp kernels;
  llvm::StringSet<> names;
  llvm::StringMap<unsigned> nameCounts;
  DenseMap<Attribute, KernelOp> kernelsByKey;
  DenseMap<Value, Operation *> lastUsers; // by memory root
};

} // namespace

static bool isKernelLevel(Operation *op) { return isa<ConstantOp, EmptyOp, LaunchOp, func::ReturnOp>(op) || asMemoryView(op); }

void Outliner::eraseDead() {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(main.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

void Outliner::findLastUsers() {
  for (Operation &op : main.getBody().front())
    for (Value operand : op.getOperands())
      lastUsers[memoryRoot(operand)] = &op;
}

// A result must be all that one kernel writes, and dense: callers' buffers are not aligned as blocks are. Others get a kernel
// that copies them: the identity, `convert_layout T -> T`.
void Outliner::copyResults() {
  Operation *terminator = main.getBody().front().getTerminator();
  DenseSet<Value> taken;
  for (OpOperand &operand : terminator->getOpOperands()) {
    Value root = operand.get();
    bool whole = true;
    while (Operation *op = root.getDefiningOp()) {
      std::optional<MemoryView> view = asMemoryView(op);
      if (!view)
        break;
      whole &= view->whole;
      root = view->source;
    }
    Operation *op = root.getDefiningOp();
    const bool isDense = !cast<RankedTensorType>(root.getType()).getEncoding();
    if (whole && isDense && op && !isa<ConstantOp>(op) && taken.insert(root).second)
      continue;
    builder.setInsertionPoint(terminator);
    operand.set(ConvertLayoutOp::create(builder, operand.get().getLoc(), operand.get().getType(), operand.get()));
  }
}

// A candidate's memory may be overwritten where it holds the operand alone, in the result's layout, and nobody reads it later
// or at another place.
std::optional<int64_t> Outliner::inPlaceIndex(Operation *op) {
  for (OpOperand *operand : inPlaceCandidates(op)) {
    Value value = operand->get();
    const bool dies = value.getDefiningOp<LaunchOp>() && lastUsers[value] == op;
    const bool isLaidOut = value.getType() == op->getResult(0).getType();
    if (dies && isLaidOut && llvm::count_if(op->getOperands(), [&](Value other) { return memoryRoot(other) == value; }) == 1)
      return operand->getOperandNumber();
  }
  return std::nullopt;
}

KernelOp Outliner::kernelFor(Operation *op, std::optional<int64_t> inPlace) {
  auto type = builder.getFunctionType(op->getOperandTypes(), op->getResultTypes());
  Attribute key = builder.getArrayAttr({op->getName().getIdentifier(), op->getAttrDictionary(), TypeAttr::get(type),
                                        builder.getI64IntegerAttr(inPlace.value_or(-1))});
  KernelOp &kernel = kernelsByKey[key];
  if (kernel)
    return kernel;
  const std::string base = kernelName(op);
  std::string name = base;
  while (!names.insert(name).second)
    name = base + "_" + std::to_string(++nameCounts[base]);
  builder.setInsertionPoint(kernels);
  Location loc = builder.getUnknownLoc(); // kernels serve many source operations
  kernel = KernelOp::create(builder, loc, name, type, /*arg_attrs=*/nullptr, /*res_attrs=*/nullptr,
                            inPlace ? builder.getI64IntegerAttr(*inPlace) : IntegerAttr());
  Block *body = builder.createBlock(&kernel.getBody());
  for (Type argument : type.getInputs())
    body->addArgument(argument, loc);
  IRMapping mapping;
  mapping.map(op->getOperands(), body->getArguments());
  Operation *computation = builder.clone(*op, mapping);
  computation->setOperands(body->getArguments()); // one argument an operand, also where two operands are one value
  computation->setLoc(loc);
  YieldOp::create(builder, loc, computation->getResults());
  ++numKernels;
  return kernel;
}

void Outliner::launch(Operation *op) {
  std::optional<int64_t> inPlace = inPlaceIndex(op);
  KernelOp kernel = kernelFor(op, inPlace);
  builder.setInsertionPoint(op);
  Type type = op->getResult(0).getType();
  Value destination = inPlace ? op->getOperand(*inPlace) : EmptyOp::create(builder, op->getLoc(), type).getResult();
  auto launch = LaunchOp::create(builder, op->getLoc(), type, FlatSymbolRefAttr::get(kernel.getSymNameAttr()), op->getOperands(),
                                 destination);
  if (auto last = lastUsers.find(op->getResult(0)); last != lastUsers.end()) {
    Operation *user = last->second;
    lastUsers[launch.getResult()] = user;
  }
  op->getResult(0).replaceAllUsesWith(launch.getResult());
  op->erase();
  ++numLaunches;
  numInPlace += inPlace.has_value();
}

LogicalResult Outliner::run() {
  for (Operation &op : main.getBody().front())
    if (!isKernelLevel(&op) && !KernelOperations::contains(&op))
      return op.emitOpError() << "has no kernel: expected a fused operation with its layouts assigned";
  eraseDead();
  copyResults();
  findLastUsers();
  for (Operation &op : llvm::make_early_inc_range(main.getBody().front()))
    if (!isKernelLevel(&op))
      launch(&op);
  return success();
}

namespace {
struct OutlineKernelsPass : resnet::impl::OutlineKernelsBase<OutlineKernelsPass> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal() || !main.getBody().hasOneBlock()) {
      getOperation().emitError() << "resnet-outline-kernels: expected a function @main of one block";
      return signalPassFailure();
    }
    Outliner outliner(getOperation(), main);
    if (failed(outliner.run()))
      return signalPassFailure();
    kernels += outliner.numKernels;
    launches += outliner.numLaunches;
    inPlace += outliner.numInPlace;
  }
};
} // namespace
