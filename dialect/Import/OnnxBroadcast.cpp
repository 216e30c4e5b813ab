// Sums and products: of two activations, of an activation and constants of its channels, of constants.

#include "dialect/Import/OnnxFolding.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace resnet;

//===--------------------------------------------------------------------===//
// A scale and a shift of each channel
//===--------------------------------------------------------------------===//

namespace {
// What becomes of channel c: x * scale[c] + shift[c]. An empty list leaves it out.
struct Affine {
  SmallVector<float> scale, shift;
  std::string name; // of the constant

  float scaleAt(int64_t c) const { return scale.empty() ? 1 : scale[c]; }
  float shiftAt(int64_t c) const { return shift.empty() ? 0 : shift[c]; }
};
} // namespace

static Value makeVector(OnnxNode &node, int64_t channels, const Twine &name, function_ref<float(int64_t)> element) {
  std::shared_ptr<float> data = node.reserve(channels) ? allocateFloats(channels) : nullptr;
  if (!data) {
    node.error("cannot allocate " + Twine(channels) + " elements");
    return {};
  }
  for (int64_t c = 0; c < channels; ++c)
    data.get()[c] = element(c);
  return node.weight(HostTensor::ofFloats({channels}, std::move(data)), name.str(), /*shared=*/false);
}

// The elements of a vector that an earlier node made a constant.
static SmallVector<float> readVector(Value vector) {
  ElementsAttr elements = cast<ConstantOp>(vector.getDefiningOp()).getValue();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements))
    return llvm::to_vector(*cast<DenseF32ResourceElementsAttr>(resource).tryGetAsArrayRef());
  return llvm::to_vector(cast<DenseElementsAttr>(elements).getValues<float>());
}

// The operations that end with a scale or a shift take it over. The changed operation stands beside the old one, which other
// names may still mean: where none does, the import's last step removes it.
static Value foldIntoProducer(OnnxNode &node, Value input, const Affine &affine) {
  Operation *producer = input.getDefiningOp();
  if (!producer)
    return {};
  auto scaled = [&](Value vector, StringRef suffix) {
    const SmallVector<float> old = readVector(vector);
    return makeVector(node, old.size(), affine.name + suffix, [&](int64_t c) { return old[c] * affine.scaleAt(c); });
  };
  auto shifted = [&](Value vector, StringRef suffix) {
    const SmallVector<float> old = readVector(vector);
    return makeVector(node, old.size(), affine.name + suffix,
                      [&](int64_t c) { return old[c] * affine.scaleAt(c) + affine.shiftAt(c); });
  };
  auto bias = [&] { return makeVector(node, shapeOf(input)[1], affine.name, [&](int64_t c) { return affine.shiftAt(c); }); };
  const Location old = node.location;
  node.location = FusedLoc::get(node.location.getContext(), {producer->getLoc(), node.location});
  if (auto linear = dyn_cast<LinearOp>(producer); linear && !linear.getBias() && affine.scale.empty())
    return node.create<LinearOp>(linear.getInput(), linear.getWeight(), bias());
  if (auto conv = dyn_cast<Conv2dOp>(producer); conv && !conv.getBias() && affine.scale.empty())
    return node.create<Conv2dOp>(conv.getInput(), conv.getFilter(), bias(), conv.getStrides(), conv.getPadding(),
                                 conv.getDilations(), conv.getGroups());
  if (auto norm = dyn_cast<GroupNormOp>(producer))
    return node.create<GroupNormOp>(norm.getInput(), scaled(norm.getScale(), ".scale"), shifted(norm.getOffset(), ".offset"),
                                    norm.getGroups(), norm.getEpsilon());
  if (auto norm = dyn_cast<BatchNormOp>(producer))
    return node.create<BatchNormOp>(norm.getInput(), scaled(norm.getScale(), ".scale"), shifted(norm.getOffset(), ".offset"),
                                    norm.getMean(), norm.getVariance(), norm.getEpsilon());
  node.location = old;
  return {};
}

