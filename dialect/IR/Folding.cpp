// Folders and canonicalisations of the graph level. All are exact for signed zeros, infinities and NaN.

#include "dialect/IR/Layouts.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace resnet;

// The input in place of an operation that copies it. A kernel's only operation stays: there the copy is the point.
static OpFoldResult foldToInput(Operation *op, Value input) {
  const bool sameType = input.getType() == op->getResult(0).getType();
  return sameType && !isa_and_nonnull<KernelOp>(op->getParentOp()) ? input : OpFoldResult{};
}

//===--------------------------------------------------------------------===//
// Element-wise operations
//===--------------------------------------------------------------------===//

// The range that a relu or clip leaves; none for anything else.
static std::optional<std::pair<APFloat, APFloat>> rangeOf(Operation *op) {
  if (isa_and_nonnull<ReluOp>(op))
    return std::pair(APFloat(0.0f), APFloat::getInf(APFloat::IEEEsingle()));
  if (auto clip = dyn_cast_or_null<ClipOp>(op))
    return std::pair(clip.getMin(), clip.getMax());
  return std::nullopt;
}

// What is in the range already.
OpFoldResult ReluOp::fold(FoldAdaptor) {
  auto range = rangeOf(getInput().getDefiningOp());
  return range && range->first >= APFloat(0.0f) ? foldToInput(*this, getInput()) : OpFoldResult{};
}

OpFoldResult ClipOp::fold(FoldAdaptor) {
  auto range = rangeOf(getInput().getDefiningOp());
  const bool inside =
      (getMin().isNegInfinity() && getMax().isPosInfinity()) || (range && range->first >= getMin() && range->second <= getMax());
  return inside ? foldToInput(*this, getInput()) : OpFoldResult{};
}

// Clips of clips are one; without an upper limit and from 0 it is a relu.
LogicalResult ClipOp::canonicalize(ClipOp op, PatternRewriter &rewriter) {
  if (op.getMin().isPosZero() && op.getMax().isPosInfinity()) {
    rewriter.replaceOpWithNewOp<ReluOp>(op, op.getType(), op.getInput());
    return success();
  }
  Operation *inner = op.getInput().getDefiningOp();
  auto range = rangeOf(inner);
  if (!range)
    return rewriter.notifyMatchFailure(op, "the input has no known range");
  auto clamp = [&](const APFloat &x) { return x < op.getMin() ? op.getMin() : x > op.getMax() ? op.getMax() : x; };
  Location loc = rewriter.getFusedLoc({inner->getLoc(), op.getLoc()});
  rewriter.replaceOp(
      op, ClipOp::create(rewriter, loc, op.getType(), inner->getOperand(0), clamp(range->first), clamp(range->second)));
  return success();
}

// What is rounded in the same way already: (q - z) * s divided by s is a rounding error of f32 from q - z, no step.
OpFoldResult FakeQuantizeOp::fold(FoldAdaptor) {
  auto inner = getInput().getDefiningOp<FakeQuantizeOp>();
  return inner && inner.getProperties() == getProperties() ? foldToInput(*this, getInput()) : OpFoldResult{};
}

// A gate needs no expansion: x * expand(g) is x * g.
LogicalResult MulOp::canonicalize(MulOp op, PatternRewriter &rewriter) {
  const std::pair<Value, Value> orders[] = {{op.getLhs(), op.getRhs()}, {op.getRhs(), op.getLhs()}};
  for (auto [value, factor] : orders)
    if (auto expand = factor.getDefiningOp<ExpandOp>(); expand && sameShape(value.getType(), op.getType())) {
      rewriter.replaceOpWithNewOp<MulOp>(op, op.getType(), value, expand.getInput());
      return success();
    }
  return rewriter.notifyMatchFailure(op, "no operand is expanded");
}

OpFoldResult DropoutOp::fold(FoldAdaptor) { return foldToInput(*this, getInput()); }

OpFoldResult FusedElementwiseOp::fold(FoldAdaptor) {
  const bool copies = !getScale() && !getGate() && !getAddend() && getActivation() == Activation::None;
  return copies ? foldToInput(*this, getInput()) : OpFoldResult{};
}

//===--------------------------------------------------------------------===//
// Shapes
//===--------------------------------------------------------------------===//

OpFoldResult FlattenOp::fold(FoldAdaptor) { return foldToInput(*this, getInput()); }
OpFoldResult ReshapeOp::fold(FoldAdaptor) { return foldToInput(*this, getInput()); }
OpFoldResult ExpandOp::fold(FoldAdaptor) { return foldToInput(*this, getInput()); }

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 ? foldToInput(*this, getInputs().front()) : OpFoldResult{};
}

// The value before a reshape or a flatten; null for anything else.
static Value reshapedFrom(Value value) {
  Operation *op = value.getDefiningOp();
  return isa_and_nonnull<ReshapeOp, FlattenOp>(op) ? op->getOperand(0) : Value();
}

// The shape between does not matter.
LogicalResult FlattenOp::canonicalize(FlattenOp op, PatternRewriter &rewriter) {
  Value source = reshapedFrom(op.getInput());
  if (!source)
    return rewriter.notifyMatchFailure(op, "the input is not reshaped");
  rewriter.replaceOpWithNewOp<FlattenOp>(op, op.getType(), source);
  return success();
}

// Nor here. To rank 2 it is a flatten.
LogicalResult ReshapeOp::canonicalize(ReshapeOp op, PatternRewriter &rewriter) {
  if (op.getType().getRank() == 2) {
    rewriter.replaceOpWithNewOp<FlattenOp>(op, op.getType(), op.getInput());
    return success();
  }
  Value source = reshapedFrom(op.getInput());
  if (!source)
    return rewriter.notifyMatchFailure(op, "the input is not reshaped");
  rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), source, op.getShape());
  return success();
}

