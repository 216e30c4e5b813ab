"""Writes a small network of operations that attention, normalisation by groups and quantisation need, as IR with random weights.
Channels that no register divides, odd maps. operations_ir.py CASE OUT.mlir."""

import random
import sys

random.seed(5)
lines = []
types = {}


def shape(value):
    return types[value]


def text(dims):
    return "tensor<" + "x".join(["?"] * (dims[0] is None) + [str(d) for d in dims if d is not None]) + "xf32>"


def op(name, operands, result, attributes="", arrow=True):
    value = f"%{len(lines)}"
    inputs = ", ".join(text(types[o]) for o in operands)
    signature = inputs if arrow else f"({inputs})"
    lines.append(f"  {value} = resnet.{name} {', '.join(operands)} {attributes} : {signature} -> {text(result)}")
    types[value] = result
    return value


def literal(dims, low, high):
    if not dims:
        return f"{random.uniform(low, high):.5f}"
    return "[" + ", ".join(literal(dims[1:], low, high) for _ in range(dims[0])) + "]"


def constant(*dims, low=-1.0, high=1.0):
    value = f"%{len(lines)}"
    lines.append(f"  {value} = resnet.constant dense<{literal(dims, low, high)}> : {text(dims)}")
    types[value] = dims
    return value


def unary(name, x, attributes=""):
    return op(name, [x], shape(x), attributes)


def conv(x, filters, kernel=1, padding=0, columns=None):
    n, channels, height, width = shape(x)
    rows, columns = (kernel, kernel) if columns is None else (kernel, columns)
    bound = (3.0 / (channels * rows * columns)) ** 0.5
    w = constant(filters, channels, rows, columns, low=-bound, high=bound)
    b = constant(filters)
    pads = [padding if rows > 1 else 0, padding if columns > 1 else 0] * 2
    size = [height + 2 * pads[0] - rows + 1, width + 2 * pads[1] - columns + 1]
    return op("conv2d", [x, w, b], (n, filters, *size), f"pad {pads}", arrow=False)


def pooled(x, kind="avg"):
    return op(f"global_{kind}_pool", [x], (*shape(x)[:2], 1, 1))


def binary(name, a, b):
    return op(name, [a, b], shape(a), arrow=False)


def slice_channels(x, first, count):
    n, _, height, width = shape(x)
    return op("slice", [x], (n, count, height, width),
              f"offsets [{first}, 0, 0] sizes [{count}, {height}, {width}] strides [1, 1, 1]")


def group_norm(x, groups):
    channels = shape(x)[1]
    return op("group_norm", [x, constant(channels), constant(channels)], shape(x), f"groups {groups}", arrow=False)


def batch_norm(x):
    channels = shape(x)[1]
    parameters = [constant(channels), constant(channels), constant(channels), constant(channels, low=0.5, high=2.0)]
    return op("batch_norm", [x, *parameters], shape(x), arrow=False)


def concat(*parts):
    n, _, height, width = shape(parts[0])
    return op("concat", list(parts), (n, sum(shape(p)[1] for p in parts), height, width), arrow=False)


def head(x, classes=11):
    channels = shape(x)[1]
    flat = op("flatten", [pooled(x)], (None, channels))
    return op("linear", [flat, constant(classes, channels), constant(classes)], (None, classes), arrow=False)


def attention(x):
    """Squeeze-and-excitation beside an identity and a projection, ECA, and every activation that is fused."""
    x = unary("silu", conv(x, 24, 3, 1))
    for gate, activation, filters in (("sigmoid", "relu", 24), ("hard_sigmoid", "hard_swish", 40), ("sigmoid", "silu", 40)):
        f = batch_norm(conv(x, filters, 3, 1))
        g = unary(gate, conv(unary("relu", conv(pooled(f), 5)), filters))
        shortcut = x if filters == shape(x)[1] else conv(x, filters)
        x = unary(activation, binary("add", binary("mul", f, g), shortcut))
    f = conv(unary("clip", conv(x, 40), "min 0.0 max 6.0"), 40)
    channels = shape(f)[1]
    g = op("reshape", [pooled(f)], (None, 1, 1, channels), f"[1, 1, {channels}]")
    g = unary("sigmoid", conv(g, 1, 1, 2, columns=5))
    g = op("reshape", [g], (None, channels, 1, 1), f"[{channels}, 1, 1]")
    x = unary("relu", binary("add", binary("mul", f, g), x))
    # A map that is added to all of another, and a gate beside a map of one element.
    height, width = shape(x)[2:]
    x = binary("add", x, op("expand", [pooled(x, "max")], shape(x), f"size [{height}, {width}]"))
    one = pooled(x)
    one = binary("mul", one, unary("sigmoid", conv(one, 40)))
    return [op("softmax", [head(x)], (None, 11), "log"), one]


def normalisation(x):
    """An image that is normalised and quantised first, IBN with halves that fill blocks and such that do not, group norms."""
    x = unary("fake_quantize", x, "scale 0.0625 zero_point 10 range [0, 255]")
    x = group_norm(x, 3)
    for filters in (24, 64):
        x = conv(x, filters, 3, 1)
        half = filters // 2
        instance = group_norm(slice_channels(x, 0, half), half)
        x = unary("relu", concat(instance, batch_norm(slice_channels(x, half, filters - half))))
    x = unary("relu", group_norm(conv(x, 40), 5))
    x = binary("add", conv(group_norm(x, 1), 40), x)
    # Products of two maps and of two vectors; activations that no epilogue has.
    x = binary("mul", x, unary("hard_sigmoid", conv(x, 40), "slope 0.2 offset 0.4"))
    x = unary("clip", x, "min 0.125 max 0.75")
    x = concat(x, slice_channels(x, 3, 9))
    y = head(unary("sigmoid", group_norm(x, 7)))
    return [binary("mul", unary("sigmoid", y), y), x]


def borders(x):
    """Borders of an image and of a map in blocks."""
    n, channels, height, width = shape(x)
    x = op("pad", [x], (n, channels, height + 4, width + 3), "low [0, 3, 1] high [0, 1, 2] mode reflect")
    x = unary("relu", conv(x, 24, 3))
    n, channels, height, width = shape(x)
    x = op("pad", [x], (n, channels, height + 2, width + 2), "low [0, 1, 1] high [0, 1, 1] mode reflect")
    x = unary("hard_swish", conv(x, 20, 3))
    n, channels, height, width = shape(x)
    edge = op("pad", [x], (n, channels, height + 3, width + 3), "low [0, 2, 0] high [0, 1, 3] mode edge")
    return [op("softmax", [head(conv(edge, 17, 3, 1))], (None, 11)), pooled(edge, "max")]


def main():
    case, path = sys.argv[1:]
    types["%x"] = (None, 3, 9, 7)
    results = {"attention": attention, "normalisation": normalisation, "borders": borders}[case]("%x")
    outputs = ", ".join(text(types[r]) for r in results)
    with open(path, "w") as file:
        file.write(f"func.func @main(%x: {text(types['%x'])}) -> ({outputs}) {{\n")
        file.write("\n".join(lines))
        file.write(f"\n  return {', '.join(results)} : {outputs}\n}}\n")


main()
