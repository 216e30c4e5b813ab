"""Writes small ONNX files, each broken in one way that the compiler must report: hostile_onnx.py CASE OUT.onnx. Needs onnx, numpy."""

import os
import sys

import numpy
from onnx import TensorProto, helper, numpy_helper, save

F32 = TensorProto.FLOAT


def tensor(name, shape, value=0.01):
    return numpy_helper.from_array(numpy.full(shape, value, numpy.float32), name)


def model(nodes, weights, shape=("N", 3, 8, 8), opset=13, outputs=("y",)):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", F32, shape)],
        [helper.make_tensor_value_info(name, F32, None) for name in outputs],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def conv(inputs=("x", "w"), out="y", name="conv_one", **attributes):
    attributes.setdefault("pads", [1, 1, 1, 1])
    return helper.make_node("Conv", inputs, [out], name=name, **attributes)


def external(location, length=3 * 4 * 9 * 4):
    """A convolution whose weights are in another file."""
    weights = tensor("w", (4, 3, 3, 3))
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(length))):
        entry = weights.external_data.add()
        entry.key, entry.value = key, value
    return model([conv()], [weights])


def absurd():
    weights = tensor("w", (4, 3, 3, 3))
    weights.dims[:] = [1 << 31, 1 << 20, 3, 3]
    return model([conv()], [weights])


def wrong_size():
    weights = tensor("w", (4, 3, 3, 3))
    weights.dims[0] = 5
    return model([conv()], [weights])


def negative():
    weights = tensor("w", (4, 3, 3, 3))
    weights.dims[0] = -4
    return model([conv()], [weights])


def cycle():
    return model([conv(out="a", inputs=("b", "w")), helper.make_node("Relu", ["a"], ["b"], name="relu_one"),
                  helper.make_node("Relu", ["b"], ["y"], name="relu_two")], [tensor("w", (4, 3, 3, 3))])


W = (4, 3, 3, 3)
CASES = {
    "good": lambda: model([conv()], [tensor("w", W)]),
    "unsupported-operator": lambda: model([helper.make_node("LSTM", ["x", "w", "w"], ["y"], name="lstm_one", hidden_size=4)],
                                          [tensor("w", W)]),
    "unsupported-attribute": lambda: model([conv(auto_pad="SOMEHOW")], [tensor("w", W)]),
    "unsupported-domain": lambda: model([helper.make_node("Frobnicate", ["x"], ["y"], name="custom_one", domain="com.example")], []),
    "channels-do-not-fit": lambda: model([conv()], [tensor("w", (4, 5, 3, 3))]),
    "filter-larger-than-image": lambda: model([conv(pads=[0, 0, 0, 0])], [tensor("w", (4, 3, 11, 11))]),
    "sum-does-not-fit": lambda: model(
        [conv(out="a"), conv(inputs=("x", "v"), out="b", name="conv_two"), helper.make_node("Add", ["a", "b"], ["y"], name="sum_one")],
        [tensor("w", W), tensor("v", (7, 3, 3, 3))]),
    "bias-length": lambda: model([conv(inputs=("x", "w", "b"))], [tensor("w", W), tensor("b", (5,))]),
    "norm-length": lambda: model(
        [helper.make_node("BatchNormalization", ["x", "s", "s", "s", "s"], ["y"], name="norm_one")], [tensor("s", (5,))]),
    "not-finite": lambda: model([conv()], [tensor("w", W, numpy.nan)]),
    "infinite": lambda: model([conv()], [tensor("w", W, numpy.inf)]),
    "missing-weight": lambda: model([conv(inputs=("x", "nowhere"))], []),
    "absurd-size": absurd,
    "wrong-size": wrong_size,
    "negative-size": negative,
    "cycle": cycle,
    "no-output": lambda: model([conv()], [tensor("w", W)], outputs=("nothing",)),
    "zero-stride": lambda: model([conv(strides=[0, 0])], [tensor("w", W)]),
    "huge-pad": lambda: model([conv(pads=[1 << 40, 0, 0, 0])], [tensor("w", W)]),
    "external-missing": lambda: external("not-there.bin"),
    "external-parent": lambda: external("../outside.bin"),
    "external-absolute": lambda: external("/etc/hostname"),
    "external-link": lambda: external("link.bin"),
    "external-short": lambda: external("short.bin"),
    "external-huge": lambda: external("short.bin", 1 << 62),
}

case, path = sys.argv[1:]
save(CASES[case](), path)
folder = os.path.dirname(os.path.abspath(path))
if case in ("external-short", "external-huge"):
    with open(os.path.join(folder, "short.bin"), "wb") as file:
        file.write(bytes(16))
if case == "external-link":
    link = os.path.join(folder, "link.bin")
    if not os.path.islink(link):
        os.symlink("/etc/hostname", link)
