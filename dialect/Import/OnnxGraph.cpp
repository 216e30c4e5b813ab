// From an ONNX graph to `@main`: inputs and initialisers, nodes in their order, outputs.

#include "dialect/Import/OnnxGraph.h"
#include "dialect/Import/OnnxNode.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace resnet;

OnnxGraph::OnnxGraph(onnx::ModelProto &model, StringRef path, const ImportOptions &options, MLIRContext *context)
    : builder(context), model(model), graph(*model.mutable_graph()), path(path), options(options),
      external(llvm::sys::path::parent_path(path)) {}

InFlightDiagnostic OnnxGraph::error() { return emitError(FileLineColLoc::get(builder.getContext(), path, 0, 0)); }

OwningOpRef<ModuleOp> OnnxGraph::import() {
  module = ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToEnd(module->getBody());
  for (const onnx::NodeProto &node : graph.node())
    for (const std::string &input : node.input())
      ++uses[input];
  for (const onnx::ValueInfoProto &output : graph.output())
    ++uses[output.name()];
  if (failed(findOpset()) || failed(collectInitializers()) || failed(importInputs()) || failed(importNodes()) ||
      failed(importOutputs()))
    return nullptr;
  removeDead();
  if (numFakeQuantized)
    emitRemark(FileLineColLoc::get(builder.getContext(), path, 0, 0))
        << "quantized model: compiled as f32; " << numFakeQuantized << " activations are rounded as their integers would be";
  return std::move(module);
}

FailureOr<std::vector<HostTensor>> OnnxGraph::fold() {
  module = ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToEnd(module->getBody());
  if (failed(findOpset()) || failed(collectInitializers()) || failed(importNodes()))
    return failure();
  std::vector<HostTensor> outputs;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    llvm::Expected<Imported *> value = lookup(output.name());
    if (!value)
      return error() << "output '" << output.name() << "': " << toString(value.takeError());
    outputs.push_back(std::get<HostTensor>(**value));
  }
  return outputs;
}

