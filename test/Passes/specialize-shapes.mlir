// RUN: resnet-opt %s --split-input-file --resnet-specialize-shapes=shape=input:?x3x48x40 | FileCheck %s
// RUN: resnet-opt %s --split-input-file --resnet-specialize-shapes=shape=?x3x48x40 | FileCheck %s

// A fixed batch becomes dynamic and the map another one, inside residual blocks, too.
// CHECK-LABEL: func @main
// CHECK-SAME: (%{{.*}}: tensor<?x3x48x40xf32> {resnet.name = "input"}) -> (tensor<?x10xf32> {resnet.name = "logits"})
func.func @main(%x: tensor<1x3x32x32xf32> {resnet.name = "input"}) -> (tensor<1x10xf32> {resnet.name = "logits"}) {
  %w = resnet.constant dense<0.5> : tensor<6x3x3x3xf32>
  %l = resnet.constant dense<0.5> : tensor<10x6xf32>
  // CHECK: resnet.residual %{{.*}} activation relu {
  %0 = resnet.residual %x activation relu {
    // CHECK: resnet.conv2d %{{.*}} -> tensor<?x6x24x20xf32>
    %1 = resnet.conv2d %x, %w stride [2, 2] pad [1, 1, 1, 1] : (tensor<1x3x32x32xf32>, tensor<6x3x3x3xf32>) -> tensor<1x6x16x16xf32>
    resnet.yield %1 : tensor<1x6x16x16xf32>
  } shortcut {
    // CHECK: resnet.slice %{{.*}} sizes [3, 24, 20] strides [1, 2, 2] : tensor<?x3x48x40xf32> -> tensor<?x3x24x20xf32>
    %2 = resnet.slice %x offsets [0, 0, 0] sizes [3, 16, 16] strides [1, 2, 2] : tensor<1x3x32x32xf32> -> tensor<1x3x16x16xf32>
    // CHECK: resnet.pad %{{.*}} -> tensor<?x6x24x20xf32>
    %3 = resnet.pad %2 low [1, 0, 0] high [2, 0, 0] : tensor<1x3x16x16xf32> -> tensor<1x6x16x16xf32>
    resnet.yield %3 : tensor<1x6x16x16xf32>
  // CHECK: } : tensor<?x3x48x40xf32> -> tensor<?x6x24x20xf32>
  } : tensor<1x3x32x32xf32> -> tensor<1x6x16x16xf32>
  %4 = resnet.global_avg_pool %0 : tensor<1x6x16x16xf32> -> tensor<1x6x1x1xf32>
  %5 = resnet.flatten %4 : tensor<1x6x1x1xf32> -> tensor<1x6xf32>
  %6 = resnet.linear %5, %l : (tensor<1x6xf32>, tensor<10x6xf32>) -> tensor<1x10xf32>
  // CHECK: return %{{.*}} : tensor<?x10xf32>
  return %6 : tensor<1x10xf32>
}

// -----

// A slice that ended before the map did keeps its size.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x3x32x32xf32> {resnet.name = "input"}) -> tensor<?x3x16x8xf32> {
  // CHECK: resnet.slice %{{.*}} sizes [3, 24, 8] strides [1, 2, 2] : tensor<?x3x48x40xf32> -> tensor<?x3x24x8xf32>
  %0 = resnet.slice %x offsets [0, 0, 0] sizes [3, 16, 8] strides [1, 2, 2] : tensor<?x3x32x32xf32> -> tensor<?x3x16x8xf32>
  return %0 : tensor<?x3x16x8xf32>
}

// -----

// An expansion to the size of the map beside it.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x3x32x32xf32> {resnet.name = "input"}) -> tensor<?x9x32x32xf32> {
  %w = resnet.constant dense<0.5> : tensor<3x3x1x1xf32>
  %0 = resnet.global_avg_pool %x : tensor<?x3x32x32xf32> -> tensor<?x3x1x1xf32>
  // CHECK: resnet.expand %{{.*}} size [48, 40] : tensor<?x3x1x1xf32> -> tensor<?x3x48x40xf32>
  %1 = resnet.expand %0 size [32, 32] : tensor<?x3x1x1xf32> -> tensor<?x3x32x32xf32>
  // CHECK: resnet.add {{.*}} -> tensor<?x3x48x40xf32>
  %2 = resnet.add %1, %x : (tensor<?x3x32x32xf32>, tensor<?x3x32x32xf32>) -> tensor<?x3x32x32xf32>
  // CHECK: resnet.expand %{{.*}} size [48, 40] : tensor<?x3x1x1xf32> -> tensor<?x3x48x40xf32>
  %3 = resnet.expand %0 size [32, 32] : tensor<?x3x1x1xf32> -> tensor<?x3x32x32xf32>
  // CHECK: resnet.concat {{.*}} -> tensor<?x9x48x40xf32>
  %4 = resnet.concat %x, %3, %2 : (tensor<?x3x32x32xf32>, tensor<?x3x32x32xf32>, tensor<?x3x32x32xf32>) -> tensor<?x9x32x32xf32>
  return %4 : tensor<?x9x32x32xf32>
}

// -----

// A gate is of one element for any image.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x3x32x32xf32> {resnet.name = "input"}) -> tensor<?x3x32x32xf32> {
  %0 = resnet.global_avg_pool %x : tensor<?x3x32x32xf32> -> tensor<?x3x1x1xf32>
  %1 = resnet.reshape %0 [1, 1, 3] : tensor<?x3x1x1xf32> -> tensor<?x1x1x3xf32>
  %2 = resnet.reshape %1 [3, 1, 1] : tensor<?x1x1x3xf32> -> tensor<?x3x1x1xf32>
  // CHECK: resnet.mul %{{.*}} : (tensor<?x3x48x40xf32>, tensor<?x3x1x1xf32>) -> tensor<?x3x48x40xf32>
  %3 = resnet.mul %x, %2 : (tensor<?x3x32x32xf32>, tensor<?x3x1x1xf32>) -> tensor<?x3x32x32xf32>
  return %3 : tensor<?x3x32x32xf32>
}
