// Verifiers and assembly of the kernel level. The labels (launch_c1, ...) are those of docs/Spec.md.

#include "dialect/IR/Layouts.h"
#include "mlir/Interfaces/FunctionImplementation.h"

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

// kernel_c1: one operation and the yield of its only result. kernel_c2: the result type is the yielded one. kernel_c3: in_place
// names an argument of the result's type.
LogicalResult KernelOp::verify() {
  Block &block = getBody().front();
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield || block.getOperations().size() != 2 || yield.getNumOperands() != 1 ||
      yield.getOperand(0).getDefiningOp() != &block.front())
    return emitOpError() << "kernel_c1: expected one operation and the yield of its result";
  if (getFunctionType().getNumResults() != 1 || yield.getOperand(0).getType() != getFunctionType().getResult(0))
    return emitOpError() << "kernel_c2: expected the yielded type " << yield.getOperand(0).getType() << " as the only result";
  if (std::optional<int64_t> index = getInPlace())
    if (*index < 0 || *index >= static_cast<int64_t>(getNumArguments()) ||
        getFunctionType().getInput(*index) != getFunctionType().getResult(0))
      return emitOpError() << "kernel_c3: expected in_place to name an argument of the result's type, got " << *index;
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

// view_c1: the offset is a non-negative multiple of the alignment. view_c2: the buffer ends inside the memory. view_c3: an image
// stride covers the image; only activations have one.
LogicalResult ViewOp::verify() {
  const int64_t offset = static_cast<int64_t>(getOffset());
  BufferType buffer = getType();
  if (offset < 0 || offset % kBufferAlignment)
    return emitOpError() << "view_c1: expected an offset that is a multiple of " << kBufferAlignment << ", got " << offset;
  int64_t size = 0, needed = 0;
  const int64_t image = isa<WeightsType>(getMemory().getType()) ? 0 : activationGeometry(buffer.getTensor()).imageBytes();
  if (auto arena = dyn_cast<ArenaType>(getMemory().getType())) {
    size = arena.getBytes();
    needed = image;
  } else if (auto weights = dyn_cast<WeightsType>(getMemory().getType())) {
    size = weights.getBytes();
    needed = constantBytes(buffer.getTensor());
  } else {
    auto parent = cast<BufferType>(getMemory().getType());
    size = activationGeometry(parent.getTensor()).imageBytes();
    needed = image;
    if (buffer.getImageStride() != parent.getImageBytes())
      return emitOpError() << "view_c3: expected the image stride of the viewed buffer, " << parent.getImageBytes() << ", got "
                           << buffer.getImageStride();
  }
  if (offset + needed > size)
    return emitOpError() << "view_c2: expected a buffer of " << needed << " bytes at " << offset << " to end within " << size
                         << " bytes";
  if (buffer.getImageStride() && buffer.getImageStride() < image)
    return emitOpError() << "view_c3: expected an image stride of at least " << image << " bytes, got "
                         << buffer.getImageStride();
  return success();
}

// zero_halo_c1: the buffer has a halo.
LogicalResult ZeroHaloOp::verify() {
  if (activationGeometry(getBuffer().getType().getTensor()).halo.empty())
    return emitOpError() << "zero_halo_c1: expected a buffer with a halo, got " << getBuffer().getType();
  return success();
}

void ZeroHaloOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  effects.emplace_back(MemoryEffects::Write::get(), &getBufferMutable());
}
