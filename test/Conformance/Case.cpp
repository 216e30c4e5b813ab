// Reads cases and adapts their models.

#include "test/Conformance/Case.h"
#include "dialect/Import/ExternalData.h"
#include "dialect/Import/OnnxOperators.h"
#include "dialect/Import/OnnxTensors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace resnet;
using namespace resnet::test;

template <typename Proto> static Error parse(const Twine &path, Proto &proto) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError(path + ": " + buffer.getError().message());
  if (!proto.ParseFromArray((*buffer)->getBufferStart(), static_cast<int>((*buffer)->getBufferSize())))
    return createStringError(path + ": expected a protobuf of ONNX");
  return Error::success();
}

Expected<Case> resnet::test::readCase(StringRef folder) {
  Case result;
  result.name = sys::path::filename(folder).str();
  if (Error error = parse(folder + "/model.onnx", result.model))
    return error;
  // Values of other types than tensors do not parse as such: these cases have operators of sequences, which are not supported.
  for (int i = 0; i < result.model.graph().input_size(); ++i)
    if (!result.model.graph().input(i).type().has_tensor_type())
      return createStringError(folder + ": expected tensors");
  auto read = [&](const char *kind, int count, std::vector<onnx::TensorProto> &tensors) -> Error {
    tensors.resize(count);
    for (int i = 0; i < count; ++i)
      if (Error error = parse(folder + "/test_data_set_0/" + kind + "_" + Twine(i) + ".pb", tensors[i]))
        return error;
    return Error::success();
  };
  StringMap<bool> initialized;
  for (const onnx::TensorProto &tensor : result.model.graph().initializer())
    initialized[tensor.name()] = true;
  const int inputs = count_if(result.model.graph().input(), [&](const auto &i) { return !initialized.contains(i.name()); });
  if (Error error =
          joinErrors(read("input", inputs, result.inputs), read("output", result.model.graph().output_size(), result.outputs)))
    return error;
  return result;
}

bool resnet::test::isSupported(const Case &aCase, Mode mode) {
  int64_t opset = 0;
  for (const onnx::OperatorSetIdProto &set : aCase.model.opset_import())
    if (set.domain().empty())
      opset = set.version();
  if (opset < kOldestOpset || opset > kNewestOpset || !aCase.model.graph().node_size())
    return false;
  StringMap<OnnxOperands> operators;
  for (const OnnxOperator &op : onnxOperators())
    operators[op.name] = op.operands;
  bool computes = false;
  for (const onnx::NodeProto &node : aCase.model.graph().node()) {
    auto known = operators.find(node.op_type());
    if (known == operators.end())
      return false;
    const bool onActivations = known->second != OnnxOperands::Constants, onConstants = known->second != OnnxOperands::Activations;
    if (mode == Mode::Constants && !onConstants)
      return false;
    computes |= onActivations;
  }
  return mode == Mode::Constants || (computes && !aCase.inputs.empty());
}

//===--------------------------------------------------------------------===//
// Models of rank 2 and 4
//===--------------------------------------------------------------------===//

static SmallVector<int64_t> shapeOf(const onnx::TensorProto &tensor) {
  return SmallVector<int64_t>(tensor.dims().begin(), tensor.dims().end());
}

// Rank 2 and 4 as they are; others keep the first dimension and gain or lose some behind.
static SmallVector<int64_t> modelShape(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> result(shape);
  if (result.size() < 2)
    result.resize(2, 1);
  if (result.size() == 3)
    result.push_back(1);
  while (result.size() > 4) {
    const int64_t last = result.pop_back_val();
    result.back() *= last;
  }
  return result;
}

static void setShape(onnx::ValueInfoProto &value, ArrayRef<int64_t> shape) {
  auto *type = value.mutable_type()->mutable_tensor_type();
  type->mutable_shape()->clear_dim();
  for (int64_t dim : shape)
    type->mutable_shape()->add_dim()->set_dim_value(dim);
}

