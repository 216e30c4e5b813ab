// Moves @main from tensors to buffers: finds what shares memory (views, in-place launches, outputs), how long each buffer lives,
// packs the buffers into the arena and the constants into the weights, and rewrites the function. Assumes outlined kernels; fails
// on other operations, on layouts at the function's boundary, and on destinations whose old value is still read.

#include "mlir/IR/DialectResourceBlobManager.h"
#include "passes/ArenaPacker.h"
#include "passes/KernelAnalysis.h"
#include "passes/Passes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/Statistic.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

namespace resnet {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

#define DEBUG_TYPE "resnet-plan-memory"
ALWAYS_ENABLED_STATISTIC(pairsOfBuffers, "pairs of buffers that live at once and were compared");

static int64_t aligned(int64_t bytes) { return llvm::alignTo(bytes, kBufferAlignment); }

namespace {

/// Memory that launches write: in the arena, or an output.
struct Storage {
  Value value; // the first that lies in it
  LiveRange live;
  int64_t offset = 0;
  int output = -1;
  bool keepsHalo = false; // what lay in these bytes before has left the halo zero
};

class Planner {
public:
  Planner(ModuleOp module, func::FuncOp main) : module(module), main(main), builder(module.getContext()) {}

  LogicalResult analyse();
  void pack(bool reuse);
  void rewrite();

  int64_t arenaBytes = 0, liveBytes = 0, weightBytes = 0;
  unsigned numBuffers = 0, numViews = 0, halosZeroed = 0, halosKept = 0;

private:
  LiveRange liveRange(RankedTensorType type);
  LogicalResult analyseLaunch(LaunchOp op);
  LogicalResult analyseResults(func::ReturnOp op);
  LogicalResult checkBoundary();
  func::FuncOp createFunction();
  GlobalOp globalFor(ConstantOp op);
  Value bufferFor(Value value, Location loc);
  Value storageBuffer(Storage &storage, RankedTensorType type, Location loc);
  void rewriteLaunch(LaunchOp op);

