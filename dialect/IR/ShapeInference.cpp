// Result types of the graph level. Every size is checked in 64 bits before it is used, so that no attribute can overflow.
// The labels (conv2d_c1, ...) are those of docs/Spec.md.

#include "dialect/IR/Layouts.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace resnet;

namespace {

// Reports `message...` at an operation of kind Op.
template <typename Op, typename... Args> LogicalResult fail(std::optional<Location> loc, Args &&...message) {
  return emitOptionalError(loc, "'", Op::getOperationName(), "' op ", std::forward<Args>(message)...);
}

// The operation's name without the dialect's, which labels begin with.
template <typename Op> StringRef mnemonic() { return Op::getOperationName().split('.').second; }

// [2, 2] as text for messages.
std::string text(ArrayRef<int64_t> values) {
  std::string s = "[";
  llvm::raw_string_ostream os(s);
  llvm::interleaveComma(values, os);
  return s + "]";
}

RankedTensorType ranked(Value value) { return cast<RankedTensorType>(value.getType()); }

// Windows along one dimension; -1 where none fits.
int64_t windows(int64_t size, int64_t before, int64_t after, int64_t kernel, int64_t stride, int64_t dilation, bool ceilMode) {
  const int64_t extent = size + before + after - (dilation * (kernel - 1) + 1);
  if (extent < 0)
    return -1;
  int64_t count = (ceilMode ? ceilDiv(extent, stride) : extent / stride) + 1;
  // ONNX and PyTorch: a window that would begin in the trailing padding is dropped.
  if (ceilMode && (count - 1) * stride >= size + before)
    --count;
  return count;
}

// Every window holds an element of the input: those that begin before it reach into it, and the last begins in it.
bool everyWindowHolds(int64_t size, int64_t before, int64_t kernel, int64_t stride, int64_t dilation, int64_t count) {
  int64_t start = -before;
  for (int64_t i = 0; i < count && start < 0; ++i, start += stride) {
    const int64_t tap = ceilDiv(-start, dilation); // the first inside or behind
    if (tap >= kernel || start + tap * dilation >= size)
      return false;
  }
  return (count - 1) * stride - before < size;
}

bool inRange(ArrayRef<int64_t> values, size_t count, int64_t least) {
  return values.size() == count && llvm::all_of(values, [&](int64_t v) { return v >= least && v <= kLargestSize; });
}

// The labels of a window's rules begin with this number. A convolution's first rule is about its filter.
enum FirstRule { kOfPool = 1, kOfConv = 2, kOfStemPool = 6 };

// conv2d_c2, fused_conv2d_c2, fused_stem_c2, max_pool2d_c1, avg_pool2d_c1, fused_stem_c6: kernels, strides and dilations are
// positive, padding is not negative. conv2d_c3, fused_conv2d_c3, fused_stem_c3, max_pool2d_c2, avg_pool2d_c2, fused_stem_c7: the
// window fits into the padded input. max_pool2d_c3, avg_pool2d_c3, fused_stem_c8: every window holds an element of the input.
template <typename Op>
LogicalResult inferWindow(std::optional<Location> loc, FirstRule firstRule, RankedTensorType input, int64_t channels,
                          ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides, ArrayRef<int64_t> padding,
                          ArrayRef<int64_t> dilations, bool ceilMode, SmallVectorImpl<Type> &types) {
  auto label = [&](int index) { return (mnemonic<Op>() + "_c" + Twine(firstRule + index)).str(); };
  if (!inRange(kernel, 2, 1) || !inRange(strides, 2, 1) || !inRange(dilations, 2, 1))
    return fail<Op>(loc, label(0), ": expected two positive numbers each for kernel, stride and dilation, got ", text(kernel),
                    ", ", text(strides), " and ", text(dilations));
  if (!inRange(padding, 4, 0))
    return fail<Op>(loc, label(0), ": expected four non-negative numbers for pad, got ", text(padding));
  SmallVector<int64_t> shape{input.getDimSize(0), channels};
  for (int i : {0, 1}) {
    const int64_t size = input.getDimSize(2 + i);
    const int64_t count = windows(size, padding[i], padding[2 + i], kernel[i], strides[i], dilations[i], ceilMode);
    if (count < 1)
      return fail<Op>(loc, label(1), ": expected a window that fits into the padded input, got kernel ", text(kernel),
                      ", dilation ", text(dilations), " and pad ", text(padding), " on ", input);
    if (firstRule != kOfConv && !everyWindowHolds(size, padding[i], kernel[i], strides[i], dilations[i], count))
      return fail<Op>(loc, label(2), ": expected every window to hold an element of the input, got kernel ", text(kernel),
                      ", stride ", text(strides), ", dilation ", text(dilations), " and pad ", text(padding), " on ", input);
    shape.push_back(count);
  }
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

// conv2d_c1, fused_conv2d_c1: the filter has the input's channels, divided by the groups. conv2d_c4, fused_conv2d_c4: groups
// divide input and output channels. conv2d_c5, fused_conv2d_c5: the filter is static.
template <typename Op>
LogicalResult inferConv(std::optional<Location> loc, typename Op::Adaptor op, SmallVectorImpl<Type> &types) {
  RankedTensorType input = ranked(op.getInput()), filter = ranked(op.getFilter());
  const int64_t channels = input.getDimSize(1), groups = op.getGroups();
  if (!filter.hasStaticShape())
    return fail<Op>(loc, mnemonic<Op>(), "_c5: expected a static filter, got ", filter);
  if (groups < 1 || channels % groups || filter.getDimSize(0) % groups)
    return fail<Op>(loc, mnemonic<Op>(), "_c4: expected groups that divide ", channels, " input and ", filter.getDimSize(0),
                    " output channels, got ", groups);
  if (filter.getDimSize(1) != channels / groups)
    return fail<Op>(loc, mnemonic<Op>(), "_c1: expected a filter for ", channels / groups, " input channels a group, got ",
                    filter.getDimSize(1));
  return inferWindow<Op>(loc, kOfConv, input, filter.getDimSize(0), filter.getShape().drop_front(2), op.getStrides(),
                         op.getPadding(), op.getDilations(), false, types);
}

LogicalResult inferSame(Value input, SmallVectorImpl<Type> &types) {
  types.push_back(withEncoding(ranked(input), {}));
  return success();
}

LogicalResult inferGlobalPool(Value input, SmallVectorImpl<Type> &types) {
  RankedTensorType type = ranked(input);
  types.push_back(RankedTensorType::get({type.getDimSize(0), type.getDimSize(1), 1, 1}, type.getElementType()));
  return success();
}

// linear_c1, fused_head_c1: the weight has one column an input feature.
template <typename Op>
LogicalResult inferLinear(std::optional<Location> loc, StringRef label, RankedTensorType input, RankedTensorType weight,
                          SmallVectorImpl<Type> &types) {
  if (!weight.hasStaticShape() || input.getDimSize(1) != weight.getDimSize(1))
    return fail<Op>(loc, label, ": expected a weight for ", input.getDimSize(1), " input features, got ", weight);
  types.push_back(RankedTensorType::get({input.getDimSize(0), weight.getDimSize(0)}, input.getElementType()));
  return success();
}

} // namespace

// result_c1: the result has the inferred shape; its encoding is free.
#define INFER(OP)                                                                                                                \
  bool OP::isCompatibleReturnTypes(TypeRange l, TypeRange r) { return l.size() == 1 && r.size() == 1 && sameShape(l[0], r[0]); } \
  LogicalResult OP::inferReturnTypes(MLIRContext *, [[maybe_unused]] std::optional<Location> loc, Adaptor op,                    \
                                     SmallVectorImpl<Type> &types)

INFER(Conv2dOp) { return inferConv<Conv2dOp>(loc, op, types); }
INFER(FusedConv2dOp) {
  if (failed(inferConv<FusedConv2dOp>(loc, op, types)))
    return failure();
  if (op.getKeepsSum()) {
    auto sum = cast<RankedTensorType>(types.front());
    SmallVector<int64_t> shape(sum.getShape());
    shape[1] *= 2;
    types.front() = RankedTensorType::get(shape, sum.getElementType());
  }
  return success();
}
INFER(BatchNormOp) { return inferSame(op.getInput(), types); }
INFER(ReluOp) { return inferSame(op.getInput(), types); }
INFER(SigmoidOp) { return inferSame(op.getInput(), types); }
INFER(SiluOp) { return inferSame(op.getInput(), types); }
INFER(HardSigmoidOp) { return inferSame(op.getInput(), types); }
INFER(HardSwishOp) { return inferSame(op.getInput(), types); }
INFER(ClipOp) { return inferSame(op.getInput(), types); }
INFER(FakeQuantizeOp) { return inferSame(op.getInput(), types); }
INFER(GroupNormOp) { return inferSame(op.getInput(), types); }
INFER(FusedElementwiseOp) { return inferSame(op.getInput(), types); }
INFER(SoftmaxOp) { return inferSame(op.getInput(), types); }
INFER(DropoutOp) { return inferSame(op.getInput(), types); }
INFER(ConvertLayoutOp) { return inferSame(op.getInput(), types); }

// add_c1: both operands have the same shape.
INFER(AddOp) {
  if (!sameShape(op.getLhs().getType(), op.getRhs().getType()))
    return fail<AddOp>(loc, "add_c1: expected operands of one shape, got ", op.getLhs().getType(), " and ",
                       op.getRhs().getType());
  return inferSame(op.getLhs(), types);
}

// mul_c1: both operands have the same shape, or the second is [N, C, 1, 1] beside a map of N images and C channels.
INFER(MulOp) {
  RankedTensorType lhs = ranked(op.getLhs()), rhs = ranked(op.getRhs());
  if (!isGateOf(rhs, lhs) && !sameShape(lhs, rhs))
    return fail<MulOp>(loc, "mul_c1: expected operands of one shape or a second operand [N, C, 1, 1], got ", lhs, " and ", rhs);
  return inferSame(op.getLhs(), types);
}

// expand_c1: the input's maps are of one element. expand_c2: the size is two positive numbers.
INFER(ExpandOp) {
  RankedTensorType input = ranked(op.getInput());
  if (!allEqual(input.getShape().drop_front(2), 1))
    return fail<ExpandOp>(loc, "expand_c1: expected an input [N, C, 1, 1], got ", input);
  if (!inRange(op.getSize(), 2, 1))
    return fail<ExpandOp>(loc, "expand_c2: expected a size of two positive numbers, got ", text(op.getSize()));
  types.push_back(RankedTensorType::get({input.getDimSize(0), input.getDimSize(1), op.getSize()[0], op.getSize()[1]},
                                        input.getElementType()));
  return success();
}

// concat_c1: there is an input. concat_c2: all have the same batch, rows and columns.
INFER(ConcatOp) {
  if (op.getInputs().empty())
    return fail<ConcatOp>(loc, "concat_c1: expected at least one input");
  RankedTensorType first = ranked(op.getInputs().front());
  SmallVector<int64_t> shape(first.getShape());
  for (Value input : op.getInputs().drop_front()) {
    RankedTensorType type = ranked(input);
    if (type.getDimSize(0) != shape[0] || type.getShape().drop_front(2) != first.getShape().drop_front(2))
      return fail<ConcatOp>(loc, "concat_c2: expected inputs that differ in their channels only, got ", first, " and ", type);
    shape[1] += type.getDimSize(1);
  }
  types.push_back(RankedTensorType::get(shape, first.getElementType()));
  return success();
}

INFER(MaxPool2dOp) {
  RankedTensorType input = ranked(op.getInput());
  return inferWindow<MaxPool2dOp>(loc, kOfPool, input, input.getDimSize(1), op.getKernel(), op.getStrides(), op.getPadding(),
                                  op.getDilations(), op.getCeilMode(), types);
}

// fused_stem_c1: the filter has the input's channels. fused_stem_c4: the filter is static.
INFER(FusedStemOp) {
  RankedTensorType input = ranked(op.getInput()), filter = ranked(op.getFilter());
  if (!filter.hasStaticShape())
    return fail<FusedStemOp>(loc, "fused_stem_c4: expected a static filter, got ", filter);
  if (filter.getDimSize(1) != input.getDimSize(1))
    return fail<FusedStemOp>(loc, "fused_stem_c1: expected a filter for ", input.getDimSize(1), " input channels, got ",
                             filter.getDimSize(1));
  SmallVector<Type> convolved;
  if (failed(inferWindow<FusedStemOp>(loc, kOfConv, input, filter.getDimSize(0), filter.getShape().drop_front(2), op.getStrides(),
                                      op.getPadding(), {1, 1}, false, convolved)))
    return failure();
  return inferWindow<FusedStemOp>(loc, kOfStemPool, cast<RankedTensorType>(convolved.front()), filter.getDimSize(0),
                                  op.getPoolKernel(), op.getPoolStrides(), op.getPoolPadding(), {1, 1}, false, types);
}

INFER(AvgPool2dOp) {
  RankedTensorType input = ranked(op.getInput());
  return inferWindow<AvgPool2dOp>(loc, kOfPool, input, input.getDimSize(1), op.getKernel(), op.getStrides(), op.getPadding(),
                                  {1, 1}, op.getCeilMode(), types);
}

INFER(GlobalAvgPoolOp) { return inferGlobalPool(op.getInput(), types); }
INFER(GlobalMaxPoolOp) { return inferGlobalPool(op.getInput(), types); }

INFER(FlattenOp) {
  RankedTensorType input = ranked(op.getInput());
  types.push_back(RankedTensorType::get({input.getDimSize(0), ShapedType::getNumElements(input.getShape().drop_front())},
                                        input.getElementType()));
  return success();
}

// reshape_c1: the shape is one or three positive numbers. reshape_c2: an image keeps its number of elements.
INFER(ReshapeOp) {
  RankedTensorType input = ranked(op.getInput());
  ArrayRef<int64_t> shape = op.getShape();
  if (!inRange(shape, 1, 1) && !inRange(shape, 3, 1))
    return fail<ReshapeOp>(loc, "reshape_c1: expected one or three positive numbers, got ", text(shape));
  uint64_t elements = 1; // three numbers of up to 2^24 may be too many
  for (int64_t size : shape)
    elements = llvm::SaturatingMultiply(elements, static_cast<uint64_t>(size));
  const int64_t expected = ShapedType::getNumElements(input.getShape().drop_front());
  if (elements != static_cast<uint64_t>(expected))
    return fail<ReshapeOp>(loc, "reshape_c2: expected a shape of the ", expected, " elements that an image of ", input,
                           " has, got ", text(shape));
  SmallVector<int64_t> result{input.getDimSize(0)};
  llvm::append_range(result, shape);
  types.push_back(RankedTensorType::get(result, input.getElementType()));
  return success();
}

INFER(LinearOp) { return inferLinear<LinearOp>(loc, "linear_c1", ranked(op.getInput()), ranked(op.getWeight()), types); }

INFER(FusedHeadOp) {
  return inferLinear<FusedHeadOp>(loc, "fused_head_c1", ranked(op.getInput()), ranked(op.getWeight()), types);
}

// pad_c1: low and high are three non-negative numbers. pad_c2: a reflection lies inside the input. pad_c3: only constant padding
// has a value.
INFER(PadOp) {
  RankedTensorType input = ranked(op.getInput());
  if (!inRange(op.getLow(), 3, 0) || !inRange(op.getHigh(), 3, 0))
    return fail<PadOp>(loc, "pad_c1: expected three non-negative numbers each for low and high, got ", text(op.getLow()), " and ",
                       text(op.getHigh()));
  SmallVector<int64_t> shape(input.getShape());
  for (int i : {0, 1, 2}) {
    if (op.getMode() == PadMode::Reflect && std::max(op.getLow()[i], op.getHigh()[i]) >= shape[1 + i])
      return fail<PadOp>(loc, "pad_c2: expected to reflect less than the ", shape[1 + i], " elements of dimension ", 1 + i,
                         " of ", input, ", got low ", text(op.getLow()), " and high ", text(op.getHigh()));
    shape[1 + i] += op.getLow()[i] + op.getHigh()[i];
  }
  if (op.getMode() != PadMode::Constant && !op.getValue().isPosZero())
    return fail<PadOp>(loc, "pad_c3: expected no value in mode ", stringifyPadMode(op.getMode()), ", got ", op.getValueAttr());
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

// slice_c1: three offsets, sizes and strides. slice_c2: the range lies inside the input.
INFER(SliceOp) {
  RankedTensorType input = ranked(op.getInput());
  if (!inRange(op.getOffsets(), 3, 0) || !inRange(op.getSizes(), 3, 1) || !inRange(op.getStrides(), 3, 1))
    return fail<SliceOp>(loc, "slice_c1: expected three numbers each, offsets >= 0, sizes and strides >= 1, got ",
                         text(op.getOffsets()), ", ", text(op.getSizes()), " and ", text(op.getStrides()));
  SmallVector<int64_t> shape{input.getDimSize(0)};
  for (int i : {0, 1, 2}) {
    if (op.getOffsets()[i] + (op.getSizes()[i] - 1) * op.getStrides()[i] >= input.getDimSize(1 + i))
      return fail<SliceOp>(loc, "slice_c2: expected a range inside ", input, ", got offsets ", text(op.getOffsets()), ", sizes ",
                           text(op.getSizes()), " and strides ", text(op.getStrides()));
    shape.push_back(op.getSizes()[i]);
  }
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

// subsample_c1: two positive strides and two non-negative paddings.
INFER(SubsampleOp) {
  RankedTensorType input = ranked(op.getInput());
  if (!inRange(op.getStrides(), 2, 1) || !inRange(op.getChannelPadding(), 2, 0))
    return fail<SubsampleOp>(loc, "subsample_c1: expected two positive strides and two non-negative channel paddings, got ",
                             text(op.getStrides()), " and ", text(op.getChannelPadding()));
  types.push_back(
      RankedTensorType::get({input.getDimSize(0), input.getDimSize(1) + op.getChannelPadding()[0] + op.getChannelPadding()[1],
                             ceilDiv(input.getDimSize(2), op.getStrides()[0]), ceilDiv(input.getDimSize(3), op.getStrides()[1])},
                            input.getElementType()));
  return success();
}

// transpose_c1: a permutation of [0, 1, 2, 3] that keeps the batch first.
INFER(TransposeOp) {
  RankedTensorType input = ranked(op.getInput());
  SmallVector<int64_t> sorted(op.getPermutation());
  llvm::sort(sorted);
  if (ArrayRef<int64_t>(sorted) != ArrayRef<int64_t>{0, 1, 2, 3} || op.getPermutation()[0] != 0)
    return fail<TransposeOp>(loc, "transpose_c1: expected a permutation of [0, 1, 2, 3] that begins with 0, got ",
                             text(op.getPermutation()));
  SmallVector<int64_t> shape;
  for (int64_t p : op.getPermutation())
    shape.push_back(input.getDimSize(p));
  types.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}
