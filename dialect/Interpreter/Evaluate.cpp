// One operation of the graph level: from attributes and types to the reference functions.

#include "dialect/IR/Layouts.h"
#include "dialect/Interpreter/Interpreter.h"
#include "dialect/Interpreter/Reference.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace resnet;

namespace {

// An operation's operands by name, as views.
template <typename Op> using Operands = typename Op::template GenericAdaptor<ArrayRef<TensorView>>;
using Shape = ArrayRef<int64_t>;

} // namespace

static std::array<int64_t, 2> pair(ArrayRef<int64_t> values) { return {values[0], values[1]}; }
static std::array<int64_t, 3> triple(ArrayRef<int64_t> values) { return {values[0], values[1], values[2]}; }

static reference::Window window(ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations,
                                ArrayRef<int64_t> padding) {
  return {pair(kernel), pair(strides), pair(dilations), toHalo(padding)};
}

//===--------------------------------------------------------------------===//
// Each operation
//===--------------------------------------------------------------------===//

static Tensor compute(Conv2dOp op, Operands<Conv2dOp> x, Shape shape) {
  return reference::conv2d(x.getInput(), x.getFilter(),
                           window(x.getFilter().shape.drop_front(2), op.getStrides(), op.getDilations(), op.getPadding()),
                           op.getGroups(), {x.getBias(), {}, Activation::None, {}}, shape);
}

static Tensor subsample(TensorView input, ArrayRef<int64_t> strides, ArrayRef<int64_t> channelPadding, Shape shape) {
  return reference::copy(input, {-channelPadding[0], 0, 0}, {1, strides[0], strides[1]}, 0, shape);
}

static Tensor compute(FusedConv2dOp op, Operands<FusedConv2dOp> x, Shape result) {
  const int64_t channels = op.getSumChannels();
  const SmallVector<int64_t> shape{result[0], channels, result[2], result[3]};
  Tensor read;
  TensorView addend = x.getAddend();
  if (op.addsKeptSum())
    addend = read = reference::copy(addend, {channels, 0, 0}, {1, 1, 1}, 0, shape);
  else if (op.subsamplesAddend())
    addend = read = subsample(addend, op.getAddendStrides(), op.getAddendChannelPadding(), shape);
  Tensor sum = reference::conv2d(x.getInput(), x.getFilter(),
                                 window(x.getFilter().shape.drop_front(2), op.getStrides(), op.getDilations(), op.getPadding()),
                                 op.getGroups(), {x.getBias(), addend, op.getActivation(), op.getActivatedChannels()}, shape);
  if (!x.getPostScale())
    return sum;
  Tensor post = reference::elementwise(sum, x.getPostScale(), x.getPostShift(), {}, {}, op.getPostActivation());
  const TensorView both[] = {post, sum};
  return op.getKeepsSum() ? reference::concat(both, result) : post;
}

static Tensor compute(FusedStemOp op, Operands<FusedStemOp> x, Shape shape) {
  const std::array<int64_t, 2> map = op.getConvolvedMap();
  const Tensor convolved = reference::conv2d(x.getInput(), x.getFilter(),
                                             window(x.getFilter().shape.drop_front(2), op.getStrides(), {1, 1}, op.getPadding()),
                                             1, {x.getBias(), {}, op.getActivation(), {}}, {shape[0], shape[1], map[0], map[1]});
  return reference::maxPool2d(convolved, window(op.getPoolKernel(), op.getPoolStrides(), {1, 1}, op.getPoolPadding()), shape);
}

static Tensor compute(BatchNormOp op, Operands<BatchNormOp> x, Shape) {
  return reference::batchNorm(x.getInput(), x.getScale(), x.getOffset(), x.getMean(), x.getVariance(),
                              op.getEpsilon().convertToFloat());
}

static Tensor compute(FusedElementwiseOp op, Operands<FusedElementwiseOp> x, Shape) {
  return reference::elementwise(x.getInput(), x.getScale(), x.getShift(), x.getGate(), x.getAddend(), op.getActivation());
}

