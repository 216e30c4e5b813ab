"""Exports residual networks with PyTorch as cases for resnet-onnx-conformance: model.onnx, an input and PyTorch's result.
family_torch.py FOLDER KIND:OPSET... writes FOLDER/KIND-OPSET. The kinds are torchvision's names below and the blocks that this file
defines."""

import os
import sys
import warnings

import numpy
import torch
import torchvision
from onnx import numpy_helper
from torch import nn
from torch.nn import functional

TORCHVISION = {
    "resnext50_32x4d": {},
    "wide_resnet50_2": {},
    "dilated_resnet50": {"replace_stride_with_dilation": [False, True, True]},
}


class SqueezeExcitation(nn.Module):
    """Hu et al.: two linear layers, their result seen as a map and expanded."""

    def __init__(self, channels):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(channels, channels // 4), nn.ReLU(), nn.Linear(channels // 4, channels), nn.Sigmoid())

    def forward(self, x):
        n, c = x.shape[:2]
        gate = self.fc(functional.adaptive_avg_pool2d(x, 1).view(n, c)).view(n, c, 1, 1)
        return x * gate.expand_as(x)


class MeanAttention(nn.Module):
    """The same by 1x1 convolutions and x.mean; the gate comes first, by hard sigmoid."""

    def __init__(self, channels):
        super().__init__()
        self.reduce, self.expand = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1)

    def forward(self, x):
        return functional.hardsigmoid(self.expand(functional.silu(self.reduce(x.mean((2, 3), keepdim=True))))) * x


class ChannelAttention(nn.Module):
    """Wang et al. 2020 (ECA): a convolution over the channels' means, in the original's form or by views."""

    def __init__(self, views):
        super().__init__()
        self.views, self.conv = views, nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x):
        if self.views:
            gate = self.conv(x.mean((2, 3)).view(x.shape[0], 1, -1)).sigmoid().view(x.shape[0], -1, 1, 1)
        else:
            mean = functional.adaptive_avg_pool2d(x, 1)
            gate = self.conv(mean.squeeze(-1).transpose(-1, -2)).transpose(-1, -2).unsqueeze(-1).sigmoid()
        return x * gate.expand_as(x)


class InstanceBatch(nn.Module):
    """Pan et al. 2018 (IBN-a): half of the channels by their own statistics."""

    def __init__(self, channels):
        super().__init__()
        self.half = channels // 2
        self.instance = nn.InstanceNorm2d(self.half, affine=True)
        self.batch = nn.BatchNorm2d(channels - self.half)

    def forward(self, x):
        parts = torch.split(x, [self.half, x.shape[1] - self.half], 1)
        return torch.cat((self.instance(parts[0].contiguous()), self.batch(parts[1].contiguous())), 1)


class Padded(nn.Module):
    def __init__(self, mode, channels):
        super().__init__()
        self.mode, self.conv = mode, nn.Conv2d(channels, channels, 3)

    def forward(self, x):
        return self.conv(functional.pad(x, (1, 1, 1, 1), mode=self.mode))


class Block(nn.Module):
    """relu(F(x) + shortcut(x)), F by what the kind replaces."""

    def __init__(self, channels, filters, stride, middle=None, attention=None, norm=nn.BatchNorm2d, activation=nn.ReLU, pooled=False):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(channels, filters, 3, stride, 1, bias=False), norm(filters), activation(),
            middle(filters) if middle else nn.Conv2d(filters, filters, 3, 1, 1), nn.BatchNorm2d(filters),
            attention(filters) if attention else nn.Identity())
        self.shortcut = nn.Identity()
        if stride != 1 or channels != filters:
            pool = [nn.AvgPool2d(2, stride, ceil_mode=True, count_include_pad=False)] if pooled else []
            self.shortcut = nn.Sequential(*pool, nn.Conv2d(channels, filters, 1, 1 if pooled else stride, bias=False),
                                          nn.BatchNorm2d(filters))
        self.activation = activation()

    def forward(self, x):
        return self.activation(self.f(x) + self.shortcut(x))


