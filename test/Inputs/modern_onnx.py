"""Writes a small network in the forms of newer operator sets: axes as inputs, GroupNormalization, Split into a number of parts, a hard swish,
and an input for it. modern_onnx.py OPSET OUT.onnx INPUT.npy, with OPSET from 18 to 21. Needs onnx and numpy."""

import sys

import numpy
from onnx import TensorProto, helper, numpy_helper, save

opset, path, input_path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
random = numpy.random.RandomState(5)
constants, nodes = [], []


def constant(values, kind=numpy.float32):
    constants.append(numpy_helper.from_array(numpy.array(values, kind), f"c{len(constants)}"))
    return constants[-1].name


def integers(*values):
    return constant(values, numpy.int64)


def random_constant(*shape):
    return constant(random.uniform(-1, 1, shape) / numpy.sqrt(max(numpy.prod(shape[1:]), 1)))


def add(operator, inputs, results=1, **attributes):
    names = [f"n{len(nodes)}_{i}" for i in range(results)]
    nodes.append(helper.make_node(operator, inputs, names, name=f"{operator}_{len(nodes)}", **attributes))
    return names[0] if results == 1 else names


def group_norm(x, channels, groups):
    size = channels if opset >= 21 else groups
    return add("GroupNormalization", [x, random_constant(size), random_constant(size)], num_groups=groups, epsilon=1e-4)


x = add("Pad", ["x", integers(1, 1, 1, 1), "", integers(-1, 2)], mode="reflect")
x = add("Conv", [x, random_constant(12, 3, 3, 3), random_constant(12)])
x = add("Clip", [group_norm(x, 12, 3), constant(-1), constant(2)])
a, b, c = add("Split", [x], 3, axis=1, num_outputs=3)
a = add("InstanceNormalization", [a, random_constant(4), random_constant(4)])
y = add("Concat", [c, add("HardSwish", [b]), add("Sum", [a, b, c])], axis=1)
y = add("Pad", [y, integers(1, 0, 0, 1), "", integers(2, 3)], mode="edge")
y = add("Conv", [y, random_constant(12, 1, 2, 2)], group=12)
mean = add("ReduceMean", [y, integers(2, 3)], keepdims=1)
gate = add("HardSigmoid", [add("Conv", [mean, random_constant(12, 12, 1, 1)])], alpha=1 / 6, beta=0.5)
y = add("Add", [x, add("Mul", [gate, y])])
y = add("Sub", [add("Mul", [y, random_constant(12, 1, 1)]), add("Div", [x, constant(3)])])
y = add("Mul", [y, add("Sigmoid", [y])])
y = add("ReduceMean", [y, integers(-1, -2)], keepdims=0)
y = add("LogSoftmax", [add("Gemm", [y, random_constant(10, 12), random_constant(10)], transB=1)])
nodes[-1].output[0] = "y"

graph = helper.make_graph(
    nodes, "modern",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 11, 9])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 10])], constants)
save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), path)
numpy.save(input_path, random.uniform(-1, 1, (2, 3, 11, 9)).astype(numpy.float32))