static onnx::NodeProto reshape(onnx::GraphProto &graph, StringRef from, StringRef to, ArrayRef<int64_t> shape) {
  onnx::TensorProto *sizes = graph.add_initializer();
  sizes->set_name((to + ".shape").str());
  sizes->set_data_type(onnx::TensorProto::INT64);
  sizes->add_dims(shape.size());
  for (int64_t dim : shape)
    sizes->add_int64_data(dim);
  onnx::NodeProto node;
  node.set_op_type("Reshape");
  node.add_input(from.str());
  node.add_input(sizes->name());
  node.add_output(to.str());
  return node;
}

// Operators that take activations of one kind; of others the first operand alone is one, and weights follow.
static bool takesActivations(const onnx::GraphProto &graph, StringRef input) {
  return any_of(graph.node(), [&](const onnx::NodeProto &node) {
    return is_contained(node.input(), input.str()) &&
           is_contained(ArrayRef<StringRef>{"Add", "Sub", "Mul", "Div", "Sum", "Concat"}, node.op_type());
  });
}

Expected<std::vector<Tensor>> resnet::test::adapt(Case &aCase, Mode mode) {
  onnx::GraphProto &graph = *aCase.model.mutable_graph();
  StringMap<bool> initialized;
  for (const onnx::TensorProto &tensor : graph.initializer())
    initialized[tensor.name()] = true;
  std::vector<Tensor> activations;
  std::vector<onnx::ValueInfoProto> inputs;
  std::vector<onnx::NodeProto> before;
  SmallVector<int64_t> first;
  size_t at = 0;
  for (onnx::ValueInfoProto input : graph.input()) {
    if (initialized.contains(input.name()))
      continue;
    const onnx::TensorProto &tensor = aCase.inputs[at++];
    const SmallVector<int64_t> shape = shapeOf(tensor);
    const bool alike = shape.size() == first.size() && !shape.empty() && shape[0] == first[0];
    if (mode == Mode::Constants || (at > 1 && !(alike && takesActivations(graph, input.name())))) {
      *graph.add_initializer() = tensor;
      graph.mutable_initializer(graph.initializer_size() - 1)->set_name(input.name());
      continue;
    }
    if (at == 1)
      first = shape;
    Expected<std::vector<float>> elements = elementsOf(tensor);
    if (!elements)
      return elements.takeError();
    const SmallVector<int64_t> modelled = modelShape(shape);
    activations.emplace_back(modelled, std::move(*elements));
    if (modelled != shape) {
      before.push_back(reshape(graph, input.name() + ".model", input.name(), shape));
      input.set_name(input.name() + ".model");
      setShape(input, modelled);
    }
    inputs.push_back(input);
  }
  graph.clear_input();
  for (const onnx::ValueInfoProto &input : inputs)
    *graph.add_input() = input;
  std::vector<onnx::NodeProto> nodes(before);
  nodes.insert(nodes.end(), graph.node().begin(), graph.node().end());
  for (auto [i, tensor] : enumerate(aCase.outputs)) {
    onnx::ValueInfoProto &output = *graph.mutable_output(i);
    const SmallVector<int64_t> shape = shapeOf(tensor), modelled = modelShape(shape);
    if (mode == Mode::Constants || shape == modelled)
      continue;
    nodes.push_back(reshape(graph, output.name(), output.name() + ".model", modelled));
    output.set_name(output.name() + ".model");
  }
  graph.clear_node();
  for (const onnx::NodeProto &node : nodes)
    *graph.add_node() = node;
  return activations;
}

Expected<std::vector<float>> resnet::test::elementsOf(onnx::TensorProto tensor) {
  ExternalData external("");
  Expected<HostTensor> host = takeTensor(tensor, external);
  if (!host)
    return host.takeError();
  std::vector<float> elements;
  for (int64_t i = 0, n = host->count(); i < n; ++i)
    elements.push_back(host->holdsIntegers() ? static_cast<float>(*host->integers[i]) : host->floatAt(i));
  return elements;
}