//===--------------------------------------------------------------------===//
// Windows and movements
//===--------------------------------------------------------------------===//

// A pool of one element that sees no padding copies its input.
template <typename Op> static OpFoldResult foldPool(Op op) {
  const bool copies = allEqual(op.getKernel(), 1) && allEqual(op.getStrides(), 1) && allEqual(op.getPadding(), 0);
  return copies ? foldToInput(op, op.getInput()) : OpFoldResult{};
}

OpFoldResult MaxPool2dOp::fold(FoldAdaptor) { return foldPool(*this); }
OpFoldResult AvgPool2dOp::fold(FoldAdaptor) { return foldPool(*this); }

// One window over the whole map is the global average pool.
LogicalResult AvgPool2dOp::canonicalize(AvgPool2dOp op, PatternRewriter &rewriter) {
  ArrayRef<int64_t> map = op.getInput().getType().getShape().drop_front(2), out = op.getType().getShape().drop_front(2);
  if (op.getKernel() != map || !allEqual(op.getPadding(), 0) || !allEqual(out, 1))
    return rewriter.notifyMatchFailure(op, "the window is not the whole map");
  rewriter.replaceOpWithNewOp<GlobalAvgPoolOp>(op, op.getType(), op.getInput());
  return success();
}

OpFoldResult PadOp::fold(FoldAdaptor) {
  return allEqual(getLow(), 0) && allEqual(getHigh(), 0) ? foldToInput(*this, getInput()) : OpFoldResult{};
}

// Two pads with the same value, or of the same edges, are one. A reflection of a reflection is none of the input.
LogicalResult PadOp::canonicalize(PadOp op, PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<PadOp>();
  if (!inner || inner.getMode() != op.getMode() || op.getMode() == PadMode::Reflect ||
      !inner.getValue().bitwiseIsEqual(op.getValue()))
    return rewriter.notifyMatchFailure(op, "the input is no pad with the same value");
  auto sum = [](ArrayRef<int64_t> a, ArrayRef<int64_t> b) { return SmallVector<int64_t>{a[0] + b[0], a[1] + b[1], a[2] + b[2]}; };
  Location loc = rewriter.getFusedLoc({inner.getLoc(), op.getLoc()});
  auto merged = PadOp::create(rewriter, loc, op.getType(), inner.getInput(), sum(inner.getLow(), op.getLow()),
                              sum(inner.getHigh(), op.getHigh()), op.getValue(), op.getMode());
  rewriter.replaceOp(op, merged);
  return success();
}

// The whole input. Offsets and strides must be checked: a range of one element has its shape with any of them.
OpFoldResult SliceOp::fold(FoldAdaptor) {
  return allEqual(getOffsets(), 0) && allEqual(getStrides(), 1) ? foldToInput(*this, getInput()) : OpFoldResult{};
}

OpFoldResult SubsampleOp::fold(FoldAdaptor) {
  return allEqual(getStrides(), 1) && allEqual(getChannelPadding(), 0) ? foldToInput(*this, getInput()) : OpFoldResult{};
}

static bool isIdentity(ArrayRef<int64_t> permutation) {
  return llvm::all_of(llvm::enumerate(permutation), [](auto p) { return static_cast<int64_t>(p.index()) == p.value(); });
}

// The permutation of `outer` after `inner`.
static SmallVector<int64_t> compose(TransposeOp inner, TransposeOp outer) {
  return llvm::map_to_vector(outer.getPermutation(), [&](int64_t p) { return inner.getPermutation()[p]; });
}

// The identity, or the inverse of the transpose before.
OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (isIdentity(getPermutation()))
    return foldToInput(*this, getInput());
  auto inner = getInput().getDefiningOp<TransposeOp>();
  return inner && isIdentity(compose(inner, *this)) ? foldToInput(*this, inner.getInput()) : OpFoldResult{};
}

// Two transposes are one.
LogicalResult TransposeOp::canonicalize(TransposeOp op, PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<TransposeOp>();
  if (!inner)
    return rewriter.notifyMatchFailure(op, "the input is no transpose");
  Location loc = rewriter.getFusedLoc({inner.getLoc(), op.getLoc()});
  auto merged = TransposeOp::create(rewriter, loc, op.getType(), inner.getInput(), compose(inner, op));
  rewriter.replaceOp(op, merged);
  return success();
}

OpFoldResult ConvertLayoutOp::fold(FoldAdaptor) {
  auto inner = getInput().getDefiningOp<ConvertLayoutOp>();
  if (inner && inner.getInput().getType() == getType())
    return inner.getInput();
  return foldToInput(*this, getInput());
}

// The layout between two conversions does not matter.
LogicalResult ConvertLayoutOp::canonicalize(ConvertLayoutOp op, PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<ConvertLayoutOp>();
  if (!inner)
    return rewriter.notifyMatchFailure(op, "the input is no conversion");
  rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(inner.getInput()); });
  return success();
}

// A shortcut that yields x is the identity.
LogicalResult ResidualOp::canonicalize(ResidualOp op, PatternRewriter &rewriter) {
  if (op.hasIdentityShortcut() || op.getShortcut().front().getTerminator()->getOperand(0) != op.getInput())
    return rewriter.notifyMatchFailure(op, "the shortcut does not yield the input");
  rewriter.modifyOpInPlace(op, [&] { rewriter.eraseBlock(&op.getShortcut().front()); });
  return success();
}
