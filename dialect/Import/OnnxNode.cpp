// Access to an ONNX node's attributes and operands, with errors that name the node, what was expected and what was found.

#include "dialect/Import/OnnxNode.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace resnet;
using onnx::AttributeProto;

// Exporters may leave nodes unnamed; the first result has a name then.
static StringRef nodeName(const onnx::NodeProto &node) {
  return !node.name().empty() || !node.output_size() ? StringRef(node.name()) : StringRef(node.output(0));
}

OnnxNode::OnnxNode(OnnxGraph &graph, onnx::NodeProto &node)
    : graph(graph), location(NameLoc::get(graph.builder.getStringAttr(nodeName(node)))), node(node) {}

void OnnxNode::error(const Twine &message) {
  if (!hasFailed)
    graph.error() << "node '" << nodeName(node) << "' (" << node.op_type() << "): " << message;
  hasFailed = true;
}

LogicalResult OnnxNode::finish() {
  for (const AttributeProto &attribute : node.attribute())
    if (!hasFailed && !read.contains(attribute.name()))
      error("unsupported attribute '" + Twine(attribute.name()) + "'");
  return failure(hasFailed);
}

//===--------------------------------------------------------------------===//
// Attributes
//===--------------------------------------------------------------------===//

const AttributeProto *OnnxNode::find(StringRef name) const {
  for (const AttributeProto &attribute : node.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

const AttributeProto *OnnxNode::take(StringRef name, AttributeProto::AttributeType type, StringRef typeName) {
  read.insert(name);
  const AttributeProto *attribute = find(name);
  if (attribute && attribute->type() != type) {
    error("expected attribute '" + name + "' to be " + typeName);
    return nullptr;
  }
  return attribute;
}

int64_t OnnxNode::integer(StringRef name, int64_t standard) {
  const AttributeProto *attribute = take(name, AttributeProto::INT, "an integer");
  return attribute ? attribute->i() : standard;
}

float OnnxNode::real(StringRef name, float standard) {
  const AttributeProto *attribute = take(name, AttributeProto::FLOAT, "a number");
  return attribute ? attribute->f() : standard;
}

StringRef OnnxNode::text(StringRef name, StringRef standard) {
  const AttributeProto *attribute = take(name, AttributeProto::STRING, "a string");
  return attribute ? StringRef(attribute->s()) : standard;
}

SmallVector<int64_t> OnnxNode::integers(StringRef name, ArrayRef<int64_t> standard) {
  const AttributeProto *attribute = take(name, AttributeProto::INTS, "a list of integers");
  return attribute ? SmallVector<int64_t>(attribute->ints().begin(), attribute->ints().end()) : SmallVector<int64_t>(standard);
}

SmallVector<float> OnnxNode::reals(StringRef name) {
  const AttributeProto *attribute = take(name, AttributeProto::FLOATS, "a list of numbers");
  return attribute ? SmallVector<float>(attribute->floats().begin(), attribute->floats().end()) : SmallVector<float>();
}

HostTensor OnnxNode::tensor(StringRef name) {
  if (!take(name, AttributeProto::TENSOR, "a tensor"))
    return {};
  for (AttributeProto &attribute : *node.mutable_attribute())
    if (attribute.name() == name) {
      llvm::Expected<HostTensor> result = graph.read(*attribute.mutable_t());
      if (result)
        return *result;
      error("attribute '" + name + "': " + toString(result.takeError()));
    }
  return {};
}

void OnnxNode::ignore(std::initializer_list<StringRef> names) {
  for (StringRef name : names)
    read.insert(name);
}

//===--------------------------------------------------------------------===//
// Operands
//===--------------------------------------------------------------------===//

void OnnxNode::expectInputs(size_t least, size_t most) {
  size_t present = 0;
  for (size_t i = 0; i < least; ++i)
    present += hasInput(i);
  if (present < least || numInputs() > most)
    error(least == most ? "expected " + Twine(least) + " inputs, got " + Twine(numInputs())
                        : "expected " + Twine(least) + " to " + Twine(most) + " inputs, got " + Twine(numInputs()));
}

OnnxGraph::Imported *OnnxNode::lookup(size_t i) {
  if (hasFailed)
    return nullptr;
  if (!hasInput(i)) {
    error("expected an input at position " + Twine(i));
    return nullptr;
  }
  llvm::Expected<OnnxGraph::Imported *> value = graph.lookup(node.input(i));
  if (value)
    return *value;
  error(toString(value.takeError()));
  return nullptr;
}

bool OnnxNode::isConstant(size_t i) {
  OnnxGraph::Imported *value = lookup(i);
  return value && std::holds_alternative<HostTensor>(*value);
}

bool OnnxNode::allConstant() {
  for (size_t i = 0; i < numInputs(); ++i)
    if (hasInput(i) && !isConstant(i))
      return false;
  return !hasFailed;
}

HostTensor OnnxNode::constant(size_t i) {
  OnnxGraph::Imported *value = lookup(i);
  if (!value)
    return {};
  if (auto *tensor = std::get_if<HostTensor>(value))
    return *tensor;
  error("expected input '" + inputName(i) + "' to be constant, got one that is computed from the model's input");
  return {};
}

SmallVector<int64_t> OnnxNode::shape(size_t i) {
  OnnxGraph::Imported *value = lookup(i);
  if (!value)
    return {};
  return std::visit([](const auto &operand) { return SmallVector<int64_t>(operand.shape); }, *value);
}

SmallVector<int64_t> OnnxNode::integerInput(size_t i) {
  HostTensor tensor = constant(i);
  SmallVector<int64_t> list;
  if (hasFailed)
    return list;
  if (!tensor.holdsIntegers() || tensor.shape.size() > 1) {
    error("expected input '" + inputName(i) + "' to be a list of integers");
    return list;
  }
  for (HostTensor::Integer element : tensor.integers) {
    if (!element) {
      error("expected input '" + inputName(i) + "' to be known, got one that depends on the dynamic batch");
      return {};
    }
    list.push_back(*element);
  }
  return list;
}

OnnxActivation OnnxNode::activation(size_t i, bool carried) {
  OnnxGraph::Imported *value = lookup(i);
  if (!value)
    return {};
  auto *activation = std::get_if<OnnxActivation>(value);
  if (!activation)
    error("expected input '" + inputName(i) + "' to be computed from the model's input, got a constant");
  else if (activation->quantized && !carried)
    error("expected input '" + inputName(i) + "' to be floats, got a quantized activation that no DequantizeLinear has read");
  return hasFailed ? OnnxActivation() : *activation;
}

Value OnnxNode::reshaped(const OnnxActivation &activation, ArrayRef<int64_t> shape) {
  if (hasFailed)
    return {};
  ArrayRef<int64_t> present = shapeOf(activation.value);
  if (shape == present)
    return activation.value;
  if (shape[0] != present[0]) {
    error("expected a shape that keeps the batch of " + formatShape(present) + ", got " + formatShape(shape));
    return {};
  }
  return shape.size() == 2 ? create<FlattenOp>(activation.value) : create<ReshapeOp>(activation.value, shape.drop_front());
}

Value OnnxNode::withChannels(const OnnxActivation &activation) {
  if (hasFailed)
    return {};
  const bool has = llvm::equal(shapeOf(activation.value).take_front(2), ArrayRef(activation.shape).take_front(2));
  return has ? activation.value : reshaped(activation, mapShape(activation.shape));
}

Value OnnxNode::value(size_t i, int64_t rank) {
  OnnxActivation a = activation(i);
  if (hasFailed)
    return {};
  const int64_t present = a.shape.size();
  if (rank && rank != present)
    error("expected input '" + inputName(i) + "' of rank " + Twine(rank) + ", got shape " + formatShape(a.shape));
  else if (present != 2 && present != 4)
    error("expected input '" + inputName(i) + "' to be [N, C, H, W] or [N, F], got one reshaped to " + formatShape(a.shape));
  return reshaped(a, a.shape);
}

Value OnnxNode::map(size_t i) {
  OnnxActivation a = activation(i);
  if (hasFailed)
    return {};
  if (a.shape.size() < 2 || a.shape.size() > 4) {
    error("expected input '" + inputName(i) + "' of rank 2 to 4, got shape " + formatShape(a.shape));
    return {};
  }
  return reshaped(a, mapShape(a.shape));
}

Value OnnxNode::weight(size_t i, int64_t rank) {
  HostTensor tensor = constant(i);
  if (hasFailed)
    return {};
  if (!tensor.isFloat() || static_cast<int64_t>(tensor.shape.size()) != rank) {
    error("expected '" + inputName(i) + "' to be a float tensor of rank " + Twine(rank) + ", got " +
          (tensor.isFloat() ? "shape " : "integers of shape ") + formatShape(tensor.shape));
    return {};
  }
  return weight(tensor, inputName(i), /*shared=*/true);
}

Value OnnxNode::weight(const HostTensor &tensor, StringRef name, bool shared) {
  if (hasFailed)
    return {};
  if (tensor.count() == 0)
    error("expected weights '" + name + "' with elements, got shape " + formatShape(tensor.shape));
  else if (int64_t at = tensor.findNonFinite(); at >= 0)
    error("expected finite weights '" + name + "', got " + Twine(std::to_string(tensor.floatAt(at))) + " at position " +
          Twine(at));
  return hasFailed ? Value() : graph.materialize(tensor, name, shared);
}

bool OnnxNode::reserve(int64_t elements) {
  if (elements > graph.budget)
    error("expected a model whose computed constants fit into memory, got " + Twine(elements) + " more elements");
  else
    graph.budget -= elements;
  return !hasFailed;
}

//===--------------------------------------------------------------------===//
// Results
//===--------------------------------------------------------------------===//

// An image's activation stays far below what any memory holds.
static constexpr int64_t kMostImageElements = int64_t(1) << 31;

static bool fitsImage(ArrayRef<int64_t> shape) {
  std::optional<int64_t> elements = countElements(shape.drop_front());
  return elements && *elements <= kMostImageElements;
}

// The operation, or null and the first diagnostic in `message`.
static Operation *buildVerified(OpBuilder &builder, OperationState &state, std::string &message) {
  ScopedDiagnosticHandler handler(builder.getContext(), [&](Diagnostic &diagnostic) {
    if (message.empty())
      message = diagnostic.str();
    return success();
  });
  SmallVector<Type> types;
  if (failed(state.name.getInterface<InferTypeOpInterface>()->inferReturnTypes(state.getContext(), state.location, state.operands,
                                                                               state.attributes.getDictionary(state.getContext()),
                                                                               state.getRawProperties(), state.regions, types)))
    return nullptr;
  if (ArrayRef<int64_t> shape = cast<RankedTensorType>(types[0]).getShape(); !fitsImage(shape)) {
    message =
        ("expected a result of at most " + Twine(kMostImageElements) + " elements an image, got " + formatShape(shape)).str();
    return nullptr;
  }
  state.types.assign(types.begin(), types.end());
  Operation *op = builder.create(state);
  if (succeeded(verify(op)))
    return op;
  op->erase();
  return nullptr;
}

Value OnnxNode::finishOperation(OperationState &state) {
  std::string message;
  if (Operation *op = buildVerified(graph.builder, state, message))
    return op->getResult(0);
  // "'resnet.conv2d' op conv2d_c1: expected ...": the operation follows from the node, the rule's number stays.
  StringRef text(message);
  if (size_t at = text.find("' op "); at != StringRef::npos)
    text = text.drop_front(at + 5);
  error(text);
  return {};
}

void OnnxNode::result(Value value) {
  if (value)
    result(OnnxActivation{value, llvm::to_vector(shapeOf(value))});
}

void OnnxNode::resultAt(size_t i, OnnxGraph::Imported value) {
  if (!hasFailed && i >= numOutputs())
    error("expected a result at position " + Twine(i) + ", got " + Twine(numOutputs()) + " results");
  if (!hasFailed && mlir::failed(graph.define(node.output(i), std::move(value))))
    hasFailed = true;
}

void OnnxNode::resultOfMap(Value value, size_t rank, size_t at) {
  if (hasFailed)
    return;
  ArrayRef<int64_t> map = shapeOf(value);
  SmallVector<int64_t> shape{map[0]};
  for (size_t axis = 1; axis < rank; ++axis)
    shape.push_back(map[mapAxis(rank, axis)]);
  reshapeActivation(*this, {value, llvm::to_vector(map)}, shape, at);
}

SmallVector<int64_t> resnet::mapShape(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> map(4, 1);
  for (size_t axis = 0; axis < shape.size(); ++axis)
    map[mapAxis(shape.size(), axis)] = shape[axis];
  return map;
}

int64_t resnet::mapAxis(size_t rank, int64_t axis) { return rank == 3 && axis == 2 ? 3 : axis; }

int64_t resnet::normalizeAxis(OnnxNode &node, int64_t axis, int64_t rank) {
  if (axis >= -rank && axis < rank)
    return axis < 0 ? axis + rank : axis;
  node.error("expected an axis from " + Twine(-rank) + " to " + Twine(rank - 1) + ", got " + Twine(axis));
  return 0;
}
