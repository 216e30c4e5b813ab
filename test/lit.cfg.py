"""How lit runs the tests. Features, for REQUIRES lines, name what not every machine has:

testdata         the real models and images; %testdata is their folder (RESNET_TEST_DATA, or ../shared/data beside the project)
cifar10          all 10,000 test pictures of CIFAR-10, which scripts/setup.sh --pictures fetches; %cifar10 is their folder
torch            %python has torch, torchvision, onnx and numpy: it exports real models
numpy            %python has numpy
onnx-testdata    ONNX's backend tests, in %onnx_testdata
ort              %node runs JavaScript and finds onnxruntime-node
opencl, cuda     there is a device of this kind: kernels for it are run
avx2, avx512     the CPU and the system have what x86-64-v3 and x86-64-v4 need
clang-format     the formatter that the sources are checked with
"""

import os
import shutil
import subprocess

import lit.formats
import lit.util

config.name = "resnet"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.join(config.source_root, "test")
config.test_exec_root = os.path.join(config.build_root, "test")
if lit.util.killProcessAndChildrenIsSupported()[0]:
    lit_config.maxIndividualTestTime = 600
else:
    lit_config.note("no time limit for a test: python3-psutil is not installed")

# Only what the tests are meant to see: a user's cache and settings stay out.
environment = config.environment
environment["PATH"] = os.pathsep.join([config.tools_dir, config.llvm_tools_dir, environment["PATH"]])
environment["XDG_CACHE_HOME"] = os.path.join(config.test_exec_root, "cache")
environment["RESNET_ORT"] = config.ort_dir
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"):
    if name in os.environ:
        environment[name] = os.environ[name]


def substitute(name, value):
    config.substitutions.append((name, value))


def runs(*command):
    """Whether a command can be started and succeeds."""
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


# Debian's packages belong to this interpreter; another one may come first on the path.
python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else shutil.which("python3")
if runs(python, "-c", "import numpy"):
    config.available_features.add("numpy")
if runs(python, "-c", "import torch, torchvision, onnx, numpy"):
    config.available_features.add("torch")

node = shutil.which("node")
if node and os.path.isdir(os.path.join(config.ort_dir, "node_modules", "onnxruntime-node")):
    config.available_features.add("ort")

testdata = os.environ.get("RESNET_TEST_DATA") or os.path.join(config.source_root, "..", "shared", "data")
if os.path.isdir(testdata):
    config.available_features.add("testdata")
else:
    lit_config.note("no real models: RESNET_TEST_DATA does not name a folder; the tests that use them are skipped")

onnx_testdata = "/usr/share/libonnx-testdata/data"
if os.path.isdir(onnx_testdata):
    config.available_features.add("onnx-testdata")
else:
    lit_config.note("no backend tests of ONNX: libonnx-testdata is not installed")
# Drivers are asked in a process of their own: some leave threads behind.
count_opencl = """
import ctypes
cl = ctypes.CDLL("libOpenCL.so.1")
platforms, count, devices = (ctypes.c_void_p * 16)(), ctypes.c_uint(), ctypes.c_uint()
assert cl.clGetPlatformIDs(16, platforms, ctypes.byref(count)) == 0
assert any(cl.clGetDeviceIDs(ctypes.c_void_p(p), ctypes.c_ulong(0xFFFFFFFF), 0, None, ctypes.byref(devices)) == 0
           for p in platforms[:count.value])
"""
count_cuda = """
import ctypes
cuda, count = ctypes.CDLL("libcuda.so.1"), ctypes.c_int()
assert cuda.cuInit(0) == 0 and cuda.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
"""
for name, script in ("opencl", count_opencl), ("cuda", count_cuda):
    if runs(python, "-c", script):
        config.available_features.add(name)
    else:
        lit_config.note(f"no {name} device: its kernels are compiled, the tests that run them are skipped")
environment["POCL_CACHE_DIR"] = os.path.join(config.test_exec_root, "cache", "pocl")

cifar10 = os.path.join(config.build_root, "cifar10")
if os.path.exists(os.path.join(cifar10, "test_batch.png")):
    config.available_features.add("cifar10")
else:
    lit_config.note("no pictures of CIFAR-10 in the build folder: the tests that score them are skipped")

with open("/proc/cpuinfo", encoding="utf-8") as file:
    flags = next((set(line.split()) for line in file if line.startswith("flags")), set())
if {"avx2", "fma", "bmi2", "f16c"} <= flags:
    config.available_features.add("avx2")
if {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"} <= flags:
    config.available_features.add("avx512")

clang_format = shutil.which("clang-format-22") or os.path.join(config.llvm_tools_dir, "clang-format")
if os.path.exists(clang_format):
    config.available_features.add("clang-format")

# Longer names first: lit replaces in order.
substitute("%inputs", os.path.join(config.test_source_root, "Inputs"))
substitute("%testdata", os.path.realpath(testdata))
substitute("%onnx_testdata", onnx_testdata)
substitute("%cifar10", cifar10)
substitute("%source_root", config.source_root)
substitute("%build_root", config.build_root)
substitute("%python", python or "python3")
substitute("%node", node or "node")
substitute("%cmake", config.cmake)
substitute("%cxx", config.cxx_compiler)
substitute("%cc", config.c_compiler)
