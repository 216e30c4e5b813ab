// Verifiers and assembly of the kernel level. The labels (launch_c1, ...) are those of docs/Spec.md.

#include "dialect/IR/Layouts.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace resnet;

// The tensor type behind a place.
static RankedTensorType tensorOf(Type place) {
  auto buffer = dyn_cast<BufferType>(place);
  return buffer ? buffer.getTensor() : cast<RankedTensorType>(place);
}

//===--------------------------------------------------------------------===//
// Kernels
//===--------------------------------------------------------------------===//

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false, getFunctionTypeAttrName(result.name),
      [](Builder &builder, ArrayRef<Type> inputs, ArrayRef<Type> results, function_interface_impl::VariadicFlag, std::string &) {
        return builder.getFunctionType(inputs, results);
      },
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void KernelOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(), getArgAttrsAttrName(),
                                           getResAttrsAttrName());
}

// The operands of a kernel's computation that are read only where the result is written, at the same element.
static bool readsInPlace(OpOperand &operand) {
  return TypeSwitch<Operation *, bool>(operand.getOwner())
      .Case([&](FusedConv2dOp op) { return op.getAddend() && !op.subsamplesAddend() && &op.getAddendMutable()[0] == &operand; })
      .Case([&](FusedElementwiseOp op) {
        return &op.getInputMutable() == &operand || (op.getAddend() && &op.getAddendMutable()[0] == &operand);
      })
      .Case([&](BatchNormOp op) { return &op.getInputMutable() == &operand; })
      .Case<AddOp, MulOp, ReluOp, SigmoidOp, SiluOp, HardSigmoidOp, HardSwishOp, ClipOp, FakeQuantizeOp, DropoutOp>(
          [](auto) { return true; })
      .Default(false);
}

// kernel_c1: one operation of the graph level and the yield of its only result. kernel_c2: the result type is the yielded one.
// kernel_c3: in_place names an argument of the result's type. kernel_c4: the computation reads it once, element by element.
LogicalResult KernelOp::verify() {
  Block &block = getBody().front();
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield || block.getOperations().size() != 2 || yield.getNumOperands() != 1 ||
      yield.getOperand(0).getDefiningOp() != &block.front() || !isa<InferTypeOpInterface>(block.front()))
    return emitOpError() << "kernel_c1: expected one operation of the graph level and the yield of its result";
  if (getFunctionType().getNumResults() != 1 || yield.getOperand(0).getType() != getFunctionType().getResult(0))
    return emitOpError() << "kernel_c2: expected the yielded type " << yield.getOperand(0).getType() << " as the only result";
  std::optional<int64_t> index = getInPlace();
  if (!index)
    return success();
  if (*index < 0 || *index >= static_cast<int64_t>(getNumArguments()) ||
      getFunctionType().getInput(*index) != getFunctionType().getResult(0))
    return emitOpError() << "kernel_c3: expected in_place to name an argument of the result's type, got " << *index;
  BlockArgument argument = getArgument(*index);
  if (!argument.hasOneUse() || !readsInPlace(*argument.use_begin()))
    return emitOpError() << "kernel_c4: expected an in_place argument that is read once and element by element, got " << *index
                         << " of " << block.front().getName();
  return success();
}

//===--------------------------------------------------------------------===//
// Launches
//===--------------------------------------------------------------------===//

// launch_c1: tensors give a result of the destination's type, buffers none; inputs are of the destination's kind.
LogicalResult LaunchOp::verify() {
  const bool onBuffers = isa<BufferType>(getDestination().getType());
  if (onBuffers == static_cast<bool>(getResult()) || (getResult() && getResult().getType() != getDestination().getType()))
    return emitOpError() << "launch_c1: expected a result of the destination's type for a tensor and none for a buffer";
  for (Type type : getInputs().getTypes())
    if (isa<BufferType>(type) != onBuffers)
      return emitOpError() << "launch_c1: expected inputs that are all tensors or all buffers, as the destination, got " << type;
  return success();
}