static Tensor compute(GroupNormOp op, Operands<GroupNormOp> x, Shape) {
  return reference::groupNorm(x.getInput(), x.getScale(), x.getOffset(), op.getGroups(), op.getEpsilon().convertToFloat());
}

static Tensor activate(TensorView input, Activation activation) {
  return reference::elementwise(input, {}, {}, {}, {}, activation);
}

static Tensor compute(ReluOp, Operands<ReluOp> x, Shape) { return activate(x.getInput(), Activation::Relu); }
static Tensor compute(SigmoidOp, Operands<SigmoidOp> x, Shape) { return activate(x.getInput(), Activation::Sigmoid); }
static Tensor compute(SiluOp, Operands<SiluOp> x, Shape) { return activate(x.getInput(), Activation::Silu); }
static Tensor compute(HardSwishOp, Operands<HardSwishOp> x, Shape) { return activate(x.getInput(), Activation::HardSwish); }

static Tensor compute(HardSigmoidOp op, Operands<HardSigmoidOp> x, Shape) {
  return reference::hardSigmoid(x.getInput(), op.getSlope().convertToFloat(), op.getOffset().convertToFloat());
}

static Tensor compute(ClipOp op, Operands<ClipOp> x, Shape) {
  return reference::clip(x.getInput(), op.getMin().convertToFloat(), op.getMax().convertToFloat());
}

static Tensor compute(FakeQuantizeOp op, Operands<FakeQuantizeOp> x, Shape) {
  return reference::fakeQuantize(x.getInput(), op.getScale().convertToFloat(), static_cast<int64_t>(op.getZeroPoint()),
                                 op.getRange()[0], op.getRange()[1]);
}

static Tensor compute(AddOp, Operands<AddOp> x, Shape) {
  return reference::elementwise(x.getLhs(), {}, {}, {}, x.getRhs(), Activation::None);
}

static Tensor compute(MulOp, Operands<MulOp> x, Shape) { return reference::multiply(x.getLhs(), x.getRhs()); }

static Tensor compute(MaxPool2dOp op, Operands<MaxPool2dOp> x, Shape shape) {
  return reference::maxPool2d(x.getInput(), window(op.getKernel(), op.getStrides(), op.getDilations(), op.getPadding()), shape);
}

static Tensor compute(AvgPool2dOp op, Operands<AvgPool2dOp> x, Shape shape) {
  return reference::avgPool2d(x.getInput(), window(op.getKernel(), op.getStrides(), {1, 1}, op.getPadding()),
                              op.getCountIncludePad(), shape);
}

static Tensor compute(GlobalAvgPoolOp, Operands<GlobalAvgPoolOp> x, Shape) { return reference::globalAvgPool(x.getInput()); }

static Tensor compute(GlobalMaxPoolOp, Operands<GlobalMaxPoolOp> x, Shape) { return reference::globalMaxPool(x.getInput()); }

static Tensor compute(LinearOp, Operands<LinearOp> x, Shape) {
  return reference::linear(x.getInput(), x.getWeight(), x.getBias());
}

static Tensor compute(FusedHeadOp op, Operands<FusedHeadOp> x, Shape) {
  return reference::head(x.getInput(), x.getWeight(), x.getBias(), op.getSoftmax(), op.getLog());
}

static Tensor compute(SoftmaxOp op, Operands<SoftmaxOp> x, Shape) { return reference::softmax(x.getInput(), op.getLog()); }

static Tensor compute(PadOp op, Operands<PadOp> x, Shape shape) {
  return reference::pad(x.getInput(), triple(op.getLow()), op.getMode(), op.getValue().convertToFloat(), shape);
}

static Tensor compute(ExpandOp, Operands<ExpandOp> x, Shape shape) { return reference::expand(x.getInput(), shape); }
static Tensor compute(ConcatOp, Operands<ConcatOp> x, Shape shape) { return reference::concat(x.getInputs(), shape); }

