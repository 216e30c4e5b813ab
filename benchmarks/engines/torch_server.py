"""The same as model_server.c for PyTorch: torch_server.py MODEL.pt THREADS SHAPE INPUT OUTPUT DEVICE, SHAPE as 8x3x224x224

On the CPU the module is frozen and optimised for inference, which folds normalisations and hands convolutions with what follows them to
oneDNN. On "cuda" it runs operation by operation in f32 without TF32, channels last, by cuDNN's fastest algorithms; images and logits
are on the device.
"""

import sys
import time

import numpy
import torch

model, threads, shape, input_path, output_path, device = sys.argv[1:]
torch.set_num_threads(int(threads))


def milliseconds(since):
    return (time.perf_counter() - since) * 1e3


def load_module():
    module = torch.jit.load(model).eval()
    if device == "cpu":
        return torch.jit.optimize_for_inference(torch.jit.freeze(module))
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    return module.to(device).to(memory_format=torch.channels_last)


def run(module, images):
    logits = module(images)
    if device != "cpu":
        torch.cuda.synchronize()
    return logits


begin = time.perf_counter()
module = load_module()
load = milliseconds(begin)
images = torch.from_numpy(numpy.fromfile(input_path, dtype=numpy.float32)).reshape([int(n) for n in shape.split("x")])
if device != "cpu":
    images = images.to(device).to(memory_format=torch.channels_last)
with torch.inference_mode(), torch.jit.optimized_execution(device == "cpu"):
    begin = time.perf_counter()
    run(module, images).cpu().numpy().tofile(output_path)
    print(f"ready {load:.3f} {milliseconds(begin):.3f}", flush=True)

    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            begin = time.perf_counter()
            run(module, images)
            times.append(milliseconds(begin))
        print(" ".join(f"{t:.4f}" for t in times), flush=True)
