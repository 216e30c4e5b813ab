"""Exports a network of torchvision or for CIFAR with random weights to ONNX, and what torch computes for a random input.

The statistics of every batch normalisation come from one forward pass and are then shaken: activations stay finite at any depth, and
a wrong fold shows. The last normalisation of a block scales by less than one, as training leaves it; with random scales around one, 152
layers amplify the rounding of f32 to 3e-4, in torch as elsewhere. Needs torch, torchvision, onnx and numpy.
"""

import argparse
import sys
import warnings

import numpy
import torch
import torchvision

sys.dont_write_bytecode = True  # nothing is left beside the sources
from cifar_resnet import cifar_resnet

CIFAR = "cifar10_resnet"


def shake(model, generator_input):
    """Gives every BatchNorm2d random affine parameters and statistics that fit them roughly, not exactly."""
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
        norm.weight.uniform_(0.5, 1.5)
        norm.bias.normal_(0, 0.2)
    for block in model.modules():
        if isinstance(block, (torchvision.models.resnet.BasicBlock, torchvision.models.resnet.Bottleneck)):
            last = block.bn3 if hasattr(block, "bn3") else block.bn2
            last.weight.uniform_(0.1, 0.5)
    model.train()
    model(generator_input)
    for norm in norms:
        deviation = norm.running_var.clamp(min=1e-3).sqrt()
        norm.running_mean += 0.1 * deviation * torch.randn_like(deviation)
        norm.running_var.clamp_(min=1e-3).mul_(torch.empty_like(deviation).uniform_(0.7, 1.4))
    model.eval()


def make(arch, classes):
    if arch.startswith(CIFAR):
        return cifar_resnet(int(arch[len(CIFAR) :]), classes or 10)
    return getattr(torchvision.models, arch)(num_classes=classes or 1000)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("arch", help=f"a name in torchvision.models, e.g. resnet50, or {CIFAR}N with N layers, e.g. {CIFAR}20")
parser.add_argument("onnx", help="the file to write")
parser.add_argument("--opset", type=int, default=13)
parser.add_argument("--keep-bn", action="store_true", help="export without folding batch normalisations")
parser.add_argument("--dynamic", action="store_true", help="leave the batch open")
parser.add_argument("--size", help="height x width of the image; default: 224x224, for CIFAR 32x32")
parser.add_argument("--batch", type=int, default=1)
parser.add_argument("--classes", type=int, help="default: 1000, for CIFAR 10")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--torchscript", help="where the same network goes for torch.jit.load")
parser.add_argument("--input", help="where the random input goes, as .npy")
parser.add_argument("--output", help="where torch's result for it goes, as .npy")
arguments = parser.parse_args()

warnings.filterwarnings("ignore")
torch.manual_seed(arguments.seed)
height, width = (int(n) for n in (arguments.size or ("32x32" if arguments.arch.startswith(CIFAR) else "224x224")).split("x"))
with torch.no_grad():
    model = make(arguments.arch, arguments.classes)
    shake(model, torch.randn(4, 3, 96, 96))
    image = torch.randn(arguments.batch, 3, height, width)
    torch.onnx.export(
        model,
        image,
        arguments.onnx,
        opset_version=arguments.opset,
        input_names=["input"],
        output_names=["logits"],
        dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}} if arguments.dynamic else None,
        training=torch.onnx.TrainingMode.PRESERVE if arguments.keep_bn else torch.onnx.TrainingMode.EVAL,
        do_constant_folding=not arguments.keep_bn,
    )
    if arguments.torchscript:
        torch.jit.script(model).save(arguments.torchscript)
    if arguments.input:
        numpy.save(arguments.input, image.numpy())
    if arguments.output:
        numpy.save(arguments.output, model(image).numpy())
