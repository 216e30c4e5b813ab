"""Writes a torchvision network's state dictionary as safetensors, and what torch computes with it.

    torch_safetensors.py ARCHITECTURE WEIGHTS.safetensors INPUT.npy OUTPUT.npy [--type=F32|F16|BF16] [--parallel]

The statistics of every batch normalisation are those of one forward pass, under random scales and offsets. --parallel puts "module."
before each name, as DataParallel does.
"""

import argparse
import json
import struct

import numpy
import torch
import torchvision

TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("architecture")
parser.add_argument("weights")
parser.add_argument("input")
parser.add_argument("output")
parser.add_argument("--type", choices=TYPES, default="F32")
parser.add_argument("--parallel", action="store_true")
arguments = parser.parse_args()

torch.manual_seed(0)
model = getattr(torchvision.models, arguments.architecture)()
for module in model.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        module.momentum = 1.0
        module.weight.data.uniform_(0.5, 1.5)
        module.bias.data.normal_(0, 0.2)
    if isinstance(module, (torchvision.models.resnet.BasicBlock, torchvision.models.resnet.Bottleneck)):
        last = module.bn3 if hasattr(module, "bn3") else module.bn2
        last.weight.data.mul_(0.25)
with torch.no_grad():
    model(torch.randn(4, 3, 64, 64))
    model.eval()
    if arguments.type != "F32":
        model.to(TYPES[arguments.type]).to(torch.float32)
    image = torch.randn(2, 3, 33, 47)
    numpy.save(arguments.input, image.numpy())
    numpy.save(arguments.output, model(image).numpy())

header, data = {"__metadata__": {"format": "pt"}}, b""
for name, tensor in model.state_dict().items():
    counter = tensor.dtype == torch.int64
    if not counter:
        tensor = tensor.to(TYPES[arguments.type])
    elements = tensor.contiguous().flatten()
    if tensor.dtype == torch.bfloat16:  # numpy has no such type
        elements = elements.view(torch.int16)
    elements = elements.numpy().tobytes()
    name = "module." * arguments.parallel + name
    header[name] = {"dtype": "I64" if counter else arguments.type, "shape": list(tensor.shape),
                    "data_offsets": [len(data), len(data) + len(elements)]}
    data += elements
encoded = json.dumps(header).encode()
with open(arguments.weights, "wb") as file:
    file.write(struct.pack("<Q", len(encoded)) + encoded + data)
