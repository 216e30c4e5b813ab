// RUN: resnet-opt %s --resnet-merge-reduce-projection | FileCheck %s

!x = tensor<?x2x8x8xf32>
!r = tensor<?x16x8x8xf32>
!p = tensor<?x3x8x8xf32>

// CHECK-LABEL: func @reduce_and_projection
// CHECK-SAME: (%[[X:[^:]*]]:
func.func @reduce_and_projection(%x: !x) -> (!r, !p) {
  // CHECK-DAG: %[[W:.*]] = resnet.constant dense<{{.*}}> : tensor<19x2x1x1xf32>
  // CHECK-DAG: %[[B:.*]] = resnet.constant dense<[{{(1.000000e\+00, )+}}2.000000e+00, 2.000000e+00, 2.000000e+00]> : tensor<19xf32>
  // CHECK: %[[M:.*]] = resnet.fused_conv2d %[[X]], %[[W]] bias %[[B]] activation relu activated_channels 16 :
  // CHECK: %[[R:.*]] = resnet.slice %[[M]] offsets [0, 0, 0] sizes [16, 8, 8] strides [1, 1, 1] : tensor<?x19x8x8xf32> -> tensor<?x16x8x8xf32>
  // CHECK: %[[P:.*]] = resnet.slice %[[M]] offsets [16, 0, 0] sizes [3, 8, 8] strides [1, 1, 1] : tensor<?x19x8x8xf32> -> tensor<?x3x8x8xf32>
  // CHECK: return %[[R]], %[[P]]
  %w = resnet.constant dense<1.0> : tensor<16x2x1x1xf32>
  %b = resnet.constant dense<1.0> : tensor<16xf32>
  %v = resnet.constant dense<2.0> : tensor<3x2x1x1xf32>
  %c = resnet.constant dense<2.0> : tensor<3xf32>
  %0 = resnet.fused_conv2d %x, %w bias %b activation relu : (!x, tensor<16x2x1x1xf32>, tensor<16xf32>) -> !r
  %1 = resnet.fused_conv2d %x, %v bias %c : (!x, tensor<3x2x1x1xf32>, tensor<3xf32>) -> !p
  return %0, %1 : !r, !p
}

// The reduce's channels come first whichever is computed first; an absent bias is zero.
// CHECK-LABEL: func @projection_before_the_reduce
func.func @projection_before_the_reduce(%x: !x) -> (tensor<?x16x4x4xf32>, tensor<?x3x4x4xf32>) {
  // CHECK-DAG: resnet.constant dense<[{{(0.000000e\+00, )+}}2.000000e+00, 2.000000e+00, 2.000000e+00]> : tensor<19xf32>
  // CHECK: resnet.fused_conv2d %{{.*}} activation relu activated_channels 16 stride [2, 2] :
  // CHECK: resnet.slice %{{.*}} offsets [0, 0, 0] sizes [16, 4, 4]
  // CHECK: resnet.slice %{{.*}} offsets [16, 0, 0] sizes [3, 4, 4]
  %v = resnet.constant dense<2.0> : tensor<3x2x1x1xf32>
  %c = resnet.constant dense<2.0> : tensor<3xf32>
  %0 = resnet.fused_conv2d %x, %v bias %c stride [2, 2] : (!x, tensor<3x2x1x1xf32>, tensor<3xf32>) -> tensor<?x3x4x4xf32>
  %w = resnet.constant dense<1.0> : tensor<16x2x1x1xf32>
  %1 = resnet.fused_conv2d %x, %w activation relu stride [2, 2] : (!x, tensor<16x2x1x1xf32>) -> tensor<?x16x4x4xf32>
  return %1, %0 : tensor<?x16x4x4xf32>, tensor<?x3x4x4xf32>
}

// CHECK-LABEL: func @no_merge_strides_differ
func.func @no_merge_strides_differ(%x: !x) -> (!r, tensor<?x3x4x4xf32>) {
  // CHECK-NOT: activated_channels
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<16x2x1x1xf32>
  %v = resnet.constant dense<2.0> : tensor<3x2x1x1xf32>
  %0 = resnet.fused_conv2d %x, %w activation relu : (!x, tensor<16x2x1x1xf32>) -> !r
  %1 = resnet.fused_conv2d %x, %v stride [2, 2] : (!x, tensor<3x2x1x1xf32>) -> tensor<?x3x4x4xf32>
  return %0, %1 : !r, tensor<?x3x4x4xf32>
}

