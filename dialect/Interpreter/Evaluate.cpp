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
                           op.getGroups(), {x.getBias(), {}, false, {}}, shape);
}

static Tensor subsample(TensorView input, ArrayRef<int64_t> strides, ArrayRef<int64_t> channelPadding, Shape shape) {
  return reference::copy(input, {-channelPadding[0], 0, 0}, {1, strides[0], strides[1]}, 0, shape);
}

static Tensor compute(FusedConv2dOp op, Operands<FusedConv2dOp> x, Shape shape) {
  Tensor subsampled;
  TensorView addend = x.getAddend();
  if (op.subsamplesAddend())
    addend = subsampled = subsample(addend, op.getAddendStrides(), op.getAddendChannelPadding(), shape);
  return reference::conv2d(
      x.getInput(), x.getFilter(), window(x.getFilter().shape.drop_front(2), op.getStrides(), op.getDilations(), op.getPadding()),
      op.getGroups(), {x.getBias(), addend, op.getActivation() == Activation::Relu, op.getActivatedChannels()}, shape);
}

static Tensor compute(FusedStemOp op, Operands<FusedStemOp> x, Shape shape) {
  const std::array<int64_t, 2> map = op.getConvolvedMap();
  const Tensor convolved = reference::conv2d(
      x.getInput(), x.getFilter(), window(x.getFilter().shape.drop_front(2), op.getStrides(), {1, 1}, op.getPadding()), 1,
      {x.getBias(), {}, op.getActivation() == Activation::Relu, {}}, {shape[0], shape[1], map[0], map[1]});
  return reference::maxPool2d(convolved, window(op.getPoolKernel(), op.getPoolStrides(), {1, 1}, op.getPoolPadding()), shape);
}

static Tensor compute(BatchNormOp op, Operands<BatchNormOp> x, Shape) {
  return reference::batchNorm(x.getInput(), x.getScale(), x.getOffset(), x.getMean(), x.getVariance(),
                              op.getEpsilon().convertToFloat());
}

static Tensor compute(FusedElementwiseOp op, Operands<FusedElementwiseOp> x, Shape) {
  return reference::elementwise(x.getInput(), x.getScale(), x.getShift(), x.getAddend(), op.getActivation() == Activation::Relu);
}

static Tensor compute(ReluOp, Operands<ReluOp> x, Shape) { return reference::elementwise(x.getInput(), {}, {}, {}, true); }

static Tensor compute(AddOp, Operands<AddOp> x, Shape) { return reference::elementwise(x.getLhs(), {}, {}, x.getRhs(), false); }

static Tensor compute(MaxPool2dOp op, Operands<MaxPool2dOp> x, Shape shape) {
  return reference::maxPool2d(x.getInput(), window(op.getKernel(), op.getStrides(), op.getDilations(), op.getPadding()), shape);
}

static Tensor compute(AvgPool2dOp op, Operands<AvgPool2dOp> x, Shape shape) {
  return reference::avgPool2d(x.getInput(), window(op.getKernel(), op.getStrides(), {1, 1}, op.getPadding()),
                              op.getCountIncludePad(), shape);
}

static Tensor compute(GlobalAvgPoolOp, Operands<GlobalAvgPoolOp> x, Shape) { return reference::globalAvgPool(x.getInput()); }

static Tensor compute(LinearOp, Operands<LinearOp> x, Shape) {
  return reference::linear(x.getInput(), x.getWeight(), x.getBias());
}

static Tensor compute(FusedHeadOp op, Operands<FusedHeadOp> x, Shape) {
  return reference::head(x.getInput(), x.getWeight(), x.getBias(), op.getSoftmax());
}

static Tensor compute(SoftmaxOp, Operands<SoftmaxOp> x, Shape) { return reference::softmax(x.getInput()); }

static Tensor compute(PadOp op, Operands<PadOp> x, Shape shape) {
  std::array<int64_t, 3> offsets = triple(op.getLow());
  for (int64_t &offset : offsets)
    offset = -offset;
  return reference::copy(x.getInput(), offsets, {1, 1, 1}, op.getValue().convertToFloat(), shape);
}

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
      .Case<Conv2dOp, FusedConv2dOp, FusedStemOp, BatchNormOp, FusedElementwiseOp, ReluOp, AddOp, MaxPool2dOp, AvgPool2dOp,
            GlobalAvgPoolOp, LinearOp, FusedHeadOp, SoftmaxOp, PadOp, SliceOp, SubsampleOp, TransposeOp, FlattenOp, DropoutOp,
            ConvertLayoutOp>([&](auto concrete) -> FailureOr<Tensor> {
        return compute(concrete, Operands<decltype(concrete)>(operands, concrete), shape);
      })
      .Default([](Operation *other) -> FailureOr<Tensor> { return other->emitOpError("cannot be interpreted"); });
}
