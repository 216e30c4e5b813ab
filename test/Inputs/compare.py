"""Compares two .npy files of the same shape: the largest difference, relative to the second file's largest element, within --tolerance."""

import argparse
import sys

import numpy

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("actual")
parser.add_argument("expected")
parser.add_argument("--tolerance", type=float, default=1e-4)
arguments = parser.parse_args()

actual, expected = numpy.load(arguments.actual), numpy.load(arguments.expected)
if actual.shape != expected.shape:
    sys.exit(f"shapes differ: {actual.shape} and {expected.shape}")
if not (numpy.isfinite(actual).all() and numpy.isfinite(expected).all()):
    sys.exit("values that are not finite")
error = numpy.abs(actual.astype(numpy.float64) - expected).max() / numpy.abs(expected).max()
print(f"largest difference, relative to the largest element: {error:.3g}")
if not error <= arguments.tolerance:
    sys.exit(f"expected at most {arguments.tolerance:g}")