  ModuleOp module;
  func::FuncOp main;
  OpBuilder builder;
  SmallVector<Storage> storages;
  DenseMap<Value, unsigned> storageOf;      // of every value that a launch or a view of its result makes
  SmallVector<ActivationGeometry> patterns; // distinct ones, without their channels
  llvm::MapVector<std::pair<Attribute, Type>, GlobalOp> globals;
  llvm::StringSet<> names;
  llvm::StringMap<unsigned> nameCounts;
  func::FuncOp planned;
  DenseMap<Value, Value> buffers; // of each tensor, where it is already made
  int64_t step = 0;               // the launch that is being looked at
};

} // namespace

//===--------------------------------------------------------------------===//
// Analysis
//===--------------------------------------------------------------------===//

LogicalResult Planner::checkBoundary() {
  RankedTensorType first;
  for (Type type : llvm::concat<const Type>(main.getArgumentTypes(), main.getResultTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || tensor.getEncoding() || (tensor.getRank() != 2 && tensor.getRank() != 4))
      return main.emitOpError() << "cannot be planned: expected dense tensors of rank 2 or 4 as arguments and results, got "
                                << type;
    // A run has one batch, which scales the whole arena.
    first = first ? first : tensor;
    if (tensor.getDimSize(0) != first.getDimSize(0))
      return main.emitOpError() << "cannot be planned: expected arguments and results of one batch, got " << first << " and "
                                << tensor;
  }
  return success();
}

// From the launch that is being looked at on. Halos lie alike in maps of any number of channels, and in every image where those
// follow each other without gaps.
LiveRange Planner::liveRange(RankedTensorType type) {
  ActivationGeometry g = activationGeometry(type);
  LiveRange live{step, step, aligned(g.imageBytes())};
  if (g.halo.empty())
    return live;
  live.haloBytes = (g.paddedHeight() * g.paddedWidth() - g.height * g.width) * g.block * g.blocks() * 4;
  if (live.bytes != g.imageBytes())
    return live;
  live.period = g.blockStride() * 4;
  g.channels = 0;
  const auto *known = llvm::find(patterns, g);
  live.pattern = known - patterns.begin();
  if (known == patterns.end())
    patterns.push_back(g);
  return live;
}

LogicalResult Planner::analyseLaunch(LaunchOp op) {
  auto kernel = SymbolTable::lookupNearestSymbolFrom<KernelOp>(op, op.getKernelAttr());
  if (!kernel || !op.getResult())
    return op.emitOpError() << "cannot be planned: expected a launch of a kernel on tensors";
  Value destination = op.getDestination();
  if (destination.getDefiningOp<EmptyOp>()) {
    if (kernel.getInPlace())
      return op.emitOpError() << "cannot be planned: expected input " << *kernel.getInPlace() << " as the destination, because "
                              << op.getKernelAttr() << " is in place";
    storageOf[op.getResult()] = storages.size();
    Storage storage;
    storage.value = op.getResult();
    storage.live = liveRange(tensorType(op.getResult()));
    storages.push_back(storage);
    return success();
  }
  if (!kernel.getInPlace() || op.getInputs()[*kernel.getInPlace()] != destination || !destination.getDefiningOp<LaunchOp>())
    return op.emitOpError() << "cannot be planned: expected a destination that is empty, or another launch's result that is the "
                               "in-place input of "
                            << op.getKernelAttr();
  // Everything that reads the old value, by itself or through views, comes before.
  SmallVector<Value> old{destination};
  while (!old.empty())
    for (Operation *user : old.pop_back_val().getUsers()) {
      if (user != op && !user->isBeforeInBlock(op))
        return op.emitOpError() << "cannot be planned: overwrites " << destination.getType() << " which '" << user->getName()
                                << "' reads later";
      if (asMemoryView(user))
        old.push_back(user->getResult(0));
    }
  storageOf[op.getResult()] = storageOf.lookup(destination);
  return success();
}

// Each result is all of one storage, which becomes the output.
LogicalResult Planner::analyseResults(func::ReturnOp op) {
  for (auto [index, value] : llvm::enumerate(op.getOperands())) {
    auto it = storageOf.find(value);
    auto fail = [&](StringRef found) {
      return op.emitOpError() << "cannot be planned: expected result " << index
                              << " to be all that one kernel writes, for no other result; got " << found;
    };
    if (it == storageOf.end())
      return fail("an argument or a constant");
    Storage &storage = storages[it->second];
    if (storage.output >= 0)
      return fail("the value of result " + std::to_string(storage.output));
    for (Value v = value; Operation *def = v.getDefiningOp(); v = asMemoryView(def)->source) {
      std::optional<MemoryView> view = asMemoryView(def);
      if (!view)
        break;
      if (!view->whole)
        return fail("a part of it");
    }
    storage.output = static_cast<int>(index);
  }
  return success();
}

LogicalResult Planner::analyse() {
  if (failed(checkBoundary()))
    return failure();
  for (Operation &op : main.getBody().front()) {
    auto launch = dyn_cast<LaunchOp>(op);
    std::optional<MemoryView> view = asMemoryView(&op);
    if (!view && !isa<LaunchOp, ConstantOp, EmptyOp, func::ReturnOp>(op))
      return op.emitOpError() << "cannot be planned: expected launches of outlined kernels";
    if (launch && failed(analyseLaunch(launch)))
      return failure();
    // A view of an argument or a constant needs no storage.
    if (view)
      if (auto it = storageOf.find(view->source); it != storageOf.end()) {
        const unsigned storage = it->second;
        storageOf[op.getResult(0)] = storage;
      }
    if (launch) {
      for (Value input : launch.getInputs())
        if (auto it = storageOf.find(input); it != storageOf.end())
          storages[it->second].live.last = step;
      ++step;
    }
  }
  return analyseResults(cast<func::ReturnOp>(main.getBody().front().getTerminator()));
}

//===--------------------------------------------------------------------===//
// Packing
//===--------------------------------------------------------------------===//

void Planner::pack(bool reuse) {
  std::vector<LiveRange> ranges;
  SmallVector<Storage *> inArena;
  for (Storage &storage : storages)
    if (storage.output < 0) {
      inArena.push_back(&storage);
      ranges.push_back(storage.live);
    }
  numBuffers = inArena.size();
  liveBytes = peakBytes(ranges);
  if (!reuse) {
    for (Storage *storage : inArena)
      storage->offset = std::exchange(arenaBytes, arenaBytes + storage->live.bytes);
    liveBytes = arenaBytes;
    return;
  }
  const Packing packing = packRanges(ranges);
  pairsOfBuffers += packing.pairs;
  const std::vector<bool> kept = keptHalos(ranges, packing.offsets);
  for (size_t i = 0; i < inArena.size(); ++i) {
    inArena[i]->offset = packing.offsets[i];
    inArena[i]->keepsHalo = kept[i];
  }
  arenaBytes = packing.bytes;
}

//===--------------------------------------------------------------------===//
// Rewriting
//===--------------------------------------------------------------------===//

// "layer1.0.conv1.weight" for a resource of that name, "constant" for what has none.
static std::string globalName(ElementsAttr value) {
  StringRef key = "constant";
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    key = resource.getRawHandle().getKey();
  std::string name;
  for (char c : key)
    name += llvm::isAlnum(c) || c == '.' || c == '_' ? c : '_';
  return name.empty() || llvm::isDigit(name[0]) ? "w" + name : name;
}

GlobalOp Planner::globalFor(ConstantOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  GlobalOp &global = globals[{op.getValue(), type}];
  if (global)
    return global;
  const std::string base = globalName(op.getValue());
  std::string name = base;
  while (!names.insert(name).second)
    name = base + "_" + std::to_string(++nameCounts[base]);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(planned);
  global = GlobalOp::create(builder, op.getLoc(), name, weightBytes, op.getValue(), type);
  weightBytes += aligned(constantBytes(type));
  return global;
}

// A storage's own buffer: a place of the arena, or the output, seen as the type that its kernel writes.
Value Planner::storageBuffer(Storage &storage, RankedTensorType type, Location loc) {
  if (storage.output < 0) {
    Value arena = planned.getArgument(planned.getNumArguments() - 2);
    return ViewOp::create(builder, loc, BufferType::get(builder.getContext(), type, 0), arena, storage.offset);
  }
  Value output = planned.getArgument(main.getNumArguments() + storage.output);
  auto outputType = cast<BufferType>(output.getType());
  if (outputType.getTensor() == type)
    return output;
  return ViewOp::create(builder, loc, BufferType::get(builder.getContext(), type, outputType.getImageBytes()), output, 0);
}

// The buffer of a value that is read. Constants are looked at where they are used.
Value Planner::bufferFor(Value value, Location loc) {
  Value &buffer = buffers[value];
  if (buffer)
    return buffer;
  auto constant = value.getDefiningOp<ConstantOp>();
  GlobalOp global = globalFor(constant);
  Value weights = planned.getArgument(planned.getNumArguments() - 1);
  auto type = BufferType::get(builder.getContext(), cast<RankedTensorType>(global.getType()), 0);
  return buffer = ViewOp::create(builder, loc, type, weights, global.getOffset());
}

void Planner::rewriteLaunch(LaunchOp op) {
  SmallVector<Value> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(bufferFor(input, op.getLoc()));
  Value destination;
  if (op.getDestination().getDefiningOp<EmptyOp>()) {
    RankedTensorType type = tensorType(op.getResult());
    Storage &storage = storages[storageOf.lookup(op.getResult())];
    destination = storageBuffer(storage, type, op.getLoc());
    if (storage.keepsHalo) {
      ++halosKept;
    } else if (!activationGeometry(type).halo.empty()) {
      ZeroHaloOp::create(builder, op.getLoc(), destination);
      ++halosZeroed;
    }
  } else {
    destination = buffers.lookup(op.getDestination());
  }
  LaunchOp::create(builder, op.getLoc(), Type(), op.getKernelAttr(), inputs, destination);
  buffers[op.getResult()] = destination;
}

// @main on buffers; the arena's and the weights' sizes are filled in later.
func::FuncOp Planner::createFunction() {
  MLIRContext *context = builder.getContext();
  SmallVector<Type> types;
  SmallVector<Attribute> attributes;
  auto add = [&](Type type, DictionaryAttr attribute) {
    types.push_back(type);
    attributes.push_back(attribute ? attribute : builder.getDictionaryAttr({}));
  };
  for (unsigned i = 0; i < main.getNumArguments(); ++i)
    add(BufferType::get(context, cast<RankedTensorType>(main.getArgumentTypes()[i]), 0), main.getArgAttrDict(i));
  for (unsigned i = 0; i < main.getNumResults(); ++i) {
    NamedAttrList list(main.getResultAttrDict(i));
    list.set("resnet.output", builder.getUnitAttr());
    add(BufferType::get(context, cast<RankedTensorType>(main.getResultTypes()[i]), 0), list.getDictionary(context));
  }
  add(ArenaType::get(context, arenaBytes), {});
  add(WeightsType::get(context, 0), {});
  builder.setInsertionPoint(main);
  auto function = func::FuncOp::create(builder, main.getLoc(), main.getName(), builder.getFunctionType(types, {}));
  for (NamedAttribute attribute : main->getDiscardableAttrs())
    function->setAttr(attribute.getName(), attribute.getValue());
  function.setAllArgAttrs(attributes);
  function.addEntryBlock();
  return function;
}

void Planner::rewrite() {
  for (Operation &op : *module.getBody())
    if (auto symbol = dyn_cast<SymbolOpInterface>(op))
      names.insert(symbol.getName());
  planned = createFunction();
  for (auto [argument, buffer] : llvm::zip(main.getArguments(), planned.getArguments()))
    buffers[argument] = buffer;
  builder.setInsertionPointToStart(&planned.getBody().front());
  for (Operation &op : main.getBody().front()) {
    if (auto launch = dyn_cast<LaunchOp>(op)) {
      rewriteLaunch(launch);
    } else if (std::optional<MemoryView> view = asMemoryView(&op)) {
      Value source = bufferFor(view->source, op.getLoc());
      auto type =
          BufferType::get(builder.getContext(), tensorType(op.getResult(0)), cast<BufferType>(source.getType()).getImageBytes());
      buffers[op.getResult(0)] = ViewOp::create(builder, op.getLoc(), type, source, view->offset);
      ++numViews;
    }
  }
  func::ReturnOp::create(builder, main.getLoc());
  // The weights' size is known now.
  Value weights = planned.getArguments().back();
  weights.setType(WeightsType::get(builder.getContext(), weightBytes));
  SmallVector<Type> types(planned.getBody().front().getArgumentTypes());
  planned.setFunctionType(builder.getFunctionType(types, {}));
  main.erase();
}

namespace {
struct PlanMemoryPass : resnet::impl::PlanMemoryBase<PlanMemoryPass> {
  using Base::Base;

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal() || !main.getBody().hasOneBlock()) {
      getOperation().emitError() << "resnet-plan-memory: expected a function @main of one block";
      return signalPassFailure();
    }
    Planner planner(getOperation(), main);
    if (failed(planner.analyse()))
      return signalPassFailure();
    planner.pack(!noReuse);
    planner.rewrite();
    arenaBytes += planner.arenaBytes;
    liveBytes += planner.liveBytes;
    weightBytes += planner.weightBytes;
    buffers += planner.numBuffers;
    views += planner.numViews;
    halosZeroed += planner.halosZeroed;
    halosKept += planner.halosKept;
  }
};
} // namespace
