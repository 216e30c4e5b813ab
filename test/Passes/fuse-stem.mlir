// RUN: resnet-opt %s --resnet-fuse-stem | FileCheck %s

!x = tensor<?x3x32x32xf32>
!w = tensor<16x3x7x7xf32>
!b = tensor<16xf32>
!y = tensor<?x16x16x16xf32>
!z = tensor<?x16x8x8xf32>

// CHECK-LABEL: func @stem
func.func @stem(%x: !x) -> !z {
  // CHECK-NOT: max_pool2d
  // CHECK: %[[Z:.*]] = resnet.fused_stem %arg0, %{{.*}} bias %{{.*}} activation relu stride [2, 2] pad [3, 3, 3, 3]  pool [3, 3] stride [2, 2] pad [1, 1, 1, 1]
  // CHECK-SAME: (tensor<?x3x32x32xf32>, tensor<16x3x7x7xf32>, tensor<16xf32>) -> tensor<?x16x8x8xf32>
  // CHECK-NEXT: return %[[Z]]
  %w = resnet.constant dense<1.0> : !w
  %b = resnet.constant dense<1.0> : !b
  %0 = resnet.fused_conv2d %x, %w bias %b activation relu stride [2, 2] pad [3, 3, 3, 3] : (!x, !w, !b) -> !y
  %1 = resnet.max_pool2d %0 kernel [3, 3] stride [2, 2] pad [1, 1, 1, 1] : !y -> !z
  return %1 : !z
}

// Windows that ceil_mode adds become padding.
// CHECK-LABEL: func @ceil_mode_without_activation
func.func @ceil_mode_without_activation(%x: !x) -> !z {
  // CHECK: resnet.fused_stem %arg0, %{{[^ ]*}} stride [2, 2] pad [3, 3, 3, 3] pool [3, 3] stride [2, 2] pad [0, 0, 1, 1]
  %w = resnet.constant dense<1.0> : !w
  %0 = resnet.fused_conv2d %x, %w stride [2, 2] pad [3, 3, 3, 3] : (!x, !w) -> !y
  %1 = resnet.max_pool2d %0 kernel [3, 3] stride [2, 2] ceil_mode : !y -> !z
  return %1 : !z
}

// CHECK-LABEL: func @stride_of_one
func.func @stride_of_one(%x: tensor<?x1x16x16xf32>) -> !z {
  // CHECK: resnet.fused_stem %arg0, %{{.*}} activation relu pad [1, 1, 1, 1] pool [2, 2] stride [2, 2]
  %w = resnet.constant dense<1.0> : tensor<16x1x3x3xf32>
  %0 = resnet.fused_conv2d %x, %w activation relu pad [1, 1, 1, 1] : (tensor<?x1x16x16xf32>, tensor<16x1x3x3xf32>) -> !y
  %1 = resnet.max_pool2d %0 kernel [2, 2] stride [2, 2] : !y -> !z
  return %1 : !z
}

// CHECK-LABEL: func @no_fusion_another_reader
func.func @no_fusion_another_reader(%x: !x) -> (!y, !z) {
  // CHECK: resnet.max_pool2d
  %w = resnet.constant dense<1.0> : !w
  %0 = resnet.fused_conv2d %x, %w activation relu stride [2, 2] pad [3, 3, 3, 3] : (!x, !w) -> !y
  %1 = resnet.max_pool2d %0 kernel [3, 3] stride [2, 2] pad [1, 1, 1, 1] : !y -> !z
  return %0, %1 : !y, !z
}

// CHECK-LABEL: func @no_fusion_many_channels
func.func @no_fusion_many_channels(%x: tensor<?x17x16x16xf32>) -> !z {
  // CHECK: resnet.max_pool2d
  %w = resnet.constant dense<1.0> : tensor<16x17x1x1xf32>
  %0 = resnet.fused_conv2d %x, %w : (tensor<?x17x16x16xf32>, tensor<16x17x1x1xf32>) -> !y
  %1 = resnet.max_pool2d %0 kernel [2, 2] stride [2, 2] : !y -> !z
  return %1 : !z
}