// launch_c2: the symbol is a kernel. launch_c3: operands have the types of its arguments, the destination that of its result.
LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel = symbols.lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr());
  if (!kernel)
    return emitOpError() << "launch_c2: expected " << getKernelAttr() << " to be a kernel";
  FunctionType type = kernel.getFunctionType();
  if (type.getNumInputs() != getInputs().size())
    return emitOpError() << "launch_c3: expected " << type.getNumInputs() << " inputs for " << getKernelAttr() << ", got "
                         << getInputs().size();
  for (auto [index, input] : llvm::enumerate(getInputs()))
    if (tensorOf(input.getType()) != type.getInput(index))
      return emitOpError() << "launch_c3: expected input " << index << " of type " << type.getInput(index) << ", got "
                           << input.getType();
  if (tensorOf(getDestination().getType()) != type.getResult(0))
    return emitOpError() << "launch_c3: expected a destination of type " << type.getResult(0) << ", got "
                         << getDestination().getType();
  return success();
}

void LaunchOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  if (!isa<BufferType>(getDestination().getType()))
    return;
  for (OpOperand &input : getInputsMutable())
    effects.emplace_back(MemoryEffects::Read::get(), &input);
  effects.emplace_back(MemoryEffects::Write::get(), &getDestinationMutable());
}

//===--------------------------------------------------------------------===//
// Memory
//===--------------------------------------------------------------------===//

// global_c1: the type has the value's shape. global_c2: the offset is a multiple of the buffers' alignment.
LogicalResult GlobalOp::verify() {
  if (!sameShape(getValue().getType(), getType()))
    return emitOpError() << "global_c1: expected a type of the value's shape " << getValue().getType() << ", got " << getType();
  if (static_cast<int64_t>(getOffset()) < 0 || getOffset() % kBufferAlignment)
    return emitOpError() << "global_c2: expected an offset that is a multiple of " << kBufferAlignment << ", got " << getOffset();
  return success();
}

// view_c1: the offset is a non-negative multiple of the alignment. view_c2: the buffer ends inside the memory. view_c3: a view of
// a buffer has its image stride. view_c4: activations lie in the arena or in another buffer, static constants in the weights.
LogicalResult ViewOp::verify() {
  const int64_t offset = static_cast<int64_t>(getOffset());
  BufferType buffer = getType();
  RankedTensorType tensor = buffer.getTensor();
  if (offset < 0 || offset % kBufferAlignment)
    return emitOpError() << "view_c1: expected an offset that is a multiple of " << kBufferAlignment << ", got " << offset;
  const bool ofWeights = isa<WeightsType>(getMemory().getType());
  if (ofWeights ? !tensor.hasStaticShape() || buffer.getImageStride() : !isActivations(tensor))
    return emitOpError() << "view_c4: expected " << (ofWeights ? "static weights" : "activations") << " in "
                         << getMemory().getType() << ", got " << buffer;
  int64_t size = 0;
  const int64_t needed = ofWeights ? constantBytes(tensor) : activationGeometry(tensor).imageBytes();
  if (auto arena = dyn_cast<ArenaType>(getMemory().getType())) {
    size = arena.getBytes();
  } else if (auto weights = dyn_cast<WeightsType>(getMemory().getType())) {
    size = weights.getBytes();
  } else {
    auto parent = cast<BufferType>(getMemory().getType());
    if (!isActivations(parent.getTensor()))
      return emitOpError() << "view_c4: expected a view of activations, got " << parent;
    size = activationGeometry(parent.getTensor()).imageBytes();
    if (buffer.getImageBytes() != parent.getImageBytes())
      return emitOpError() << "view_c3: expected the image stride of the viewed buffer, " << parent.getImageBytes() << ", got "
                           << buffer.getImageBytes();
  }
  if (offset > size || needed > size - offset)
    return emitOpError() << "view_c2: expected a buffer of " << needed << " bytes at " << offset << " to end within " << size
                         << " bytes";
  return success();
}

// zero_halo_c1: the buffer has a halo.
LogicalResult ZeroHaloOp::verify() {
  RankedTensorType tensor = getBuffer().getType().getTensor();
  if (!isActivations(tensor) || activationGeometry(tensor).halo.empty())
    return emitOpError() << "zero_halo_c1: expected a buffer with a halo, got " << getBuffer().getType();
  return success();
}

void ZeroHaloOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  effects.emplace_back(MemoryEffects::Write::get(), &getBufferMutable());
}