class Depthwise(nn.Module):
    """An inverted residual: expansion, depthwise 3x3, projection; ReLU6."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        wide = 3 * channels
        self.f = nn.Sequential(nn.Conv2d(channels, wide, 1), nn.BatchNorm2d(wide), nn.ReLU6(),
                               nn.Conv2d(wide, wide, 3, stride, 1, groups=wide), nn.BatchNorm2d(wide), nn.ReLU6(),
                               nn.Conv2d(wide, filters, 1), nn.BatchNorm2d(filters))
        self.adds = stride == 1 and channels == filters

    def forward(self, x):
        return x + self.f(x) if self.adds else self.f(x)


class Net(nn.Module):
    def __init__(self, block, channels_last=False, classes=10, log=False):
        super().__init__()
        self.channels_last, self.log = channels_last, log
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        self.blocks = nn.Sequential(block(16, 16, 1), block(16, 24, 2), block(24, 24, 1))
        self.head = nn.Linear(24, classes)

    def forward(self, x):
        x = self.blocks(self.stem(x.permute(0, 3, 1, 2) if self.channels_last else x))
        if self.channels_last:
            return x.permute(0, 2, 3, 1)
        x = self.head(torch.flatten(functional.adaptive_avg_pool2d(x, 1), 1))
        return functional.log_softmax(x, 1) if self.log else x


def blocks(**arguments):
    return lambda *shape: Block(*shape, **arguments)


KINDS = {
    "se": lambda: Net(blocks(attention=SqueezeExcitation)),
    "se_mean": lambda: Net(blocks(attention=MeanAttention)),
    "eca": lambda: Net(blocks(attention=lambda channels: ChannelAttention(False))),
    "eca_views": lambda: Net(blocks(attention=lambda channels: ChannelAttention(True))),
    "ibn_a": lambda: Net(blocks(norm=InstanceBatch)),
    "group_norm": lambda: Net(blocks(norm=lambda channels: nn.GroupNorm(4, channels))),
    "silu": lambda: Net(blocks(activation=nn.SiLU), log=True),
    "hard_swish": lambda: Net(blocks(activation=nn.Hardswish)),
    "reflect": lambda: Net(blocks(middle=lambda channels: Padded("reflect", channels))),
    "replicate": lambda: Net(blocks(middle=lambda channels: Padded("replicate", channels))),
    "pooled_shortcut": lambda: Net(blocks(pooled=True)),
    "depthwise": lambda: Net(Depthwise),
    "channels_last": lambda: Net(blocks(), channels_last=True),
}


def make(kind):
    """The network and an image for it."""
    if kind in TORCHVISION:
        name = "resnet50" if kind == "dilated_resnet50" else kind
        return getattr(torchvision.models, name)(num_classes=10, **TORCHVISION[kind]), torch.randn(1, 3, 64, 64)
    return KINDS[kind](), torch.randn(2, 15, 13, 3) if kind == "channels_last" else torch.randn(2, 3, 15, 13)


def shake(model, image):
    """Gives normalisations parameters and statistics that folding must get right."""
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.InstanceNorm2d, nn.GroupNorm)):
            module.weight.uniform_(0.5, 1.5)
            module.bias.normal_(0, 0.2)
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.7
    model.train()
    for _ in range(2):
        model(torch.randn(4, *image.shape[1:]))
    model.eval()


def export(kind, opset, folder):
    torch.manual_seed(3)
    model, image = make(kind)
    shake(model, image)
    os.makedirs(f"{folder}/test_data_set_0", exist_ok=True)
    torch.onnx.export(model, image, f"{folder}/model.onnx", opset_version=opset, input_names=["input"], output_names=["output"],
                      dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}})
    for name, tensor in (("input", image), ("output", model(image))):
        with open(f"{folder}/test_data_set_0/{name}_0.pb", "wb") as file:
            file.write(numpy_helper.from_array(tensor.numpy().astype(numpy.float32), name).SerializeToString())


warnings.filterwarnings("ignore")
with torch.no_grad():
    for case in sys.argv[2:]:
        kind, opset = case.split(":")
        export(kind, int(opset), f"{sys.argv[1]}/{kind}-{opset}")
