// resnet-compile says which blocks break the design rules of residual networks where it is asked to, and only there.
// RUN: resnet-compile %s -o %t.mlir --emit=graph --remarks 2>&1 | FileCheck %s
// RUN: resnet-compile %s -o %t.mlir --emit=graph 2>&1 | FileCheck %s --check-prefix=NONE --allow-empty

// NONE-NOT: remark
// CHECK: remark: 'layer1.0.add': design rule 'normalised': 1 of 1 convolutions without a normalisation
func.func @main(%x: tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> {
  %w = resnet.constant dense<0.1> : tensor<16x16x3x3xf32>
  %0 = resnet.conv2d %x, %w pad [1, 1, 1, 1] : (tensor<?x16x8x8xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x8x8xf32>
  %1 = resnet.add %0, %x : (tensor<?x16x8x8xf32>, tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> loc("layer1.0.add")
  return %1 : tensor<?x16x8x8xf32>
}