// CHECK-LABEL: func @no_merge_inputs_differ
func.func @no_merge_inputs_differ(%x: !x, %y: !x) -> (!r, !p) {
  // CHECK-NOT: activated_channels
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<16x2x1x1xf32>
  %v = resnet.constant dense<2.0> : tensor<3x2x1x1xf32>
  %0 = resnet.fused_conv2d %x, %w activation relu : (!x, tensor<16x2x1x1xf32>) -> !r
  %1 = resnet.fused_conv2d %y, %v : (!x, tensor<3x2x1x1xf32>) -> !p
  return %0, %1 : !r, !p
}

// CHECK-LABEL: func @no_merge_reduce_is_3x3
func.func @no_merge_reduce_is_3x3(%x: !x) -> (!r, !p) {
  // CHECK-NOT: activated_channels
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<16x2x3x3xf32>
  %v = resnet.constant dense<2.0> : tensor<3x2x1x1xf32>
  %0 = resnet.fused_conv2d %x, %w activation relu pad [1, 1, 1, 1] : (!x, tensor<16x2x3x3xf32>) -> !r
  %1 = resnet.fused_conv2d %x, %v : (!x, tensor<3x2x1x1xf32>) -> !p
  return %0, %1 : !r, !p
}

// CHECK-LABEL: func @no_merge_grouped
func.func @no_merge_grouped(%x: !x) -> (!r, !p) {
  // CHECK-NOT: activated_channels
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<16x1x1x1xf32>
  %v = resnet.constant dense<2.0> : tensor<3x2x1x1xf32>
  %0 = resnet.fused_conv2d %x, %w activation relu groups 2 : (!x, tensor<16x1x1x1xf32>) -> !r
  %1 = resnet.fused_conv2d %x, %v : (!x, tensor<3x2x1x1xf32>) -> !p
  return %0, %1 : !r, !p
}

// CHECK-LABEL: func @no_merge_reduce_ends_inside_a_channel_block
func.func @no_merge_reduce_ends_inside_a_channel_block(%x: !x) -> (tensor<?x8x8x8xf32>, !p) {
  // CHECK-NOT: activated_channels
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<8x2x1x1xf32>
  %v = resnet.constant dense<2.0> : tensor<3x2x1x1xf32>
  %0 = resnet.fused_conv2d %x, %w activation relu : (!x, tensor<8x2x1x1xf32>) -> tensor<?x8x8x8xf32>
  %1 = resnet.fused_conv2d %x, %v : (!x, tensor<3x2x1x1xf32>) -> !p
  return %0, %1 : tensor<?x8x8x8xf32>, !p
}

// CHECK-LABEL: func @no_merge_projection_takes_a_sum
func.func @no_merge_projection_takes_a_sum(%x: !x, %s: !p) -> (!r, !p) {
  // CHECK-NOT: activated_channels
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<16x2x1x1xf32>
  %v = resnet.constant dense<2.0> : tensor<3x2x1x1xf32>
  %0 = resnet.fused_conv2d %x, %w activation relu : (!x, tensor<16x2x1x1xf32>) -> !r
  %1 = resnet.fused_conv2d %x, %v addend %s : (!x, tensor<3x2x1x1xf32>, !p) -> !p
  return %0, %1 : !r, !p
}

// CHECK-LABEL: func @no_merge_computed_filter
func.func @no_merge_computed_filter(%x: !x, %w: tensor<16x2x1x1xf32>) -> (!r, !p) {
  // CHECK-NOT: activated_channels
  // CHECK: return
  %v = resnet.constant dense<2.0> : tensor<3x2x1x1xf32>
  %0 = resnet.fused_conv2d %x, %w activation relu : (!x, tensor<16x2x1x1xf32>) -> !r
  %1 = resnet.fused_conv2d %x, %v : (!x, tensor<3x2x1x1xf32>) -> !p
  return %0, %1 : !r, !p
}

// CHECK-LABEL: func @the_reduces_own_activation
func.func @the_reduces_own_activation(%x: !x) -> (!r, !p) {
  // CHECK: resnet.fused_conv2d %{{.*}} activation silu activated_channels 16 :
  %w = resnet.constant dense<1.0> : tensor<16x2x1x1xf32>
  %v = resnet.constant dense<2.0> : tensor<3x2x1x1xf32>
  %0 = resnet.fused_conv2d %x, %w activation silu : (!x, tensor<16x2x1x1xf32>) -> !r
  %1 = resnet.fused_conv2d %x, %v : (!x, tensor<3x2x1x1xf32>) -> !p
  return %0, %1 : !r, !p
}
