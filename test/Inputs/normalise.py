"""Turns u8 NHWC images into the f32 NCHW input that the CIFAR-10 networks were trained with: normalise.py IMAGES.npy OUT.npy."""

import sys

import numpy

mean, deviation = numpy.float32([0.485, 0.456, 0.406]), numpy.float32([0.229, 0.224, 0.225])
images = numpy.load(sys.argv[1]).astype(numpy.float32) / numpy.float32(255)
numpy.save(sys.argv[2], numpy.ascontiguousarray(((images - mean) / deviation).transpose(0, 3, 1, 2)))
