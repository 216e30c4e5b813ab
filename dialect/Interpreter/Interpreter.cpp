// Walks a function: values of the tensor levels in a map, buffers of the planned level in simulated memory (Memory.h).

#include "dialect/Interpreter/Interpreter.h"
#include "dialect/IR/Layouts.h"
#include "dialect/Interpreter/Memory.h"
#include "dialect/Interpreter/Reference.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace resnet;

namespace {

class Interpreter {
public:
  explicit Interpreter(FunctionOpInterface function) : function(function) {}

  FailureOr<SmallVector<Tensor>> run(ArrayRef<Tensor> inputs);

private:
  LogicalResult bindArguments(ArrayRef<Tensor> inputs);
  LogicalResult bindBatch(ArrayRef<int64_t> expected, const Tensor &input, size_t index);
  LogicalResult runBlock(Block &block);
  LogicalResult execute(Operation *op);
  LogicalResult execute(ResidualOp op);
  LogicalResult execute(LaunchOp op);
  LogicalResult execute(ViewOp op);
  LogicalResult executeOnTensors(Operation *op);

  FailureOr<TensorView> lookup(Operation *user, Value value);
  FailureOr<TensorView> elementsOf(Operation *user, ElementsAttr value);
  LogicalResult checkAliases(LaunchOp launch, KernelOp kernel);
  SmallVector<int64_t> withBatch(ArrayRef<int64_t> shape) const;

  FunctionOpInterface function;
  SymbolTableCollection symbols;
  int64_t batch = ShapedType::kDynamic;
  DenseMap<Value, Tensor> tensors;
  DenseMap<Value, BufferPlace> buffers;
  DenseMap<Value, GlobalOp> weights;
  DenseMap<Attribute, SmallVector<float, 0>> splats; // expanded
};

} // namespace

// Problems of a whole function are reported at its location: a report at the operation would print it, weights and all.

//===--------------------------------------------------------------------===//
// Arguments
//===--------------------------------------------------------------------===//

// A buffer argument that the function writes is an output.
static bool isWritten(Value buffer) {
  return llvm::any_of(buffer.getUses(), [](OpOperand &use) {
    if (auto view = dyn_cast<ViewOp>(use.getOwner()))
      return isWritten(view.getResult());
    auto launch = dyn_cast<LaunchOp>(use.getOwner());
    return isa<ZeroHaloOp>(use.getOwner()) || (launch && launch.getDestination() == use.get());
  });
}

static bool isOutput(BlockArgument argument) { return isa<BufferType>(argument.getType()) && isWritten(argument); }

// The tensor type of an input: an argument that is neither an output nor memory.
static RankedTensorType inputType(BlockArgument argument) {
  if (auto buffer = dyn_cast<BufferType>(argument.getType()))
    return isOutput(argument) ? RankedTensorType() : buffer.getTensor();
  return dyn_cast<RankedTensorType>(argument.getType());
}

SmallVector<int64_t> Interpreter::withBatch(ArrayRef<int64_t> shape) const {
  SmallVector<int64_t> result(shape);
  if (ShapedType::isDynamic(result[0]))
    result[0] = batch;
  return result;
}

LogicalResult Interpreter::bindBatch(ArrayRef<int64_t> expected, const Tensor &input, size_t index) {
  if (ShapedType::isDynamic(batch) && input.shape.size() > 1) // a fixed batch scales the arena too
    batch = input.shape[0];
  if (ArrayRef<int64_t>(withBatch(expected)) != ArrayRef<int64_t>(input.shape))
    return emitError(function.getLoc()) << "expected input " << index << " of shape [" << withBatch(expected) << "], got ["
                                        << input.shape << "]";
  return success();
}

