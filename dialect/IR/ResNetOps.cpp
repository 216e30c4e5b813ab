// Verifiers of the graph level. The labels (conv2d_c1, ...) are those of docs/Spec.md.

#include "dialect/IR/Layouts.h"
#include "mlir/IR/DialectResourceBlobManager.h"

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

bool FusedConv2dOp::addsKeptSum() {
  return getKeepsSum() && !subsamplesAddend() && getAddend() && getAddend().getType().getDimSize(1) == getType().getDimSize(1);
}

// fused_conv2d_c6: as conv2d_c6. fused_conv2d_c7: the addend has the sum's shape, once it is subsampled, or is itself a result
// that keeps its sum. fused_conv2d_c8: activated channels exist. fused_conv2d_c9: as conv2d_c7. fused_conv2d_c10: as
// subsample_c1, and there is an addend to subsample. fused_conv2d_c11: the post scale and shift have one element a channel.
// fused_conv2d_c12: they come together, and what follows them only with them.
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
    const int64_t read = addsKeptSum() ? channels : padding[0] + addend.getDimSize(1) + padding[1];
    const int64_t shape[] = {addend.getDimSize(0), read, ceilDiv(addend.getDimSize(2), strides[0]),
                             ceilDiv(addend.getDimSize(3), strides[1])};
    RankedTensorType result = getType();
    const int64_t sum[] = {result.getDimSize(0), channels, result.getDimSize(2), result.getDimSize(3)};
    if (ArrayRef<int64_t>(sum) != ArrayRef<int64_t>(shape))
      return emitOpError() << "fused_conv2d_c7: expected an addend of the "
                           << (getKeepsSum() ? "sum's shape in " : "result's shape ") << result
                           << (subsamplesAddend() ? " when subsampled" : "") << ", got " << addend;
  }
  if (failed(checkVector(*this, "fused_conv2d_c11", "a post scale", getPostScale(), channels)) ||
      failed(checkVector(*this, "fused_conv2d_c11", "a post shift", getPostShift(), channels)))
    return failure();
  if (static_cast<bool>(getPostScale()) != static_cast<bool>(getPostShift()) ||
      (!getPostScale() && (getKeepsSum() || getPostActivation() != Activation::None)))
    return emitOpError() << "fused_conv2d_c12: expected a post scale and a post shift, for one another and for post_activation "
                            "and keeps_sum";
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

// group_norm_c1: scale and offset have one element a channel. group_norm_c2: epsilon is not negative. group_norm_c3: groups
// divide the channels.
LogicalResult GroupNormOp::verify() {
  const int64_t channels = getInput().getType().getDimSize(1), groups = getGroups();
  if (failed(checkVector(*this, "group_norm_c1", "a scale", getScale(), channels)) ||
      failed(checkVector(*this, "group_norm_c1", "an offset", getOffset(), channels)))
    return failure();
  if (!(getEpsilon().convertToFloat() >= 0))
    return emitOpError() << "group_norm_c2: expected a non-negative epsilon, got " << getEpsilonAttr();
  if (groups < 1 || channels % groups)
    return emitOpError() << "group_norm_c3: expected groups that divide " << channels << " channels, got " << groups;
  return success();
}

// linear_c2: the bias has one element an output feature.
LogicalResult LinearOp::verify() {
  return checkVector(*this, "linear_c2", "a bias", getBias(), getWeight().getType().getDimSize(0));
}

// fused_head_c2: the bias has one element an output feature. fused_head_c3: only a softmax has a logarithm.
LogicalResult FusedHeadOp::verify() {
  if (getLog() && !getSoftmax())
    return emitOpError() << "fused_head_c3: expected softmax before log, got log alone";
  return checkVector(*this, "fused_head_c2", "a bias", getBias(), getWeight().getType().getDimSize(0));
}

// fused_elementwise_c1: scale and shift come together. fused_elementwise_c2: one element a channel. fused_elementwise_c3: the
// addend has the input's shape. fused_elementwise_c4: a gate is [N, C, 1, 1] beside a map of N images and C channels.
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
  if (getGate() && !isGateOf(getGate().getType(), type))
    return emitOpError() << "fused_elementwise_c4: expected a gate [N, C, 1, 1] for an input [N, C, H, W], got "
                         << getGate().getType() << " for " << type;
  return success();
}

bool MulOp::hasGate() { return isGateOf(getRhs().getType(), getLhs().getType()); }

//===--------------------------------------------------------------------===//
// Activations
//===--------------------------------------------------------------------===//

// hard_sigmoid_c1: slope and offset are finite.
LogicalResult HardSigmoidOp::verify() {
  if (!getSlope().isFinite() || !getOffset().isFinite())
    return emitOpError() << "hard_sigmoid_c1: expected a finite slope and offset, got " << getSlopeAttr() << " and "
                         << getOffsetAttr();
  return success();
}

// clip_c1: min is not above max.
LogicalResult ClipOp::verify() {
  if (!(getMin() <= getMax()))
    return emitOpError() << "clip_c1: expected a min that is not above max, got " << getMinAttr() << " and " << getMaxAttr();
  return success();
}

// fake_quantize_c1: the scale is positive and finite. fake_quantize_c2: the range is two numbers, the zero point is in it, and
// f32 has all of it.
LogicalResult FakeQuantizeOp::verify() {
  if (!getScale().isFiniteNonZero() || getScale().isNegative())
    return emitOpError() << "fake_quantize_c1: expected a positive finite scale, got " << getScaleAttr();
  ArrayRef<int64_t> range = getRange();
  const int64_t zeroPoint = getZeroPoint();
  if (range.size() != 2 || range[0] < -kLargestSize || range[1] > kLargestSize || zeroPoint < range[0] || zeroPoint > range[1])
    return emitOpError() << "fake_quantize_c2: expected a range of two numbers from -2^24 to 2^24 around the zero point, got ["
                         << range << "] around " << zeroPoint;
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
