// RUN: resnet-opt %s --resnet-raise-residual-blocks | FileCheck %s

// Blocks with attention in F, and with activations other than relu.

!map = tensor<?x4x8x8xf32>
!one = tensor<?x4x1x1xf32>

// CHECK-LABEL: func @squeeze_and_excitation
// CHECK-SAME: (%[[X:[^:]*]]:
func.func @squeeze_and_excitation(%x: !map) -> !map {
  // CHECK: resnet.residual %[[X]] activation relu {
  // CHECK:   resnet.global_avg_pool
  // CHECK:   resnet.sigmoid
  // CHECK:   %[[F:.*]] = resnet.mul
  // CHECK:   resnet.yield %[[F]]
  // CHECK: } : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  // CHECK-NEXT: return
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.global_avg_pool %0 : !map -> !one
  %2 = resnet.conv2d %1, %w : (!one, tensor<4x4x1x1xf32>) -> !one
  %3 = resnet.sigmoid %2 : !one -> !one
  %4 = resnet.mul %0, %3 : (!map, !one) -> !map
  %5 = resnet.add %4, %x : (!map, !map) -> !map
  %6 = resnet.relu %5 : !map -> !map
  return %6 : !map
}

// ECA's convolution runs along the channels.
// CHECK-LABEL: func @efficient_channel_attention
func.func @efficient_channel_attention(%x: !map) -> !map {
  // CHECK: resnet.residual
  // CHECK: resnet.reshape
  // CHECK: resnet.reshape
  // CHECK: resnet.yield
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %k = resnet.constant dense<1.0> : tensor<1x1x1x3xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.global_avg_pool %0 : !map -> !one
  %2 = resnet.reshape %1 [1, 1, 4] : !one -> tensor<?x1x1x4xf32>
  %3 = resnet.conv2d %2, %k pad [0, 1, 0, 1] : (tensor<?x1x1x4xf32>, tensor<1x1x1x3xf32>) -> tensor<?x1x1x4xf32>
  %4 = resnet.sigmoid %3 : tensor<?x1x1x4xf32> -> tensor<?x1x1x4xf32>
  %5 = resnet.reshape %4 [4, 1, 1] : tensor<?x1x1x4xf32> -> !one
  %6 = resnet.mul %0, %5 : (!map, !one) -> !map
  %7 = resnet.add %6, %x : (!map, !map) -> !map
  return %7 : !map
}

// IBN: half of the channels by instance, half by batch.
// CHECK-LABEL: func @two_normalisations
func.func @two_normalisations(%x: !map) -> !map {
  // CHECK: resnet.residual %{{.*}} activation silu {
  // CHECK: resnet.group_norm
  // CHECK: resnet.concat
  // CHECK: resnet.yield
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %v = resnet.constant dense<1.0> : tensor<2xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.slice %0 offsets [0, 0, 0] sizes [2, 8, 8] strides [1, 1, 1] : !map -> tensor<?x2x8x8xf32>
  %2 = resnet.slice %0 offsets [2, 0, 0] sizes [2, 8, 8] strides [1, 1, 1] : !map -> tensor<?x2x8x8xf32>
  %3 = resnet.group_norm %1, %v, %v groups 2 : (tensor<?x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x8x8xf32>
  %4 = resnet.batch_norm %2, %v, %v, %v, %v : (tensor<?x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x8x8xf32>
  %5 = resnet.concat %3, %4 : (tensor<?x2x8x8xf32>, tensor<?x2x8x8xf32>) -> !map
  %6 = resnet.add %5, %x : (!map, !map) -> !map
  %7 = resnet.silu %6 : !map -> !map
  return %7 : !map
}

// CHECK-LABEL: func @clip_to_six_is_an_activation
func.func @clip_to_six_is_an_activation(%x: !map) -> !map {
  // CHECK: resnet.residual %{{.*}} activation relu6 {
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.add %0, %x : (!map, !map) -> !map
  %2 = resnet.clip %1 min 0.0 max 6.0 : !map -> !map
  return %2 : !map
}

// CHECK-LABEL: func @other_clips_stay_behind
func.func @other_clips_stay_behind(%x: !map) -> !map {
  // CHECK: resnet.residual %{{[^ ]*}} {
  // CHECK: resnet.clip
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.add %0, %x : (!map, !map) -> !map
  %2 = resnet.clip %1 min 0.0 max 5.0 : !map -> !map
  return %2 : !map
}

// CHECK-LABEL: func @fake_quantize_stays_behind
func.func @fake_quantize_stays_behind(%x: !map) -> !map {
  // CHECK: %[[Y:.*]] = resnet.residual %{{[^ ]*}} {
  // CHECK: %[[Q:.*]] = resnet.fake_quantize %[[Y]]
  // CHECK: resnet.relu %[[Q]]
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.add %0, %x : (!map, !map) -> !map
  %2 = resnet.fake_quantize %1 scale 0.1 zero_point 0 range [-128, 127] : !map -> !map
  %3 = resnet.relu %2 : !map -> !map
  return %3 : !map
}