LogicalResult Interpreter::bindArguments(ArrayRef<Tensor> inputs) {
  size_t next = 0;
  for (BlockArgument argument : function.getArguments()) {
    RankedTensorType type = inputType(argument);
    if (!type)
      continue;
    if (next == inputs.size())
      return emitError(function.getLoc()) << "expected more than the " << inputs.size() << " inputs given";
    if (failed(bindBatch(type.getShape(), inputs[next], next)))
      return failure();
    if (auto buffer = dyn_cast<BufferType>(argument.getType())) {
      if (isTooLarge({buffer.getImageBytes() / 4, type.getRank() > 1 ? inputs[next].shape[0] : 1}))
        return emitError(function.getLoc()) << "expected inputs of at most " << kMostElements << " elements, got " << buffer;
      BufferPlace place = BufferPlace::allocate(inputs[next].shape, activationGeometry(type), buffer.getImageBytes() / 4);
      place.zeroHalo(); // callers hand over whole layouts
      place.write(inputs[next]);
      buffers.try_emplace(argument, std::move(place));
    } else {
      tensors.try_emplace(argument, inputs[next]);
    }
    ++next;
  }
  if (next != inputs.size())
    return emitError(function.getLoc()) << "expected " << next << " inputs, got " << inputs.size();
  // Outputs and the arena need the batch.
  for (BlockArgument argument : function.getArguments()) {
    const int64_t images = ShapedType::isDynamic(batch) ? 1 : batch;
    if (auto arena = dyn_cast<ArenaType>(argument.getType())) {
      if (isTooLarge({arena.getBytes() / 4, images}))
        return emitError(function.getLoc()) << "expected an arena of at most " << kMostElements * 4 << " bytes, got " << arena
                                            << " for a batch of " << images;
      buffers.try_emplace(argument, BufferPlace{allocateMemory(arena.getBytes() / 4 * images), 0, 0, {}, {}});
    } else if (isOutput(argument)) {
      auto buffer = cast<BufferType>(argument.getType());
      if (isTooLarge({buffer.getImageBytes() / 4, images}))
        return emitError(function.getLoc()) << "expected outputs of at most " << kMostElements << " elements, got " << buffer;
      buffers.try_emplace(argument, BufferPlace::allocate(withBatch(buffer.getTensor().getShape()),
                                                          activationGeometry(buffer.getTensor()), buffer.getImageBytes() / 4));
    }
  }
  return success();
}

//===--------------------------------------------------------------------===//
// Tensor levels
//===--------------------------------------------------------------------===//

FailureOr<TensorView> Interpreter::elementsOf(Operation *user, ElementsAttr value) {
  SmallVector<float, 0> storage;
  ArrayRef<float> elements = constantElements(value, storage);
  if (elements.size() != static_cast<size_t>(value.getNumElements()))
    return user->emitOpError() << "needs the elements of a constant that has none: " << value.getType()
                               << " is elided, or not of f32";
  if (elements.data() == storage.data())
    elements = splats.try_emplace(value, std::move(storage)).first->second;
  return TensorView(value.getShapedType().getShape(), elements);
}

FailureOr<TensorView> Interpreter::lookup(Operation *user, Value value) {
  if (auto constant = value.getDefiningOp<ConstantOp>())
    return elementsOf(user, constant.getValue());
  auto found = tensors.find(value);
  if (found == tensors.end())
    return user->emitOpError() << "reads a value of type " << value.getType() << " that the interpreter does not have";
  return TensorView(found->second);
}

LogicalResult Interpreter::executeOnTensors(Operation *op) {
  SmallVector<TensorView> operands;
  for (Value operand : op->getOperands()) {
    FailureOr<TensorView> view = lookup(op, operand);
    if (failed(view))
      return failure();
    operands.push_back(*view);
  }
  FailureOr<Tensor> result = evaluate(op, operands);
  if (failed(result))
    return failure();
  tensors.insert_or_assign(op->getResult(0), std::move(*result));
  return success();
}

LogicalResult Interpreter::execute(ResidualOp op) {
  // Views of what the first region leaves would not survive the second: it adds to the same table.
  SmallVector<Value> values;
  for (Region *region : {&op.getBody(), &op.getShortcut()}) {
    if (!region->empty() && failed(runBlock(region->front())))
      return failure();
    values.push_back(region->empty() ? op.getInput() : region->front().getTerminator()->getOperand(0));
  }
  SmallVector<TensorView> parts;
  for (Value value : values) {
    FailureOr<TensorView> view = lookup(op, value);
    if (failed(view))
      return failure();
    parts.push_back(*view);
  }
  Tensor sum(parts[0].shape);
  for (auto [out, f, shortcut] : llvm::zip_equal(sum.elements, parts[0].elements, parts[1].elements))
    out = static_cast<float>(reference::activate(op.getActivation(), static_cast<double>(f) + shortcut));
  tensors.insert_or_assign(op.getResult(), std::move(sum));
  return success();
}