static Tensor compute(SliceOp op, Operands<SliceOp> x, Shape shape) {
  return reference::copy(x.getInput(), triple(op.getOffsets()), triple(op.getStrides()), 0, shape);
}

static Tensor compute(SubsampleOp op, Operands<SubsampleOp> x, Shape shape) {
  return subsample(x.getInput(), op.getStrides(), op.getChannelPadding(), shape);
}

static Tensor compute(TransposeOp op, Operands<TransposeOp> x, Shape) {
  return reference::transpose(x.getInput(), op.getPermutation());
}

// The same elements in the same order.
static Tensor same(TensorView input, Shape shape) { return Tensor(shape, input.elements.vec()); }

static Tensor compute(FlattenOp, Operands<FlattenOp> x, Shape shape) { return same(x.getInput(), shape); }
static Tensor compute(ReshapeOp, Operands<ReshapeOp> x, Shape shape) { return same(x.getInput(), shape); }
static Tensor compute(DropoutOp, Operands<DropoutOp> x, Shape shape) { return same(x.getInput(), shape); }
static Tensor compute(ConvertLayoutOp, Operands<ConvertLayoutOp> x, Shape shape) { return same(x.getInput(), shape); }

//===--------------------------------------------------------------------===//
// Dispatch
//===--------------------------------------------------------------------===//

// Convolutions work on their padded input, one image at a time; a stem also holds the map between its windows.
static bool hasLargeIntermediate(Operation *op, int64_t batch) {
  if (auto stem = dyn_cast<FusedStemOp>(op)) {
    const std::array<int64_t, 2> map = stem.getConvolvedMap();
    if (isTooLarge({batch, stem.getType().getDimSize(1), map[0], map[1]}))
      return true;
  }
  return TypeSwitch<Operation *, bool>(op)
      .Case<Conv2dOp, FusedConv2dOp, FusedStemOp>([](auto conv) {
        Shape shape = conv.getInput().getType().getShape();
        const Halo pad = toHalo(conv.getPadding());
        return isTooLarge({shape[1], pad.top + shape[2] + pad.bottom, pad.left + shape[3] + pad.right});
      })
      .Default(false);
}

FailureOr<Tensor> resnet::evaluate(Operation *op, ArrayRef<TensorView> operands) {
  auto type = op->getNumResults() == 1 ? dyn_cast<RankedTensorType>(op->getResult(0).getType()) : RankedTensorType();
  if (!type || operands.empty() || operands.size() != op->getNumOperands())
    return op->emitOpError() << "cannot be interpreted on " << operands.size() << " tensors";
  SmallVector<int64_t> shape(type.getShape());
  if (ShapedType::isDynamic(shape[0]))
    shape[0] = operands[0].shape[0];
  if (isTooLarge(shape) || hasLargeIntermediate(op, shape[0]))
    return op->emitOpError() << "is too large to be interpreted: expected at most " << kMostElements << " elements, got " << type;
  return TypeSwitch<Operation *, FailureOr<Tensor>>(op)
      .Case<Conv2dOp, FusedConv2dOp, FusedStemOp, BatchNormOp, GroupNormOp, FusedElementwiseOp, ReluOp, SigmoidOp, SiluOp,
            HardSigmoidOp, HardSwishOp, ClipOp, FakeQuantizeOp, AddOp, MulOp, ExpandOp, ConcatOp, MaxPool2dOp, AvgPool2dOp,
            GlobalAvgPoolOp, GlobalMaxPoolOp, LinearOp, FusedHeadOp, SoftmaxOp, PadOp, SliceOp, SubsampleOp, TransposeOp,
            FlattenOp, ReshapeOp, DropoutOp, ConvertLayoutOp>([&](auto concrete) -> FailureOr<Tensor> {
        return compute(concrete, Operands<decltype(concrete)>(operands, concrete), shape);
      })
      .Default([](Operation *other) -> FailureOr<Tensor> { return other->emitOpError("cannot be interpreted"); });
}
