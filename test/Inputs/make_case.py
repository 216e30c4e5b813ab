"""Makes a case for resnet-onnx-conformance of an ONNX file and arrays: make_case.py MODEL.onnx INPUT.npy OUTPUT.npy FOLDER."""

import os
import shutil
import sys

import numpy
from onnx import numpy_helper

model, *arrays, folder = sys.argv[1:]
os.makedirs(f"{folder}/test_data_set_0", exist_ok=True)
shutil.copyfile(model, f"{folder}/model.onnx")
for name, path in zip(("input", "output"), arrays):
    with open(f"{folder}/test_data_set_0/{name}_0.pb", "wb") as file:
        file.write(numpy_helper.from_array(numpy.load(path), name).SerializeToString())
