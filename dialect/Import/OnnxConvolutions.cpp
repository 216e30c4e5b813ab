// Convolutions, over two axes and over one.

#include "dialect/Import/OnnxWindow.h"

using namespace mlir;
using namespace resnet;

static void importConv(OnnxNode &node) {
  node.expectInputs(2, 3);
  Value map = windowedMap(node);
  const size_t rank = node.failed() ? 4 : node.shape(0).size();
  HostTensor filter = node.constant(1);
  if (!node.failed() && (!filter.isFloat() || filter.shape.size() != rank))
    node.error("expected '" + node.inputName(1) + "' to be a float tensor of rank " + Twine(rank) + ", got " +
               (filter.isFloat() ? "shape " : "integers of shape ") + formatShape(filter.shape));
  if (node.failed())
    return;
  const OnnxWindow window = readWindow(node, map, ArrayRef(filter.shape).drop_front(2));
  const int64_t groups = node.integer("group", 1);
  if (rank == 3)
    filter.shape.insert(filter.shape.begin() + 2, 1);
  Value weight = node.weight(filter, node.inputName(1), /*shared=*/rank == 4);
  // Some exporters write a bias of another length (pytorch #166797); the dialect's own message would not name the tensor.
  Value bias = node.hasInput(2) ? node.weight(2, 1) : Value();
  if (bias && node.constant(2).count() != filter.shape[0])
    node.error("expected bias '" + node.inputName(2) + "' of " + Twine(filter.shape[0]) + " elements, one for each filter, got " +
               Twine(node.constant(2).count()) + ": the file is wrong, export it again with another version of the exporter");
  node.resultOfMap(node.create<Conv2dOp>(map, weight, bias, window.strides, window.padding, window.dilations, groups), rank);
}

void resnet::addConvolutionTranslations(OnnxTranslations &table) { table["Conv"] = {importConv}; }
