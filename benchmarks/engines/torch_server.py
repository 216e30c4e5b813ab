"""The same as model_server.c for PyTorch: torch_server.py MODEL.pt THREADS SHAPE INPUT OUTPUT, SHAPE as 8x3x224x224

The module is frozen and optimised for inference, which folds normalisations and hands convolutions with what follows them to oneDNN.
"""

import sys
import time

import numpy
import torch

model, threads, shape, input_path, output_path = sys.argv[1:]
torch.set_num_threads(int(threads))


def milliseconds(since):
    return (time.perf_counter() - since) * 1e3


begin = time.perf_counter()
module = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.load(model).eval()))
load = milliseconds(begin)
images = torch.from_numpy(numpy.fromfile(input_path, dtype=numpy.float32)).reshape([int(n) for n in shape.split("x")])
with torch.inference_mode():
    begin = time.perf_counter()
    module(images).numpy().tofile(output_path)
    print(f"ready {load:.3f} {milliseconds(begin):.3f}", flush=True)

    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            begin = time.perf_counter()
            module(images)
            times.append(milliseconds(begin))
        print(" ".join(f"{t:.4f}" for t in times), flush=True)
