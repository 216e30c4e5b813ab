// Verifiers, folders and canonicalisations of the graph level. The labels (conv2d_c1, ...) are those of docs/Spec.md.

#include "dialect/IR/Layouts.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace resnet;

//===--------------------------------------------------------------------===//
// Shared checks
//===--------------------------------------------------------------------===//

// A vector operand holds one element a channel.
static LogicalResult checkVector(Operation *op, StringRef label, StringRef name, Value vector, int64_t channels) {
  if (!vector)
    return success();
  const int64_t length = cast<RankedTensorType>(vector.getType()).getDimSize(0);
  if (length != channels)
    return op->emitOpError() << label << ": expected " << name << " of length " << channels << ", got " << length;
  return success();
}

static LogicalResult checkNoNegative(Operation *op, StringRef label, StringRef name, ArrayRef<int64_t> values, size_t count) {
  if (values.size() != count || llvm::any_of(values, [](int64_t v) { return v < 0; }))
    return op->emitOpError() << label << ": expected " << count << " non-negative numbers for " << name << ", got [" << values
                             << "]";
  return success();
}

//===--------------------------------------------------------------------===//
// Constants
//===--------------------------------------------------------------------===//

void ConstantOp::build(OpBuilder &, OperationState &state, ElementsAttr value) {
  state.getOrAddProperties<Properties>().value = value;
  state.addTypes(value.getType());
}

// constant_c1: the result has the value's shape and element type.
LogicalResult ConstantOp::verify() {
  if (!sameShape(getValue().getType(), getType()))
    return emitOpError() << "constant_c1: expected a result of the value's shape " << getValue().getType() << ", got "
                         << getType();
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }

//===--------------------------------------------------------------------===//
// Convolutions, normalisation, linear: constraints that shape inference does not see
//===--------------------------------------------------------------------===//

// conv2d_c6: the bias has one element an output channel.
LogicalResult Conv2dOp::verify() {
  return checkVector(*this, "conv2d_c6", "a bias", getBias(), getFilter().getType().getDimSize(0));
}

// fused_conv2d_c6: as conv2d_c6. fused_conv2d_c7: the addend has the result's shape. fused_conv2d_c8: activated channels exist.
LogicalResult FusedConv2dOp::verify() {
  const int64_t channels = getFilter().getType().getDimSize(0);
  if (failed(checkVector(*this, "fused_conv2d_c6", "a bias", getBias(), channels)))
    return failure();
  if (getAddend() && !sameShape(getAddend().getType(), getType()))
    return emitOpError() << "fused_conv2d_c7: expected an addend of the result's shape " << getType() << ", got "
                         << getAddend().getType();
  if (std::optional<int64_t> activated = getActivatedChannels(); activated && (*activated < 0 || *activated > channels))
    return emitOpError() << "fused_conv2d_c8: expected activated_channels between 0 and " << channels << ", got " << *activated;
  return success();
}

// batch_norm_c1: rank 2 or 4. batch_norm_c2: four vectors of one element a channel. batch_norm_c3: epsilon is not negative.
LogicalResult BatchNormOp::verify() {
  auto type = cast<RankedTensorType>(getInput().getType());
  if (type.getRank() < 2)
    return emitOpError() << "batch_norm_c1: expected an input of rank 2 or more, got " << type;
  const int64_t channels = type.getDimSize(1);
  const std::pair<StringRef, Value> vectors[] = {
      {"a scale", getScale()}, {"an offset", getOffset()}, {"a mean", getMean()}, {"a variance", getVariance()}};
  for (auto [name, vector] : vectors)
    if (failed(checkVector(*this, "batch_norm_c2", name, vector, channels)))
      return failure();
  if (!(getEpsilon().convertToFloat() >= 0))
    return emitOpError() << "batch_norm_c3: expected a non-negative epsilon, got " << getEpsilonAttr();
  return success();
}

// linear_c2: the bias has one element an output feature.
LogicalResult LinearOp::verify() {
  return checkVector(*this, "linear_c2", "a bias", getBias(), getWeight().getType().getDimSize(0));
}

// fused_head_c2: the bias has one element an output feature.
LogicalResult FusedHeadOp::verify() {
  return checkVector(*this, "fused_head_c2", "a bias", getBias(), getWeight().getType().getDimSize(0));
}

// fused_elementwise_c1: scale and shift come together. fused_elementwise_c2: one element a channel. fused_elementwise_c3: the
// addend has the input's shape.
LogicalResult FusedElementwiseOp::verify() {
  auto type = cast<RankedTensorType>(getInput().getType());
  if (!getScale() != !getShift())
    return emitOpError() << "fused_elementwise_c1: expected scale and shift together, got only one of them";
  const int64_t channels = type.getRank() > 1 ? type.getDimSize(1) : type.getDimSize(0);
  if (failed(checkVector(*this, "fused_elementwise_c2", "a scale", getScale(), channels)) ||
      failed(checkVector(*this, "fused_elementwise_c2", "a shift", getShift(), channels)))
    return failure();
  if (getAddend() && !sameShape(getAddend().getType(), type))
    return emitOpError() << "fused_elementwise_c3: expected an addend of the input's shape " << type << ", got "
                         << getAddend().getType();
  return success();
}

//===--------------------------------------------------------------------===//
// Pools
//===--------------------------------------------------------------------===//

// max_pool2d_c4, avg_pool2d_c4: every window holds an element of the input, so no leading or trailing padding reaches the
// kernel's size.
static LogicalResult checkPoolPadding(Operation *op, StringRef label, ArrayRef<int64_t> kernel, ArrayRef<int64_t> padding) {
  for (int i = 0; i < 4; ++i)
    if (padding[i] >= kernel[i % 2])
      return op->emitOpError() << label << ": expected padding below the kernel's size, got pad [" << padding << "] for kernel ["
                               << kernel << "]";
  return success();
}

