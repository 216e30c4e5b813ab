// RUN: not resnet-opt %s --resnet-specialize-shapes=shape=input:3x2xx 2>&1 | FileCheck %s --check-prefix=TEXT
// RUN: not resnet-opt %s --resnet-specialize-shapes=shape=input:1x0x2x2 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: not resnet-opt %s --resnet-specialize-shapes=shape=1x3x?x2 2>&1 | FileCheck %s --check-prefix=DYNAMIC

// TEXT: error: expected a shape such as input:?x3x224x224, got 'input:3x2xx'
// ZERO: error: expected a shape such as input:?x3x224x224, got 'input:1x0x2x2'
// DYNAMIC: error: expected '?' for the batch alone, got '1x3x?x2'
func.func @main(%x: tensor<?x3x2x2xf32> {resnet.name = "input"}) -> tensor<?x3x2x2xf32> {
  return %x : tensor<?x3x2x2xf32>
}
