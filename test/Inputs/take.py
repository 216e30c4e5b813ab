"""Writes rows FIRST to LAST (exclusive) of a .npy file to another one: take.py IN.npy FIRST LAST OUT.npy."""

import sys

import numpy

source, first, last, target = sys.argv[1:]
numpy.save(target, numpy.load(source)[int(first) : int(last)])