// Runs a block up to its terminator and forgets each tensor after its last use, as a deep network has many.
LogicalResult Interpreter::runBlock(Block &block) {
  DenseMap<Operation *, SmallVector<Value>> last;
  for (Operation &op : block.without_terminator())
    for (Value result : op.getResults()) {
      Operation *latest = &op;
      for (Operation *user : result.getUsers())
        if (Operation *ancestor = block.findAncestorOpInBlock(*user); ancestor && latest->isBeforeInBlock(ancestor))
          latest = ancestor;
      last[latest].push_back(result);
    }
  for (Operation &op : block.without_terminator()) {
    if (failed(execute(&op)))
      return failure();
    for (Value value : last.lookup(&op))
      tensors.erase(value);
  }
  return success();
}

//===--------------------------------------------------------------------===//
// Kernel level
//===--------------------------------------------------------------------===//

// Kernels may read an input after they have begun to write: what shares memory must be the in-place input.
LogicalResult Interpreter::checkAliases(LaunchOp launch, KernelOp kernel) {
  const BufferPlace &destination = buffers.at(launch.getDestination());
  for (auto [index, input] : llvm::enumerate(launch.getInputs())) {
    auto place = buffers.find(input);
    if (place == buffers.end())
      continue;
    const bool inPlace = kernel.getInPlace() == static_cast<int64_t>(index);
    if (inPlace && !(place->second == destination))
      return launch.emitOpError() << "expected the in-place input " << index << " and the destination in the same memory";
    if (!inPlace && place->second.overlaps(destination))
      return launch.emitOpError() << "writes its destination over input " << index << ", which is not in place";
  }
  return success();
}

LogicalResult Interpreter::execute(LaunchOp op) {
  auto kernel = symbols.lookupNearestSymbolFrom<KernelOp>(op, op.getKernelAttr());
  if (!kernel)
    return op.emitOpError() << "launches " << op.getKernelAttr() << ", which is no kernel";
  const bool onBuffers = isa<BufferType>(op.getDestination().getType());
  if (onBuffers && !buffers.contains(op.getDestination()))
    return op.emitOpError("writes a buffer that the interpreter does not have");
  if (onBuffers && failed(checkAliases(op, kernel)))
    return failure();

  Operation &computation = kernel.getComputation();
  std::vector<Tensor> storage(computation.getNumOperands());
  SmallVector<TensorView> operands;
  for (auto [index, operand] : llvm::enumerate(computation.getOperands())) {
    const unsigned input = cast<BlockArgument>(operand).getArgNumber();
    Value value = op.getInputs()[input];
    auto place = buffers.find(value);
    FailureOr<TensorView> view;
    if (auto global = weights.find(value); global != weights.end()) {
      view = elementsOf(op, global->second.getValue());
    } else if (place != buffers.end()) {
      // Only a convolution (a stem is one) reads the halo, of the map that its window slides over.
      const bool withHalo = index == 0 && isa<Conv2dOp, FusedConv2dOp, FusedStemOp>(computation);
      storage[index] = withHalo ? place->second.readWithHalo() : place->second.read();
      view = TensorView(place->second.shape, storage[index].elements);
      if (withHalo)
        view->halo = place->second.geometry.halo;
    } else {
      view = lookup(op, value);
    }
    if (failed(view))
      return failure();
    operands.push_back(*view);
  }
  FailureOr<Tensor> result = evaluate(&computation, operands);
  if (failed(result))
    return failure();
  if (onBuffers)
    buffers.at(op.getDestination()).write(*result);
  else
    tensors.insert_or_assign(op.getResult(), std::move(*result));
  return success();
}

LogicalResult Interpreter::execute(ViewOp op) {
  if (isa<WeightsType>(op.getMemory().getType())) {
    auto module = function->getParentOfType<ModuleOp>();
    for (auto global : module.getOps<GlobalOp>())
      if (global.getOffset() == op.getOffset() && global.getType() == op.getType().getTensor()) {
        weights.try_emplace(op.getResult(), global);
        return success();
      }
    return op.emitOpError() << "expected a resnet.global of type " << op.getType().getTensor() << " at offset " << op.getOffset();
  }
  auto memory = buffers.find(op.getMemory());
  if (memory == buffers.end())
    return op.emitOpError("views memory that the interpreter does not have");
  // Arena offsets are an image's share; inside a buffer they count from each image's start.
  const int64_t scale = isa<ArenaType>(op.getMemory().getType()) && !ShapedType::isDynamic(batch) ? batch : 1;
  RankedTensorType type = op.getType().getTensor();
  BufferPlace place{memory->second.memory, memory->second.start + static_cast<int64_t>(op.getOffset()) / 4 * scale,
                    op.getType().getImageBytes() / 4, withBatch(type.getShape()), activationGeometry(type)};
  if (!place.fits())
    return op.emitOpError() << "ends outside of its memory of " << place.memory->size() * 4 << " bytes";
  buffers.insert_or_assign(op.getResult(), std::move(place));
  return success();
}

