#!/usr/bin/env bash
# Imports each ONNX file and checks the IR, weights elided: check_imports.sh CHECKS PREFIXES FILE... Says how many were right.
set -u -o pipefail
checks=$1 prefixes=$2
shift 2
for file in "$@"; do
  resnet-import "$file" -o "$file.mlirbc" &&
    resnet-opt "$file.mlirbc" --mlir-elide-resource-strings-if-larger=16 -o - |
    FileCheck "$checks" --check-prefixes="$prefixes" || { echo "failed: $file" >&2; exit 1; }
  rm "$file.mlirbc"
done
echo "$# models"