// Users come after what they use, so one walk from the end finds everything.
void OnnxGraph::removeDead() {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

//===--------------------------------------------------------------------===//
// Values
//===--------------------------------------------------------------------===//

llvm::Expected<OnnxGraph::Imported *> OnnxGraph::lookup(StringRef name) {
  if (auto it = values.find(name); it != values.end())
    return &it->second;
  auto initializer = initializers.find(name);
  if (initializer == initializers.end())
    return llvm::createStringError("expected input '" + name + "' to be defined before this node");
  llvm::Expected<HostTensor> tensor = read(*initializer->second);
  if (!tensor)
    return llvm::createStringError("initializer '" + name + "': " + toString(tensor.takeError()));
  initializers.erase(initializer);
  return &values.try_emplace(name, std::move(*tensor)).first->second;
}

LogicalResult OnnxGraph::define(StringRef name, Imported value) {
  if (initializers.contains(name) || !values.try_emplace(name, std::move(value)).second)
    return error() << "expected every value to be defined once, got '" << name << "' twice";
  return success();
}

Value OnnxGraph::materialize(const HostTensor &tensor, StringRef name, bool shared) {
  if (Value constant = shared ? constants.lookup(name) : Value())
    return constant;
  Value constant =
      ConstantOp::create(builder, NameLoc::get(builder.getStringAttr(name)), tensor.toAttribute(builder.getContext(), name));
  if (shared)
    constants[name] = constant;
  return constant;
}

//===--------------------------------------------------------------------===//
// Opset, initialisers, inputs
//===--------------------------------------------------------------------===//

LogicalResult OnnxGraph::findOpset() {
  for (const onnx::OperatorSetIdProto &set : model.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx")
      opset = set.version();
  if (opset >= kOldestOpset && opset <= kNewestOpset)
    return success();
  return error() << "expected ONNX operator set " << kOldestOpset << " to " << kNewestOpset << ", got "
                 << (opset ? std::to_string(opset) : "none");
}

LogicalResult OnnxGraph::collectInitializers() {
  for (onnx::TensorProto &tensor : *graph.mutable_initializer())
    if (!initializers.try_emplace(tensor.name(), &tensor).second)
      return error() << "expected every initializer once, got '" << tensor.name() << "' twice";
  return success();
}

// NHWC models begin with a Transpose, so their channels come last.
bool OnnxGraph::isChannelsLast(StringRef input) const {
  return llvm::any_of(graph.node(), [&](const onnx::NodeProto &node) {
    return node.op_type() == "Transpose" && node.input_size() && node.input(0) == input;
  });
}

FailureOr<SmallVector<int64_t>> OnnxGraph::inputShape(const onnx::ValueInfoProto &input, bool onlyInput) {
  const auto &tensor = input.type().tensor_type();
  SmallVector<int64_t> shape;
  for (const auto &dim : tensor.shape().dim())
    shape.push_back(dim.has_dim_value() && dim.dim_value() != -1 ? dim.dim_value() : ShapedType::kDynamic);
  auto name = [&] { return "input '" + input.name() + "': "; };
  if (!input.type().has_tensor_type() || tensor.elem_type() != onnx::TensorProto::FLOAT)
    return error() << name() << "expected a tensor of FLOAT, got "
                   << (input.type().has_tensor_type() ? elementTypeName(tensor.elem_type()) : "another type");
  bool known = tensor.has_shape();

  for (const InputShape &given : options.shapes) {
    if (given.name != input.name() && !(given.name.empty() && onlyInput))
      continue;
    const size_t channel = isChannelsLast(input.name()) ? 3 : 1;
    if (known && given.dims.size() != shape.size())
      return error() << name() << "expected --shape of rank " << shape.size() << ", as in the model, got "
                     << formatShape(given.dims);
    if (known && channel < shape.size() && !ShapedType::isDynamic(shape[channel]) && given.dims[channel] != shape[channel])
      return error() << name() << "expected --shape with " << shape[channel] << " channels, as in the model, got "
                     << formatShape(given.dims);
    shape = given.dims;
    known = true;
  }
  if (!known)
    return error() << name() << "expected a shape, got none: give --shape=" << input.name() << ":?x3x224x224";
  if (shape.size() != 4 && shape.size() != 2)
    return error() << name() << "expected rank 4 or 2, got shape " << formatShape(shape);
  for (int64_t dim : ArrayRef(shape).drop_front())
    if (ShapedType::isDynamic(dim))
      return error() << name() << "expected only the batch to be dynamic, got " << formatShape(shape)
                     << ": give --shape=" << input.name() << ":?x3x224x224";
  for (int64_t dim : shape)
    if (!ShapedType::isDynamic(dim) && (dim < 1 || dim > (1 << 24)))
      return error() << name() << "expected sizes from 1 to " << (1 << 24) << ", got " << formatShape(shape);
  return shape;
}

LogicalResult OnnxGraph::importInputs() {
  // Initialisers may be listed as inputs too, as defaults that a caller could replace; they are constants here.
  SmallVector<const onnx::ValueInfoProto *> inputs;
  for (const onnx::ValueInfoProto &input : graph.input())
    if (!initializers.contains(input.name()))
      inputs.push_back(&input);
  if (inputs.empty())
    return error() << "expected a model with an input, got none";
  auto names = [&] { return llvm::join(llvm::map_range(inputs, [](auto *input) { return input->name(); }), "', '"); };
  for (const InputShape &given : options.shapes)
    if (given.name.empty() ? inputs.size() != 1 : llvm::none_of(inputs, [&](auto *i) { return i->name() == given.name; }))
      return error() << "expected --shape to name one of the inputs '" << names() << "', got '" << given.name << "'";

  SmallVector<Type> types;
  for (const onnx::ValueInfoProto *input : inputs) {
    FailureOr<SmallVector<int64_t>> shape = inputShape(*input, inputs.size() == 1);
    if (failed(shape))
      return failure();
    if (std::optional<int64_t> count = countElements(ArrayRef(*shape).drop_front()); !count || *count > int64_t(1) << 31)
      return error() << "input '" << input->name() << "': expected at most 2^31 elements an image, got " << formatShape(*shape);
    types.push_back(RankedTensorType::get(*shape, builder.getF32Type()));
    ArrayRef<int64_t> first = cast<RankedTensorType>(types[0]).getShape();
    if (shape->front() != first[0])
      return error() << "inputs '" << inputs[0]->name() << "' and '" << input->name() << "': expected one batch, got "
                     << formatShape(first.take_front()) << " and " << formatShape(ArrayRef(*shape).take_front())
                     << ": give --shape for both";
  }
  function = func::FuncOp::create(builder, builder.getUnknownLoc(), "main", builder.getFunctionType(types, {}));
  Block *body = builder.createBlock(&function.getBody());
  for (auto [i, input] : llvm::enumerate(inputs)) {
    StringAttr name = builder.getStringAttr(input->name());
    BlockArgument argument = body->addArgument(types[i], NameLoc::get(name));
    function.setArgAttr(i, "resnet.name", name);
    Activation activation{argument, llvm::to_vector(cast<RankedTensorType>(types[i]).getShape())};
    if (failed(define(input->name(), std::move(activation))))
      return failure();
  }
  return success();
}

//===--------------------------------------------------------------------===//
// Nodes and outputs
//===--------------------------------------------------------------------===//

LogicalResult OnnxGraph::importNodes() {
  for (onnx::NodeProto &proto : *graph.mutable_node()) {
    OnnxNode node(*this, proto);
    const bool standard = proto.domain().empty() || proto.domain() == "ai.onnx";
    auto translation = onnxTranslations().find(proto.op_type());
    if (!standard || translation == onnxTranslations().end()) {
      node.error("unsupported operator" + (standard ? Twine() : " of domain '" + Twine(proto.domain()) + "'"));
      return failure();
    }
    translation->second.translate(node);
    if (failed(node.finish()))
      return failure();
    for (int i = 1; i < proto.output_size(); ++i)
      if (uses.contains(proto.output(i)) && !proto.output(i).empty() && !isDefined(proto.output(i))) {
        node.error("expected only the first result to be used, got a use of '" + Twine(proto.output(i)) + "'");
        return failure();
      }
  }
  return success();
}

LogicalResult OnnxGraph::importOutputs() {
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> attributes;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    llvm::Expected<Imported *> value = lookup(output.name());
    if (!value) {
      llvm::consumeError(value.takeError());
      return error() << "output '" << output.name() << "': expected a node that computes it, got none";
    }
    auto *activation = std::get_if<Activation>(*value);
    if (!activation)
      return error() << "output '" << output.name() << "': expected a value that depends on the input, got a constant";
    if (activation->quantized)
      return error() << "output '" << output.name()
                     << "': expected floats, got a quantized value that no DequantizeLinear has read";
    ArrayRef<int64_t> shape = activation->shape, present = cast<RankedTensorType>(activation->value.getType()).getShape();
    if (shape != present && (shape.size() != 4 || shape[0] != present[0]))
      return error() << "output '" << output.name() << "': expected [N, C, H, W] or [N, F], got shape " << formatShape(shape);
    results.push_back(shape == present ? activation->value
                                       : ReshapeOp::create(builder, activation->value.getLoc(),
                                                           RankedTensorType::get(shape, builder.getF32Type()), activation->value,
                                                           shape.drop_front()));
    attributes.push_back(builder.getDictionaryAttr(builder.getNamedAttr("resnet.name", builder.getStringAttr(output.name()))));
  }
  if (results.empty())
    return error() << "expected a model with an output, got none";
  func::ReturnOp::create(builder, builder.getUnknownLoc(), results);
  function.setFunctionType(builder.getFunctionType(function.getArgumentTypes(), ValueRange(results).getTypes()));
  function.setAllResultAttrs(attributes);
  return success();
}
