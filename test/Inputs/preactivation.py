# Writes a pre-activation network as text: three stages of basic or bottleneck blocks with random weights. The first block of a stage
# projects what its first normalisation gives, or what comes before it with --raw-shortcut.
import argparse
import random
import struct

parser = argparse.ArgumentParser()
parser.add_argument("--bottleneck", action="store_true")
parser.add_argument("--raw-shortcut", action="store_true")
parser.add_argument("--width", type=int, default=16)
parser.add_argument("--blocks", type=int, default=2)
parser.add_argument("--size", type=int, nargs=2, default=[19, 14])
options = parser.parse_args()

generator = random.Random(1)
lines, values = [], 0


def tensor(*shape):
    return "tensor<" + "x".join(map(str, shape)) + "xf32>"


def activations(x):
    return tensor("?", *x[1])


def define(text, shape=None):
    global values
    values += 1
    lines.append(f"  %{values} = {text}")
    return f"%{values}", shape


def constant(shape, low, high):
    count = 1
    for size in shape:
        count *= size
    data = struct.pack(f"<{count}f", *(generator.uniform(low, high) for _ in range(count)))
    return define(f'resnet.constant dense<"0x{data.hex()}"> : {tensor(*shape)}')[0]


def conv(x, out, kernel, stride=1):
    channels, height, width = x[1]
    bound = (3 / (channels * kernel * kernel)) ** 0.5
    w = constant((out, channels, kernel, kernel), -bound, bound)
    pad = kernel // 2
    shape = (out, (height + 2 * pad - kernel) // stride + 1, (width + 2 * pad - kernel) // stride + 1)
    return define(
        f"resnet.conv2d {x[0]}, {w} stride [{stride}, {stride}] pad [{pad}, {pad}, {pad}, {pad}]"
        f" : ({activations(x)}, {tensor(out, channels, kernel, kernel)}) -> {tensor('?', *shape)}", shape)


def norm_relu(x):
    v = tensor(x[1][0])
    vectors = [constant(x[1][:1], low, 1.5) for low in (0.5, -0.5, -0.5, 0.5)]
    y = define(f"resnet.batch_norm {x[0]}, {', '.join(vectors)} : ({activations(x)}, {v}, {v}, {v}, {v}) -> {activations(x)}", x[1])
    return define(f"resnet.relu {y[0]} : {activations(y)} -> {activations(y)}", y[1])


def block(x, width, stride):
    out = 2 * width if options.bottleneck else width
    a = norm_relu(x)
    if options.bottleneck:
        f = norm_relu(conv(a, width // 2, 1))
        f = conv(norm_relu(conv(f, width // 2, 3, stride)), out, 1)
    else:
        f = conv(norm_relu(conv(a, width, 3, stride)), width, 3)
    shortcut = x
    if stride > 1 or x[1][0] != out:
        shortcut = conv(x if options.raw_shortcut else a, out, 1, stride)
    return define(f"resnet.add {f[0]}, {shortcut[0]} : ({activations(f)}, {activations(f)}) -> {activations(f)}", f[1])


x = ("%x", (3, *options.size))
argument = activations(x)
x = conv(x, options.width, 3)
for stage in range(3):
    for index in range(options.blocks):
        x = block(x, options.width << stage, 2 if stage and index == 0 else 1)
x = norm_relu(x)
channels = x[1][0]
pooled = define(f"resnet.global_avg_pool {x[0]} : {activations(x)} -> {tensor('?', channels, 1, 1)}")[0]
flat = define(f"resnet.flatten {pooled} : {tensor('?', channels, 1, 1)} -> {tensor('?', channels)}")[0]
weight, bias = constant((10, channels), -0.2, 0.2), constant((10,), -1, 1)
y = define(f"resnet.linear {flat}, {weight}, {bias} : ({tensor('?', channels)}, {tensor(10, channels)}, {tensor(10)}) -> {tensor('?', 10)}")[0]
print(f"func.func @main(%x: {argument}) -> {tensor('?', 10)} {{", *lines, f"  return {y} : {tensor('?', 10)}", "}", sep="\n")
