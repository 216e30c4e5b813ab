"""Exports torchvision's ResNet-18 with random weights into a folder, by opsets 9 to 17, batch normalisations kept and folded, the batch
static and dynamic in turn, as opN-{bn,default}-{static,dynamic}.onnx."""

import os
import sys
import warnings

import torch
import torchvision

warnings.filterwarnings("ignore")
torch.manual_seed(0)
model = torchvision.models.resnet18(num_classes=10).eval()
for opset in range(9, 18):
    for keep in (True, False):
        dynamic = (opset % 2 == 1) == keep
        name = f"op{opset}-{'bn' if keep else 'default'}-{'dynamic' if dynamic else 'static'}.onnx"
        torch.onnx.export(
            model,
            torch.zeros(2 if dynamic else 1, 3, 33, 47),
            os.path.join(sys.argv[1], name),
            opset_version=opset,
            input_names=["input"],
            output_names=["logits"],
            dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}} if dynamic else None,
            training=torch.onnx.TrainingMode.PRESERVE if keep else torch.onnx.TrainingMode.EVAL,
            do_constant_folding=not keep,
        )
