// RUN: resnet-opt %s --resnet-fold-batch-norm --resnet-prune-resources | FileCheck %s

// What the fold replaced is gone, what it made has the old one's name, what it left alone is as it was.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x1x2x2xf32>) -> (tensor<?x1x2x2xf32>, tensor<?x1x2x2xf32>) {
  // CHECK: resnet.constant dense_resource<conv.weight_1> : tensor<1x1x1x1xf32>
  // CHECK: resnet.constant dense_resource<conv.weight.bias> : tensor<1xf32>
  // CHECK: resnet.constant dense_resource<kept> : tensor<1x1x1x1xf32>
  %w = resnet.constant dense_resource<conv.weight> : tensor<1x1x1x1xf32>
  %v = resnet.constant dense<1.0> : tensor<1xf32>
  %0 = resnet.conv2d %x, %w : (tensor<?x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x2x2xf32>
  %1 = resnet.batch_norm %0, %v, %v, %v, %v epsilon 0.0
      : (tensor<?x1x2x2xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1x2x2xf32>
  %k = resnet.constant dense_resource<kept> : tensor<1x1x1x1xf32>
  %2 = resnet.conv2d %x, %k : (tensor<?x1x2x2xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x2x2xf32>
  return %1, %2 : tensor<?x1x2x2xf32>, tensor<?x1x2x2xf32>
}

// CHECK: dialect_resources
// CHECK-NOT: conv.weight:
// CHECK-DAG: conv.weight_1: "0x40000000
// CHECK-DAG: kept: "0x40000000
{-#
  dialect_resources: {
    builtin: {
      conv.weight: "0x400000000000003F",
      kept: "0x4000000000000040"
    }
  }
#-}
