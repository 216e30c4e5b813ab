// Verifiers, folders and canonicalisations of the graph level. The labels (conv2d_c1, ...) are those of docs/Spec.md.

#include "dialect/IR/Layouts.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace resnet;

//===--------------------------------------------------------------------===//
// Shared checks
//===--------------------------------------------------------------------===//

// A vector operand holds one element a channel. Channels that are not static are shape inference's to report: it runs later.
static LogicalResult checkVector(Operation *op, StringRef label, StringRef name, Value vector, int64_t channels) {
  if (!vector || ShapedType::isDynamic(channels))
    return success();
  const int64_t length = cast<RankedTensorType>(vector.getType()).getDimSize(0);
  if (length != channels)
    return op->emitOpError() << label << ": expected " << name << " of length " << channels << ", got " << vector.getType();
  return success();
}

//===--------------------------------------------------------------------===//
// Constants
//===--------------------------------------------------------------------===//

static size_t getNumBytes(RankedTensorType type) { return type.getNumElements() * sizeof(float); }

void ConstantOp::build(OpBuilder &, OperationState &state, ElementsAttr value) {
  state.getOrAddProperties<Properties>().value = value;
  state.addTypes(value.getType());
}

// constant_c1: the result has the value's shape and element type. constant_c2: a resource that is present holds all elements.
LogicalResult ConstantOp::verify() {
  if (!sameShape(getValue().getType(), getType()))
    return emitOpError() << "constant_c1: expected a result of the value's shape " << getValue().getType() << ", got "
                         << getType();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(getValue()))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob(); blob && blob->getData().size() != getNumBytes(getType()))
      return emitOpError() << "constant_c2: expected a resource of " << getNumBytes(getType()) << " bytes, got "
                           << blob->getData().size();
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }

//===--------------------------------------------------------------------===//
// Convolutions, normalisation, linear: constraints that shape inference does not see
//===--------------------------------------------------------------------===//

// A filter is packed for the groups that it is used with.
static LogicalResult checkPacking(Operation *op, StringRef label, RankedTensorType filter, int64_t groups) {
  auto layout = dyn_cast_or_null<FilterLayoutAttr>(filter.getEncoding());
  if (layout && layout.getGroups() != groups)
    return op->emitOpError() << label << ": expected a filter packed for " << groups << " groups, got " << layout;
  return success();
}

// conv2d_c6: the bias has one element an output channel. conv2d_c7: a packed filter is packed for the operation's groups.
LogicalResult Conv2dOp::verify() {
  if (failed(checkVector(*this, "conv2d_c6", "a bias", getBias(), getFilter().getType().getDimSize(0))))
    return failure();
  return checkPacking(*this, "conv2d_c7", getFilter().getType(), getGroups());
}

bool FusedConv2dOp::subsamplesAddend() { return !allEqual(getAddendStrides(), 1) || !allEqual(getAddendChannelPadding(), 0); }

// fused_conv2d_c6: as conv2d_c6. fused_conv2d_c7: the addend has the result's shape, once it is subsampled. fused_conv2d_c8:
// activated channels exist. fused_conv2d_c9: as conv2d_c7. fused_conv2d_c10: as subsample_c1, and there is an addend to
// subsample.
LogicalResult FusedConv2dOp::verify() {
  const int64_t channels = getFilter().getType().getDimSize(0);
  if (failed(checkVector(*this, "fused_conv2d_c6", "a bias", getBias(), channels)) ||
      failed(checkPacking(*this, "fused_conv2d_c9", getFilter().getType(), getGroups())))
    return failure();
  auto inRange = [](ArrayRef<int64_t> values, int64_t least) {
    return values.size() == 2 && llvm::all_of(values, [&](int64_t v) { return v >= least && v <= kLargestSize; });
  };
  ArrayRef<int64_t> strides = getAddendStrides(), padding = getAddendChannelPadding();
  if (!inRange(strides, 1) || !inRange(padding, 0) || (!getAddend() && subsamplesAddend()))
    return emitOpError() << "fused_conv2d_c10: expected an addend, two positive strides and two non-negative channel paddings of "
                            "it, got "
                         << (getAddend() ? "" : "no addend and ") << "[" << strides << "] and [" << padding << "]";
  if (getAddend()) {
    RankedTensorType addend = getAddend().getType();
    const int64_t shape[] = {addend.getDimSize(0), padding[0] + addend.getDimSize(1) + padding[1],
                             ceilDiv(addend.getDimSize(2), strides[0]), ceilDiv(addend.getDimSize(3), strides[1])};
    if (getType().getShape() != ArrayRef<int64_t>(shape))
      return emitOpError() << "fused_conv2d_c7: expected an addend of the result's shape " << getType()
                           << (subsamplesAddend() ? " when subsampled" : "") << ", got " << addend;
  }
  if (std::optional<int64_t> activated = getActivatedChannels();
      activated && !ShapedType::isDynamic(channels) && (*activated < 0 || *activated > channels))
    return emitOpError() << "fused_conv2d_c8: expected activated_channels between 0 and " << channels << ", got " << *activated;
  return success();
}