// CHECK-LABEL: func @no_fusion_the_pool_keeps_the_map
func.func @no_fusion_the_pool_keeps_the_map(%x: !x) -> !y {
  // CHECK: resnet.max_pool2d
  %w = resnet.constant dense<1.0> : !w
  %0 = resnet.fused_conv2d %x, %w stride [2, 2] pad [3, 3, 3, 3] : (!x, !w) -> !y
  %1 = resnet.max_pool2d %0 kernel [3, 3] pad [1, 1, 1, 1] : !y -> !y
  return %1 : !y
}

// CHECK-LABEL: func @no_fusion_of_a_pool_over_everything
func.func @no_fusion_of_a_pool_over_everything(%x: !x) -> tensor<?x16x1x1xf32> {
  // CHECK: resnet.max_pool2d
  %w = resnet.constant dense<1.0> : !w
  %0 = resnet.fused_conv2d %x, %w stride [2, 2] pad [3, 3, 3, 3] : (!x, !w) -> !y
  %1 = resnet.max_pool2d %0 kernel [16, 16] : !y -> tensor<?x16x1x1xf32>
  return %1 : tensor<?x16x1x1xf32>
}

// CHECK-LABEL: func @no_fusion_dilated_pool
func.func @no_fusion_dilated_pool(%x: !x) -> !z {
  // CHECK: resnet.max_pool2d
  %w = resnet.constant dense<1.0> : !w
  %0 = resnet.fused_conv2d %x, %w stride [2, 2] pad [3, 3, 3, 3] : (!x, !w) -> !y
  %1 = resnet.max_pool2d %0 kernel [2, 2] stride [2, 2] pad [0, 0, 1, 1] dilation [2, 2] : !y -> !z
  return %1 : !z
}

// CHECK-LABEL: func @no_fusion_of_a_sum
func.func @no_fusion_of_a_sum(%x: !x, %s: !y) -> !z {
  // CHECK: resnet.max_pool2d
  %w = resnet.constant dense<1.0> : !w
  %0 = resnet.fused_conv2d %x, %w addend %s stride [2, 2] pad [3, 3, 3, 3] : (!x, !w, !y) -> !y
  %1 = resnet.max_pool2d %0 kernel [3, 3] stride [2, 2] pad [1, 1, 1, 1] : !y -> !z
  return %1 : !z
}

// CHECK-LABEL: func @no_fusion_dilated_groups
func.func @no_fusion_dilated_groups(%x: tensor<?x2x18x18xf32>) -> (!z, !z) {
  // CHECK-COUNT-2: resnet.max_pool2d
  %w = resnet.constant dense<1.0> : tensor<16x1x3x3xf32>
  %v = resnet.constant dense<1.0> : tensor<16x2x2x2xf32>
  %0 = resnet.fused_conv2d %x, %w groups 2 : (tensor<?x2x18x18xf32>, tensor<16x1x3x3xf32>) -> !y
  %1 = resnet.max_pool2d %0 kernel [2, 2] stride [2, 2] : !y -> !z
  %2 = resnet.fused_conv2d %x, %v dilation [2, 2] : (tensor<?x2x18x18xf32>, tensor<16x2x2x2xf32>) -> !y
  %3 = resnet.max_pool2d %2 kernel [2, 2] stride [2, 2] : !y -> !z
  return %1, %3 : !z, !z
}

// CHECK-LABEL: func @another_activation
func.func @another_activation(%x: !x) -> !z {
  // CHECK: resnet.fused_stem %arg0, %{{[^ ]*}} activation silu stride [2, 2]
  %w = resnet.constant dense<1.0> : !w
  %0 = resnet.fused_conv2d %x, %w activation silu stride [2, 2] pad [3, 3, 3, 3] : (!x, !w) -> !y
  %1 = resnet.max_pool2d %0 kernel [3, 3] stride [2, 2] pad [1, 1, 1, 1] : !y -> !z
  return %1 : !z
}
