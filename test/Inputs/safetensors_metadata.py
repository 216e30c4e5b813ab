"""Prints one entry of a safetensors file's metadata: safetensors_metadata.py FILE KEY."""

import json
import struct
import sys

with open(sys.argv[1], "rb") as file:
    length = struct.unpack("<Q", file.read(8))[0]
    print(json.loads(file.read(length))["__metadata__"][sys.argv[2]])
