// Weights, encodings, properties and source names survive bytecode.
// RUN: resnet-opt %s --emit-bytecode -o %t.mlirbc
// RUN: resnet-opt %t.mlirbc --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s
// RUN: resnet-opt %t.mlirbc | FileCheck %s --check-prefix=RESOURCES
// RUN: resnet-opt %s --mlir-print-debuginfo -o %t.text.mlir
// RUN: resnet-opt %t.mlirbc --mlir-print-debuginfo -o %t.read.mlir
// RUN: diff %t.text.mlir %t.read.mlir

// CHECK-LABEL: func @model
func.func @model(%x: tensor<?x2x4x4xf32> {resnet.name = "input"}) -> (tensor<?x2x2x2xf32> {resnet.name = "output"}) {
  // CHECK: resnet.constant dense_resource<filter> : tensor<2x1x1x1xf32> as tensor<2x1x1x1xf32, #resnet.filter_layout<block = 16, groups = 2>>
  %w = resnet.constant dense_resource<filter> : tensor<2x1x1x1xf32> as tensor<2x1x1x1xf32, #resnet.filter_layout<block = 16, groups = 2>>
  // CHECK: resnet.conv2d %{{.*}}, %{{.*}} stride [2, 2] groups 2 : {{.*}} loc("layer1.0.conv1")
  %0 = resnet.conv2d %x, %w stride [2, 2] groups 2
      : (tensor<?x2x4x4xf32>, tensor<2x1x1x1xf32, #resnet.filter_layout<block = 16, groups = 2>>) -> tensor<?x2x2x2xf32> loc("layer1.0.conv1")
  // CHECK: resnet.residual %{{.*}} activation relu {
  %1 = resnet.residual %0 activation relu {
    %f = resnet.relu %0 : tensor<?x2x2x2xf32> -> tensor<?x2x2x2xf32>
    resnet.yield %f : tensor<?x2x2x2xf32>
  } : tensor<?x2x2x2xf32> -> tensor<?x2x2x2xf32> loc(fused["add", "relu"])
  // CHECK: loc(fused["add", "relu"])
  return %1 : tensor<?x2x2x2xf32>
}

// CHECK: resnet.global @packed offset 64 dense_resource<filter>
resnet.global @packed offset 64 dense_resource<filter> : tensor<2x1x1x1xf32>

// RESOURCES: filter: "0x040000000000803F00000040"
{-#
  dialect_resources: {
    builtin: {
      filter: "0x040000000000803F00000040"
    }
  }
#-}
