"""Writes a small ONNX network of what real ones seldom combine: channel counts that no register divides, groups, dilation, uneven pads,
every kind of pooling, several outputs. odd_onnx.py CASE OUT.onnx. Needs onnx and numpy."""

import sys

import numpy
from onnx import TensorProto, helper, numpy_helper, save

random = numpy.random.RandomState(7)
weights = []
nodes = []


def weight(name, *shape, low=-1.0, high=1.0):
    fan_in = numpy.prod(shape[1:]) if len(shape) > 1 else 1
    values = random.uniform(low, high, shape) * numpy.sqrt(3.0 / fan_in if len(shape) > 1 else 1.0)
    weights.append(numpy_helper.from_array(values.astype(numpy.float32), name))
    return name


def add(operator, inputs, **attributes):
    name = f"n{len(nodes)}"
    nodes.append(helper.make_node(operator, inputs, [name], name=f"{operator}_{len(nodes)}", **attributes))
    return name


def conv(x, channels, filters, kernel, bias=True, group=1, **attributes):
    k = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    inputs = [x, weight(f"w{len(nodes)}", filters, channels // group, *k)]
    if bias:
        inputs.append(weight(f"b{len(nodes)}", filters))
    return add("Conv", inputs, group=group, **attributes)


def norm(x, channels):
    n = len(nodes)
    parameters = [weight(f"s{n}", channels, low=0.5), weight(f"o{n}", channels), weight(f"m{n}", channels),
                  weight(f"v{n}", channels, low=0.5, high=2.0)]
    return add("BatchNormalization", [x, *parameters])


def gemm(x, features, classes):
    return add("Gemm", [x, weight(f"g{len(nodes)}", features, classes), weight(f"h{len(nodes)}", classes)])


def odd_channels():
    x = add("Relu", [norm(conv("x", 3, 5, 7, bias=False, strides=[2, 2], pads=[3, 3, 3, 3]), 5)])
    x = add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    f = add("Relu", [conv(x, 5, 13, 1)])
    f = add("Relu", [conv(f, 13, 17, 3, pads=[1, 1, 1, 1], strides=[2, 2])])
    f = conv(f, 17, 19, 1)
    x = add("Relu", [add("Add", [f, conv(x, 5, 19, 1, strides=[2, 2])])])
    f = conv(add("Relu", [conv(x, 19, 33, 3, pads=[1, 1, 1, 1])]), 33, 19, 3, pads=[1, 1, 1, 1])
    x = add("Relu", [add("Add", [x, f])])
    return [gemm(add("Flatten", [add("GlobalAveragePool", [x])]), 19, 11)]


def original():
    """Strides in the 1x1 convolutions, as He et al. 2015 place them, then option A's shortcut over eight and over sixteen channels."""
    x = add("Relu", [conv("x", 3, 16, 3, pads=[1, 1, 1, 1])])
    f = add("Relu", [conv(add("Relu", [conv(x, 16, 8, 1)]), 8, 8, 3, pads=[1, 1, 1, 1])])
    x = add("Relu", [add("Add", [conv(f, 8, 16, 1), x])])
    f = add("Relu", [conv(add("Relu", [conv(x, 16, 16, 1, strides=[2, 2])]), 16, 16, 3, pads=[1, 1, 1, 1])])
    x = add("Relu", [add("Add", [conv(f, 16, 40, 1), conv(x, 16, 40, 1, strides=[2, 2])])])
    for channels, padding in ((40, 8), (56, 16)):
        filters = channels + 2 * padding
        f = add("Relu", [conv(x, channels, filters, 3, strides=[2, 2], pads=[1, 1, 1, 1])])
        x = add("Relu", [add("Add", [conv(f, filters, filters, 3, pads=[1, 1, 1, 1]), option_a(x, padding)])])
    return [gemm(add("Flatten", [add("GlobalAveragePool", [x])]), 88, 7)]


def option_a(x, padding):
    def integers(*values):
        weights.append(numpy_helper.from_array(numpy.array(values, numpy.int64), f"i{len(weights)}"))
        return weights[-1].name

    x = add("Slice", [x, integers(0, 0), integers(2**31 - 1, 2**31 - 1), integers(2, 3), integers(2, 2)])
    return add("Pad", [x, integers(0, padding, 0, 0, 0, padding, 0, 0)])


def groups():
    x = add("Relu", [conv("x", 3, 24, 3, pads=[1, 1, 1, 1])])
    x = add("Relu", [conv(x, 24, 24, 3, group=24, pads=[1, 1, 1, 1], strides=[2, 2])])
    x = add("Relu", [conv(x, 24, 36, 3, group=4, pads=[1, 1, 1, 1])])
    x = add("Relu", [conv(x, 36, 64, 3, group=2, pads=[2, 2, 2, 2], dilations=[2, 2])])
    x = conv(x, 64, 64, 3, group=4, pads=[1, 1, 1, 1])
    return [gemm(add("Flatten", [add("GlobalAveragePool", [x])]), 64, 10)]


def uneven():
    x = add("Relu", [conv("x", 3, 8, (3, 5), pads=[0, 1, 2, 3], strides=[1, 2])])
    x = add("Relu", [conv(x, 8, 16, (1, 3), pads=[0, 0, 0, 1])])
    x = add("Relu", [conv(x, 16, 16, (3, 1), strides=[2, 1], pads=[1, 0, 0, 0])])
    x = add("Relu", [conv(x, 16, 20, 2, dilations=[3, 1], pads=[3, 0, 0, 1])])
    return [x]


def pools():
    x = add("Relu", [conv("x", 3, 21, 3, pads=[1, 1, 1, 1])])
    a = add("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    b = add("AveragePool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)
    c = add("AveragePool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    d = add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    return [add("Relu", [add("Add", [add("Add", [a, b]), add("Add", [c, d])])])]


def outputs():
    x = add("Relu", [norm(conv("x", 3, 16, 3, pads=[1, 1, 1, 1]), 16)])
    y = conv(x, 16, 32, 1, strides=[2, 2])
    z = add("Softmax", [gemm(add("Flatten", [add("GlobalAveragePool", [add("Relu", [y])])]), 32, 9)], axis=1)
    return [x, y, z]


case, path = sys.argv[1:]
results = {"odd-channels": odd_channels, "original": original, "groups": groups, "uneven": uneven, "pools": pools, "outputs": outputs}[case]()
graph = helper.make_graph(
    nodes,
    case,
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 45, 39])],
    [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in results],
    weights,
)
save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)