LogicalResult MaxPool2dOp::verify() { return checkPoolPadding(*this, "max_pool2d_c4", getKernel(), getPadding()); }

LogicalResult AvgPool2dOp::verify() { return checkPoolPadding(*this, "avg_pool2d_c4", getKernel(), getPadding()); }

// One window over the whole map is the global average pool.
LogicalResult AvgPool2dOp::canonicalize(AvgPool2dOp op, PatternRewriter &rewriter) {
  ArrayRef<int64_t> map = op.getInput().getType().getShape().drop_front(2), out = op.getType().getShape().drop_front(2);
  if (op.getKernel() != map || !allEqual(op.getPadding(), 0) || !allEqual(out, 1))
    return rewriter.notifyMatchFailure(op, "the window is not the whole map");
  rewriter.replaceOpWithNewOp<GlobalAvgPoolOp>(op, op.getType(), op.getInput());
  return success();
}

//===--------------------------------------------------------------------===//
// Shape operations
//===--------------------------------------------------------------------===//

LogicalResult FlattenOp::verify() { return success(); }

// pad_c1: low and high are three non-negative numbers.
LogicalResult PadOp::verify() {
  if (failed(checkNoNegative(*this, "pad_c1", "low", getLow(), 3)) ||
      failed(checkNoNegative(*this, "pad_c1", "high", getHigh(), 3)))
    return failure();
  return success();
}

LogicalResult SliceOp::verify() { return success(); }
LogicalResult SubsampleOp::verify() { return success(); }
LogicalResult TransposeOp::verify() { return success(); }

//===--------------------------------------------------------------------===//
// Folders
//===--------------------------------------------------------------------===//

// Idempotent.
OpFoldResult ReluOp::fold(FoldAdaptor) {
  auto inner = getInput().getDefiningOp<ReluOp>();
  return inner && inner.getType() == getType() ? inner.getResult() : OpFoldResult{};
}

OpFoldResult FlattenOp::fold(FoldAdaptor) { return getInput().getType() == getType() ? getInput() : OpFoldResult{}; }

OpFoldResult DropoutOp::fold(FoldAdaptor) { return getInput().getType() == getType() ? getInput() : OpFoldResult{}; }

OpFoldResult PadOp::fold(FoldAdaptor) {
  return allEqual(getLow(), 0) && allEqual(getHigh(), 0) && getInput().getType() == getType() ? getInput() : OpFoldResult{};
}

// The whole input. Offsets and strides must be checked: a range of one element has its shape with any of them.
OpFoldResult SliceOp::fold(FoldAdaptor) {
  return allEqual(getOffsets(), 0) && allEqual(getStrides(), 1) && getInput().getType() == getType() ? getInput()
                                                                                                     : OpFoldResult{};
}

OpFoldResult SubsampleOp::fold(FoldAdaptor) {
  return allEqual(getStrides(), 1) && allEqual(getChannelPadding(), 0) && getInput().getType() == getType() ? getInput()
                                                                                                            : OpFoldResult{};
}

// The identity, or the inverse of the transpose before.
OpFoldResult TransposeOp::fold(FoldAdaptor) {
  auto isIdentity = [](auto permutation) {
    return llvm::all_of(llvm::enumerate(permutation), [](auto p) { return static_cast<int64_t>(p.index()) == p.value(); });
  };
  if (isIdentity(getPermutation()) && getInput().getType() == getType())
    return getInput();
  auto inner = getInput().getDefiningOp<TransposeOp>();
  if (!inner || inner.getInput().getType() != getType())
    return {};
  auto composed = llvm::map_range(getPermutation(), [&](int64_t p) { return inner.getPermutation()[p]; });
  return isIdentity(composed) ? inner.getInput() : OpFoldResult{};
}

OpFoldResult ConvertLayoutOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  auto inner = getInput().getDefiningOp<ConvertLayoutOp>();
  return inner && inner.getInput().getType() == getType() ? inner.getInput() : OpFoldResult{};
}

//===--------------------------------------------------------------------===//
// Residual blocks
//===--------------------------------------------------------------------===//

// residual_c1: the shortcut has at most one block. residual_c2: each region yields one tensor of the result's shape.
// residual_c3: an identity shortcut needs an input of that shape. residual_c4: regions read the input, constants and nothing
// else.
LogicalResult ResidualOp::verify() {
  if (getShortcut().getBlocks().size() > 1)
    return emitOpError() << "residual_c1: expected a shortcut of at most one block, got " << getShortcut().getBlocks().size();
  for (Region *region : {&getBody(), &getShortcut()}) {
    if (region->empty())
      continue;
    auto yield = dyn_cast<YieldOp>(region->front().getTerminator());
    if (!yield || yield.getNumOperands() != 1 || !sameShape(yield.getOperand(0).getType(), getType()))
      return emitOpError() << "residual_c2: expected each region to yield one tensor of the result's shape " << getType();
    WalkResult walk = region->walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        if (operand != getInput() && !region->isAncestor(operand.getParentRegion()) && !operand.getDefiningOp<ConstantOp>()) {
          op->emitOpError() << "residual_c4: expected operands from inside the block, its input or constants";
          return WalkResult::interrupt();
        }
      return WalkResult::advance();
    });
    if (walk.wasInterrupted())
      return failure();
  }
  if (hasIdentityShortcut() && !sameShape(getInput().getType(), getType()))
    return emitOpError() << "residual_c3: expected an input of the result's shape for an identity shortcut, got "
                         << getInput().getType() << " and " << getType();
  return success();
}