std::array<int64_t, 2> FusedStemOp::getConvolvedMap() {
  ArrayRef<int64_t> in = getInput().getType().getShape(), filter = getFilter().getType().getShape(), pad = getPadding();
  auto windows = [&](int i) { return (pad[i] + in[2 + i] + pad[2 + i] - filter[2 + i]) / getStrides()[i] + 1; };
  return {windows(0), windows(1)};
}

// fused_stem_c5: the bias has one element an output channel. fused_stem_c9: a packed filter is packed for one group.
LogicalResult FusedStemOp::verify() {
  if (failed(checkVector(*this, "fused_stem_c5", "a bias", getBias(), getFilter().getType().getDimSize(0))))
    return failure();
  return checkPacking(*this, "fused_stem_c9", getFilter().getType(), 1);
}

// batch_norm_c1: four vectors of one element a channel. batch_norm_c2: epsilon is not negative.
LogicalResult BatchNormOp::verify() {
  const int64_t channels = getInput().getType().getDimSize(1);
  const std::pair<StringRef, Value> vectors[] = {
      {"a scale", getScale()}, {"an offset", getOffset()}, {"a mean", getMean()}, {"a variance", getVariance()}};
  for (auto [name, vector] : vectors)
    if (failed(checkVector(*this, "batch_norm_c1", name, vector, channels)))
      return failure();
  if (!(getEpsilon().convertToFloat() >= 0))
    return emitOpError() << "batch_norm_c2: expected a non-negative epsilon, got " << getEpsilonAttr();
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
  RankedTensorType type = getInput().getType();
  if (!getScale() != !getShift())
    return emitOpError() << "fused_elementwise_c1: expected scale and shift together, got only one of them";
  const int64_t channels = type.getDimSize(1);
  if (failed(checkVector(*this, "fused_elementwise_c2", "a scale", getScale(), channels)) ||
      failed(checkVector(*this, "fused_elementwise_c2", "a shift", getShift(), channels)))
    return failure();
  if (getAddend() && !sameShape(getAddend().getType(), type))
    return emitOpError() << "fused_elementwise_c3: expected an addend of the input's shape " << type << ", got "
                         << getAddend().getType();
  return success();
}

//===--------------------------------------------------------------------===//
// Folders and canonicalisations. All are exact for signed zeros, infinities and NaN.
//===--------------------------------------------------------------------===//

// The input in place of an operation that copies it. A kernel's only operation stays: there the copy is the point.
static OpFoldResult foldToInput(Operation *op, Value input) {
  const bool sameType = input.getType() == op->getResult(0).getType();
  return sameType && !isa_and_nonnull<KernelOp>(op->getParentOp()) ? input : OpFoldResult{};
}

// Idempotent.
OpFoldResult ReluOp::fold(FoldAdaptor) {
  return getInput().getDefiningOp<ReluOp>() ? foldToInput(*this, getInput()) : OpFoldResult{};
}

OpFoldResult FlattenOp::fold(FoldAdaptor) { return foldToInput(*this, getInput()); }

OpFoldResult DropoutOp::fold(FoldAdaptor) { return foldToInput(*this, getInput()); }

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

OpFoldResult FusedElementwiseOp::fold(FoldAdaptor) {
  const bool copies = !getScale() && !getAddend() && getActivation() == Activation::None;
  return copies ? foldToInput(*this, getInput()) : OpFoldResult{};
}

OpFoldResult PadOp::fold(FoldAdaptor) {
  return allEqual(getLow(), 0) && allEqual(getHigh(), 0) ? foldToInput(*this, getInput()) : OpFoldResult{};
}

// Two pads with the same value are one.
LogicalResult PadOp::canonicalize(PadOp op, PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<PadOp>();
  if (!inner || !inner.getValue().bitwiseIsEqual(op.getValue()))
    return rewriter.notifyMatchFailure(op, "the input is no pad with the same value");
  auto sum = [](ArrayRef<int64_t> a, ArrayRef<int64_t> b) { return SmallVector<int64_t>{a[0] + b[0], a[1] + b[1], a[2] + b[2]}; };
  Location loc = rewriter.getFusedLoc({inner.getLoc(), op.getLoc()});
  auto merged = PadOp::create(rewriter, loc, op.getType(), inner.getInput(), sum(inner.getLow(), op.getLow()),
                              sum(inner.getHigh(), op.getHigh()), op.getValue());
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

// A shortcut that yields x is the identity.
LogicalResult ResidualOp::canonicalize(ResidualOp op, PatternRewriter &rewriter) {
  if (op.hasIdentityShortcut() || op.getShortcut().front().getTerminator()->getOperand(0) != op.getInput())
    return rewriter.notifyMatchFailure(op, "the shortcut does not yield the input");
  rewriter.modifyOpInPlace(op, [&] { rewriter.eraseBlock(&op.getShortcut().front()); });
  return success();
}