// Otherwise it is a batch normalisation of mean 0 and variance 1, for which the passes know what to do.
static OnnxActivation applyAffine(OnnxNode &node, const OnnxActivation &input, const Affine &affine) {
  if (!node.failed() && (input.shape.size() < 2 || input.shape.size() > 4))
    node.error("expected an activation of rank 2 to 4, got shape " + formatShape(input.shape));
  const Value value = node.withChannels(input);
  if (node.failed())
    return input;
  const int64_t channels = input.shape[1];
  if (Value folded = foldIntoProducer(node, value, affine); folded || node.failed())
    return {folded, input.shape};
  Value scale = makeVector(node, channels, affine.name + ".scale", [&](int64_t c) { return affine.scaleAt(c); });
  Value offset = makeVector(node, channels, affine.name + ".offset", [&](int64_t c) { return affine.shiftAt(c); });
  Value mean = node.weight(HostTensor::ofSplat({channels}, 0), affine.name + ".mean", /*shared=*/false);
  Value variance = node.weight(HostTensor::ofSplat({channels}, 1), affine.name + ".variance", /*shared=*/false);
  return {node.create<BatchNormOp>(value, scale, offset, mean, variance, APFloat(0.0f)), input.shape};
}

// The constant's element for each channel of an activation; reports one that differs within a channel.
static SmallVector<float> channelElements(OnnxNode &node, const HostTensor &constant, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> aligned(std::max(shape.size(), constant.shape.size()) - constant.shape.size(), 1);
  aligned.append(constant.shape.begin(), constant.shape.end());
  if (shape.size() < 2 || shape.size() > 4) {
    node.error("expected an activation of rank 2 to 4 beside the constant, got shape " + formatShape(shape));
    return {};
  }
  SmallVector<int64_t> expected(shape.size(), 1);
  expected[1] = shape[1];
  const bool single = constant.isFloat() && aligned.size() == shape.size() && constant.count() == 1;
  if (!constant.isFloat() || (!single && aligned != expected)) {
    node.error("expected a constant of one number, or of one a channel in shape " + formatShape(expected) + ", got shape " +
               formatShape(constant.shape));
    return {};
  }
  return llvm::map_to_vector(llvm::seq<int64_t>(0, shape[1]), [&](int64_t c) { return constant.floatAt(single ? 0 : c); });
}

static OnnxActivation negated(OnnxNode &node, const OnnxActivation &input, StringRef name) {
  return applyAffine(node, input, {SmallVector<float>(input.shape.size() < 2 ? 0 : input.shape[1], -1), {}, name.str()});
}

static void importWithConstant(OnnxNode &node, size_t activationAt, HostTensor constant) {
  const OnnxActivation input = node.activation(activationAt);
  if (node.failed())
    return;
  Affine affine;
  affine.name = node.inputName(1 - activationAt).str();
  SmallVector<float> elements = channelElements(node, constant, input.shape);
  const int64_t channels = elements.size();
  StringRef operation = node.operation();
  if (operation == "Mul" || operation == "Div") {
    if (operation == "Div" && activationAt == 1)
      return node.error("expected a constant divisor, got a constant that is divided by an activation");
    if (operation == "Div" && llvm::is_contained(elements, 0.0f))
      return node.error("expected a divisor that is not 0");
    affine.scale = operation == "Mul" ? elements : llvm::map_to_vector(elements, [](float x) { return 1 / x; });
  } else {
    const bool negated = operation == "Sub" && activationAt == 0;
    affine.shift = llvm::map_to_vector(elements, [&](float x) { return negated ? -x : x; });
    if (operation == "Sub" && activationAt == 1)
      affine.scale.assign(channels, -1);
  }
  const OnnxActivation result = applyAffine(node, input, affine);
  if (!node.failed())
    node.result(result);
}

