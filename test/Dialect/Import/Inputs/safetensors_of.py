"""Writes the resources of a textual module as a safetensors file: safetensors_of.py IN.mlir OUT.safetensors."""

import json
import re
import struct
import sys

text = open(sys.argv[1], encoding="utf-8").read()
shapes = dict(re.findall(r"dense_resource<([^>]+)> : tensor<([0-9x]+)xf32>", text))
header, data = {"__metadata__": {"format": "pt"}}, b""
for name, digits in re.findall(r'^ +"?([\w.]+)"?: "0x([0-9A-F]+)"', text, re.MULTILINE):
    elements = bytes.fromhex(digits)[4:]
    header[name] = {"dtype": "F32", "shape": [int(n) for n in shapes[name].split("x")],
                    "data_offsets": [len(data), len(data) + len(elements)]}
    data += elements
    if name.endswith("running_var"):
        header[name.replace("running_var", "num_batches_tracked")] = {"dtype": "I64", "shape": [], "data_offsets": [len(data), len(data)]}
encoded = json.dumps(header).encode()
# An odd length: the format promises no alignment of the data behind it.
if len(encoded) % 4 == 0:
    encoded += b" "
with open(sys.argv[2], "wb") as file:
    file.write(struct.pack("<Q", len(encoded)) + encoded + data)
