"""Writes a seeded f32 .npy file: random_npy.py OUT.npy SEED EXTENT... Needs nothing but Python."""

import array
import random
import struct
import sys

path, seed, *extents = sys.argv[1], *map(int, sys.argv[2:])
count = 1
for extent in extents:
    count *= extent
random.seed(seed)
header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(extents)}, }}"
header = header.ljust(-(-(len(header) + 11) // 64) * 64 - 11) + "\n"
with open(path, "wb") as file:
    file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    array.array("f", (random.uniform(-2, 2) for _ in range(count))).tofile(file)
