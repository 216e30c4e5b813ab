"""Writes a network of grouped, depthwise and dilated convolutions with random weights as textual IR. Needs Python alone.

Groups of 2, 4, 8 and 16 channels, some of which end inside a block of 16; the widths of maps are odd, and sums with the input follow."""

import random
import struct

# channels, groups, kernel, stride, dilation
LAYERS = [(40, 10, 3, 1, 1), (40, 5, 3, 2, 1), (40, 20, 5, 1, 1), (40, 40, 3, 1, 2), (40, 1, 3, 1, 2), (40, 10, 1, 1, 1), (40, 10, 3, 2, 2)]
HEIGHT, WIDTH = 19, 33

random.seed(5)


def constant(name, shape, scale):
    count = 1
    for extent in shape:
        count *= extent
    data = struct.pack(f"<{count}f", *(random.gauss(0, scale) for _ in range(count)))
    dims = "x".join(map(str, shape))
    print(f'  %{name} = resnet.constant dense<"0x{data.hex()}"> : tensor<{dims}xf32>')
    return f"tensor<{dims}xf32>"


def tensor(channels, height, width):
    return f"tensor<?x{channels}x{height}x{width}xf32>"


def main():
    channels, height, width = LAYERS[0][0], HEIGHT, WIDTH
    body_result = tensor(LAYERS[-1][0], 5, 9)
    print(f'func.func @main(%x: {tensor(channels, height, width)} {{resnet.name = "x"}}) -> ({body_result} {{resnet.name = "y"}}) {{')
    value = "x"
    for i, (out, groups, kernel, stride, dilation) in enumerate(LAYERS):
        source = tensor(channels, height, width)
        weight = constant(f"w{i}", (out, channels // groups, kernel, kernel), (channels // groups * kernel * kernel) ** -0.5)
        bias = constant(f"b{i}", (out,), 0.1)
        pad = dilation * (kernel // 2)
        height, width = ((n + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1 for n in (height, width))
        result = tensor(out, height, width)
        print(f"  %c{i} = resnet.conv2d %{value}, %w{i}, %b{i} stride [{stride}, {stride}] pad [{pad}, {pad}, {pad}, {pad}] "
              f"dilation [{dilation}, {dilation}] groups {groups} : ({source}, {weight}, {bias}) -> {result}")
        value_before, value = value, f"c{i}"
        if source == result:
            print(f"  %s{i} = resnet.add %c{i}, %{value_before} : ({result}, {result}) -> {result}")
            value = f"s{i}"
        print(f"  %r{i} = resnet.relu %{value} : {result} -> {result}")
        value, channels = f"r{i}", out
    print(f"  return %{value} : {body_result}\n}}")


main()
