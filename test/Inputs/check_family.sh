#!/bin/bash
# Takes built-in architectures through everything: passes executed at a small image, libraries for two sizes of images, each run for two
# batches and compared with the interpreter.
#   check_family.sh FOLDER NAME...
set -eu
folder=$1
shift
for name in "$@"; do
  # Option D's average pools need 17 rows; --resnet-validate executes the network after every pass.
  resnet-import --arch="$name" --shape=input:?x3x17x17 --seed=3 -o "$folder/net.mlirbc" > /dev/null
  resnet-opt "$folder/net.mlirbc" --resnet-validate --resnet-import-pipeline --resnet-graph-pipeline -o /dev/null ||
    { echo "$name: --resnet-validate fails"; exit 1; }
  for size in 32x32 33x47; do
    resnet-import --arch="$name" --shape="input:?x3x$size" --seed=3 -o "$folder/net.mlirbc" > /dev/null
    resnet-compile "$folder/net.mlirbc" -o "$folder/libnet.so" > /dev/null
    for batch in 1 3; do
      result=$(resnet-check-library "$folder/net.mlirbc" "$folder/libnet.so" 1e-3 "$batch") ||
        { echo "$name, $size, batch $batch: $result"; exit 1; }
    done
    echo "$name, $size: $result"
  done
done