//===--------------------------------------------------------------------===//
// Dispatch
//===--------------------------------------------------------------------===//

LogicalResult Interpreter::execute(Operation *op) {
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<ResidualOp, LaunchOp, ViewOp>([&](auto concrete) { return execute(concrete); })
      .Case<ConstantOp, EmptyOp>([](auto) { return success(); }) // read where they are used; never read
      .Case([&](ZeroHaloOp zero) -> LogicalResult {
        auto place = buffers.find(zero.getBuffer());
        if (place == buffers.end())
          return zero.emitOpError("writes a buffer that the interpreter does not have");
        place->second.zeroHalo();
        return success();
      })
      .Default([&](Operation *other) { return executeOnTensors(other); });
}

FailureOr<SmallVector<Tensor>> Interpreter::run(ArrayRef<Tensor> inputs) {
  if (function.isExternal() || !function.getFunctionBody().hasOneBlock())
    return emitError(function.getLoc(), "expected a function of one block to interpret");
  if (!function->getParentOfType<ModuleOp>())
    return emitError(function.getLoc(), "expected a function in a module to interpret");
  Block &block = function.getFunctionBody().front();
  if (failed(bindArguments(inputs)) || failed(runBlock(block)))
    return failure();
  SmallVector<Tensor> results;
  for (Value value : block.getTerminator()->getOperands()) {
    FailureOr<TensorView> view = lookup(block.getTerminator(), value);
    if (failed(view))
      return failure();
    results.emplace_back(view->shape, view->elements.vec());
  }
  for (BlockArgument argument : function.getArguments())
    if (isOutput(argument))
      results.push_back(buffers.at(argument).read());
  return results;
}

//===--------------------------------------------------------------------===//
// Entry points
//===--------------------------------------------------------------------===//

FailureOr<FunctionOpInterface> resnet::findModel(ModuleOp module) {
  auto function = dyn_cast_or_null<FunctionOpInterface>(module.lookupSymbol("main"));
  if (!function)
    return emitError(module.getLoc(), "expected a function @main, the model");
  return function;
}

FailureOr<SmallVector<Tensor>> resnet::interpret(FunctionOpInterface function, ArrayRef<Tensor> inputs) {
  return Interpreter(function).run(inputs);
}

FailureOr<SmallVector<Tensor>> resnet::interpret(ModuleOp module, ArrayRef<Tensor> inputs) {
  FailureOr<FunctionOpInterface> function = findModel(module);
  if (failed(function))
    return failure();
  return interpret(*function, inputs);
}

FailureOr<SmallVector<Tensor>> resnet::randomInputs(FunctionOpInterface function, int64_t batch, uint64_t seed) {
  SmallVector<Tensor> inputs;
  if (function.isExternal())
    return inputs;
  for (BlockArgument argument : function.getArguments()) {
    RankedTensorType type = inputType(argument);
    if (!type)
      continue;
    SmallVector<int64_t> shape(type.getShape());
    for (auto [index, size] : llvm::enumerate(shape))
      if (ShapedType::isDynamic(size)) {
        if (index != 0)
          return emitError(function.getLoc()) << "expected only the batch of an input to be dynamic, got " << type;
        size = batch;
      }
    if (isTooLarge(shape))
      return emitError(function.getLoc()) << "expected inputs of at most " << kMostElements << " elements, got " << type;
    inputs.push_back(randomInput(shape, seed + inputs.size()));
  }
  return inputs;
}

bool resnet::isInterpretable(FunctionOpInterface function) {
  if (function.isExternal() || !function.getFunctionBody().hasOneBlock())
    return false;
  return !function.getFunctionBody()
              .walk([](Operation *op) {
                const bool known = isa<func::ReturnOp>(op) || isa_and_nonnull<ResNetDialect>(op->getDialect());
                return known ? WalkResult::advance() : WalkResult::interrupt();
              })
              .wasInterrupted();
}
