"""The residual networks for CIFAR of the paper's section 4.2: 6n+2 layers, 16 to 64 channels, shortcuts without parameters."""

import torch
from torchvision.models.resnet import BasicBlock


class SubsampleAndPad(torch.nn.Module):
    """The paper's option A: every second pixel, and channels of zeros."""

    def __init__(self, added):
        super().__init__()
        self.before = added // 2
        self.after = added - self.before

    def forward(self, x):
        return torch.nn.functional.pad(x[:, :, ::2, ::2], [0, 0, 0, 0, self.before, self.after])


def stage(blocks, inputs, channels):
    first = BasicBlock(inputs, channels) if inputs == channels else BasicBlock(inputs, channels, 2, SubsampleAndPad(channels - inputs))
    return [first] + [BasicBlock(channels, channels) for _ in range(blocks - 1)]


def cifar_resnet(layers, classes):
    """E.g. cifar_resnet(20, 10), for images of 32x32."""
    if layers < 8 or layers % 6 != 2:
        raise ValueError(f"expected 6n+2 layers, n at least 1, found {layers}")
    blocks = (layers - 2) // 6
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3, padding=1, bias=False),
        torch.nn.BatchNorm2d(16),
        torch.nn.ReLU(inplace=True),
        *stage(blocks, 16, 16),
        *stage(blocks, 16, 32),
        *stage(blocks, 32, 64),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(1),
        torch.nn.Linear(64, classes),
    )