//===--------------------------------------------------------------------===//
// Two activations
//===--------------------------------------------------------------------===//

// Of one shape, or a map and one element for each of its channels, in either order.
static OnnxActivation combine(OnnxNode &node, const OnnxActivation &a, const OnnxActivation &b, bool product) {
  auto create = [&](Value x, Value y) { return product ? node.create<MulOp>(x, y) : node.create<AddOp>(x, y); };
  if (a.shape == b.shape) {
    const bool pending = shapeOf(a.value) == shapeOf(b.value);
    const bool direct = a.shape.size() == 2 || a.shape.size() == 4;
    // Operands that lie alike are combined as they are, whatever shape they are to be seen in.
    Value x = pending ? a.value : node.reshaped(a, direct ? ArrayRef<int64_t>(a.shape) : shapeOf(a.value));
    Value y = pending ? b.value : node.reshaped(b, direct ? ArrayRef<int64_t>(b.shape) : shapeOf(a.value));
    return {node.failed() ? Value() : create(x, y), a.shape};
  }
  const bool ranks = a.shape.size() == b.shape.size() && a.shape.size() >= 2 && a.shape.size() <= 4;
  const SmallVector<int64_t> mapA = ranks ? mapShape(a.shape) : a.shape, mapB = ranks ? mapShape(b.shape) : b.shape;
  auto isGate = [&](ArrayRef<int64_t> gate, ArrayRef<int64_t> map) {
    return gate[0] == map[0] && gate[1] == map[1] && gate[2] == 1 && gate[3] == 1;
  };
  if (!ranks || !(isGate(mapA, mapB) || isGate(mapB, mapA))) {
    node.error("expected operands of one shape, or [N, C, 1, 1] beside [N, C, H, W], got " + formatShape(a.shape) + " and " +
               formatShape(b.shape));
    return a;
  }
  const bool firstIsMap = isGate(mapB, mapA);
  const OnnxActivation &map = firstIsMap ? a : b;
  Value x = node.reshaped(map, firstIsMap ? mapA : mapB), gate = node.reshaped(firstIsMap ? b : a, firstIsMap ? mapB : mapA);
  if (!product && !node.failed())
    gate = node.create<ExpandOp>(gate, shapeOf(x).drop_front(2));
  return {node.failed() ? Value() : create(x, gate), map.shape};
}

// Opset 6 aligns a constant by an attribute, not from the last axis on.
static HostTensor alignedByAxis(OnnxNode &node, size_t i, size_t rank) {
  HostTensor constant = node.constant(i);
  if (node.failed() || node.opset() >= 7)
    return constant;
  const bool broadcasts = node.integer("broadcast", 0) != 0;
  const int64_t standard = static_cast<int64_t>(rank) - static_cast<int64_t>(constant.shape.size());
  const int64_t axis = node.integer("axis", standard);
  if (broadcasts && axis >= 0 && axis <= standard)
    constant.shape.append(standard - axis, 1);
  return constant;
}

static void importArithmetic(OnnxNode &node) {
  node.expectInputs(2, 2);
  if (node.opset() < 7)
    node.ignore({"axis", "broadcast"}); // of constants; activations of other shapes are refused
  if (node.allConstant())
    return foldBinary(node, node.constant(0), alignedByAxis(node, 1, node.shape(0).size()));
  if (node.failed())
    return;
  for (size_t i : {0, 1})
    if (node.isConstant(i))
      return importWithConstant(node, 1 - i, alignedByAxis(node, i, node.shape(1 - i).size()));
  StringRef operation = node.operation();
  OnnxActivation a = node.activation(0), b = node.activation(1);
  if (operation == "Div")
    return node.error("expected a constant divisor, got an activation");
  if (operation == "Sub" && !node.failed())
    b = negated(node, b, node.inputName(1));
  const OnnxActivation result = node.failed() ? a : combine(node, a, b, operation == "Mul");
  if (!node.failed())
    node.result(result);
}

