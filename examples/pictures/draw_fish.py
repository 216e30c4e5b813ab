"""Draws fish.png, the picture that examples and tests run on: a goldfish in water. Needs Python only: draw_fish.py OUT.png."""

import math
import struct
import sys
import zlib

WIDTH, HEIGHT, SAMPLES = 320, 240, 3


def mix(a, b, t):
    t = min(max(t, 0.0), 1.0)
    return tuple(x + (y - x) * t for x, y in zip(a, b))


def inside_ellipse(x, y, cx, cy, rx, ry):
    return ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2


def colour(x, y):
    """The scene at a point of the unit square (4:3), from back to front."""
    result = mix((0.62, 0.85, 0.93), (0.05, 0.30, 0.48), y)
    result = mix(result, (0.85, 0.96, 1.0), 0.25 * max(0.0, math.sin(9 * x + 5 * y + 1.3 * math.sin(7 * x))) ** 8 * (1 - y))
    floor = 0.86 + 0.03 * math.sin(8 * x) + 0.01 * math.sin(31 * x)
    if y > floor:
        result = mix((0.80, 0.70, 0.48), (0.52, 0.42, 0.26), (y - floor) * 6)
    for k, base in enumerate((0.12, 0.17, 0.90)):  # weeds
        bend = base + 0.025 * math.sin(11 * y + 2 * k)
        if y > 0.45 + 0.08 * k and abs(x - bend) < 0.012 * (y - 0.3):
            result = mix((0.10, 0.45, 0.22), (0.25, 0.66, 0.28), 0.5 + 0.5 * math.sin(60 * y))
    u, v = x - 0.47, (y - 0.47) * 0.75
    tail = -0.235 - u  # grows towards the tail's end
    if 0 < tail + 0.05 < 0.24 and abs(v) < 0.03 + 0.75 * (tail + 0.05) and abs(v) > 0.9 * (tail - 0.09):
        result = mix((0.98, 0.55, 0.12), (1.0, 0.80, 0.45), 3 * tail + 0.25 * math.sin(260 * math.atan2(v, tail + 0.2)))
    fin = (u + 0.02) / 0.15
    if abs(fin) < 1 and -0.235 * (1 - fin * fin) ** 0.7 < v < 0:
        result = mix((0.96, 0.50, 0.10), (1.0, 0.75, 0.35), 0.5 + 0.5 * math.sin(70 * u))
    body = inside_ellipse(u, v, 0.0, 0.0, 0.27, 0.145)
    if body < 1:
        light = 0.75 - 2.2 * v - 0.55 * body
        result = mix((0.80, 0.25, 0.03), (1.0, 0.66, 0.18), light)
        scale = math.sin(95 * u + 2.0 * math.sin(90 * v)) * math.sin(90 * v)
        if u < 0.12:
            result = mix(result, (1.0, 0.85, 0.45), 0.22 * max(0.0, scale))
        result = mix(result, (1.0, 0.93, 0.80), 3.5 * (v - 0.06))
    gill = inside_ellipse(u, v, 0.08, 0.0, 0.07, 0.11)
    if 0.86 < gill < 1.0 and u > 0.09:
        result = mix(result, (0.62, 0.18, 0.02), 0.6)
    for radius, shade in ((0.026, (0.98, 0.95, 0.85)), (0.016, (0.06, 0.05, 0.06))):
        if inside_ellipse(u, v, 0.19, -0.03, radius, radius) < 1:
            result = shade
    if inside_ellipse(u, v, 0.195, -0.037, 0.005, 0.005) < 1:
        result = (1.0, 1.0, 1.0)
    for bx, by, radius in ((0.80, 0.30, 0.018), (0.83, 0.20, 0.012), (0.79, 0.12, 0.022)):  # bubbles
        d = inside_ellipse(x, y * 0.75, bx, by * 0.75, radius, radius)
        if d < 1:
            result = mix(result, (1.0, 1.0, 1.0), 0.15 + 0.6 * d**4)
    return result


rows = []
offsets = [(i + 0.5) / SAMPLES for i in range(SAMPLES)]
for j in range(HEIGHT):
    row = bytearray([1])  # PNG's filter: difference from the pixel to the left
    left = (0, 0, 0)
    for i in range(WIDTH):
        samples = [colour((i + a) / WIDTH, (j + b) / HEIGHT) for a in offsets for b in offsets]
        pixel = tuple(round(255 * min(max(sum(c) / len(samples), 0), 1)) for c in zip(*samples))
        row += bytes((p - l) & 255 for p, l in zip(pixel, left))
        left = pixel
    rows.append(bytes(row))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


with open(sys.argv[1], "wb") as file:
    file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)))
    file.write(chunk(b"IDAT", zlib.compress(b"".join(rows), 9)) + chunk(b"IEND", b""))