static void importNeg(OnnxNode &node) {
  if (node.allConstant())
    return foldUnary(node);
  node.expectInputs(1, 1);
  const OnnxActivation input = node.activation(0);
  const OnnxActivation result = node.failed() ? input : negated(node, input, node.inputName(0));
  if (!node.failed())
    node.result(result);
}

static void importSum(OnnxNode &node) {
  if (node.numInputs() == 2)
    return importArithmetic(node);
  node.expectInputs(1, 1024);
  OnnxActivation sum = node.activation(0);
  for (size_t i = 1; i < node.numInputs() && !node.failed(); ++i)
    if (const OnnxActivation operand = node.activation(i); !node.failed())
      sum = combine(node, sum, operand, /*product=*/false);
  if (!node.failed())
    node.result(sum);
}

//===--------------------------------------------------------------------===//
// Expand
//===--------------------------------------------------------------------===//

// The common shape of an activation and the shape asked for, in which nothing stands for the dynamic batch.
static std::optional<SmallVector<int64_t>> expandedShape(ArrayRef<int64_t> shape, ArrayRef<HostTensor::Integer> asked) {
  if (asked.size() > shape.size())
    return std::nullopt;
  SmallVector<int64_t> result(shape);
  for (auto [i, size] : llvm::enumerate(asked)) {
    int64_t &dim = result[shape.size() - asked.size() + i];
    const int64_t wanted = size.value_or(ShapedType::kDynamic);
    if (wanted != 1 && dim != 1 && wanted != dim)
      return std::nullopt;
    dim = dim == 1 ? wanted : dim;
  }
  return result;
}

static void importExpand(OnnxNode &node) {
  node.expectInputs(2, 2);
  const HostTensor asked = node.constant(1);
  if (!node.failed() && (!asked.holdsIntegers() || asked.shape.size() != 1))
    node.error("expected a list of integers as the shape");
  const bool constant = node.isConstant(0);
  if (node.failed())
    return;
  if (constant) {
    const HostTensor tensor = node.constant(0);
    const SmallVector<int64_t> sizes = node.integerInput(1);
    std::optional<SmallVector<int64_t>> shape = broadcastShapes(tensor.shape, sizes);
    if (!node.failed() && (!shape || shape->size() > 8 || !countElements(*shape)))
      node.error("expected shapes that broadcast, of at most 8 dimensions, got " + formatShape(tensor.shape) + " and " +
                 formatShape(sizes));
    if (!node.failed())
      foldMoved(node, tensor, *shape, [&](int64_t i) { return broadcastIndex(i, *shape, tensor.shape); });
    return;
  }
  const OnnxActivation input = node.activation(0);
  if (node.failed())
    return;
  std::optional<SmallVector<int64_t>> shape = expandedShape(input.shape, asked.integers);
  if (shape && *shape == input.shape)
    return node.result(input);
  if (!shape || shape->size() != 4 || !llvm::equal(ArrayRef(*shape).take_front(2), ArrayRef(input.shape).take_front(2)) ||
      input.shape[2] != 1 || input.shape[3] != 1)
    return node.error("expected [N, C, 1, 1] to be expanded to [N, C, H, W], got " + formatShape(input.shape) +
                      (shape ? " to " + formatShape(*shape) : std::string(" and a shape that it does not broadcast to")));
  node.result(node.create<ExpandOp>(node.value(0, 4), ArrayRef(*shape).drop_front(2)));
}

void resnet::addBroadcastTranslations(OnnxTranslations &table) {
  for (StringRef operation : {"Add", "Sub", "Mul", "Div"})
    table[operation] = {importArithmetic, OnnxOperands::Both};
  table["Neg"] = {importNeg, OnnxOperands::Both};
  table["Sum"] = {importSum};
  table["Expand"] = {importExpand, OnnxOperands::Both};
}
