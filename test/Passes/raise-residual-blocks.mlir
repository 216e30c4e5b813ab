// RUN: resnet-opt %s --resnet-raise-residual-blocks | FileCheck %s

!map = tensor<?x4x8x8xf32>
!half = tensor<?x8x4x4xf32>

// CHECK-LABEL: func @basic_block
// CHECK-SAME: (%[[X:[^:]*]]:
func.func @basic_block(%x: !map) -> !map {
  // CHECK: %[[Y:.*]] = resnet.residual %[[X]] activation relu {
  // CHECK:   %[[A:.*]] = resnet.conv2d %[[X]]
  // CHECK:   %[[B:.*]] = resnet.relu %[[A]]
  // CHECK:   %[[C:.*]] = resnet.conv2d %[[B]]
  // CHECK:   resnet.yield %[[C]]
  // CHECK: } : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  // CHECK-NEXT: return %[[Y]]
  %w = resnet.constant dense<1.0> : tensor<4x4x3x3xf32>
  %0 = resnet.conv2d %x, %w pad [1, 1, 1, 1] : (!map, tensor<4x4x3x3xf32>) -> !map
  %1 = resnet.relu %0 : !map -> !map
  %2 = resnet.conv2d %1, %w pad [1, 1, 1, 1] : (!map, tensor<4x4x3x3xf32>) -> !map
  %3 = resnet.add %2, %x : (!map, !map) -> !map
  %4 = resnet.relu %3 : !map -> !map
  return %4 : !map
}

// CHECK-LABEL: func @shortcut_as_first_operand
func.func @shortcut_as_first_operand(%x: !map) -> !map {
  // CHECK: resnet.residual %{{.*}} activation relu {
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.add %x, %0 : (!map, !map) -> !map
  %2 = resnet.relu %1 : !map -> !map
  return %2 : !map
}

// CHECK-LABEL: func @bottleneck_with_projection
// CHECK-SAME: (%[[X:[^:]*]]:
func.func @bottleneck_with_projection(%x: !map) -> !half {
  // CHECK: resnet.residual %[[X]] activation relu {
  // CHECK-COUNT-3: resnet.conv2d
  // CHECK: } shortcut {
  // CHECK: %[[P:.*]] = resnet.conv2d %[[X]]
  // CHECK-NEXT: resnet.yield %[[P]]
  %w1 = resnet.constant dense<1.0> : tensor<2x4x1x1xf32>
  %w2 = resnet.constant dense<1.0> : tensor<2x2x3x3xf32>
  %w3 = resnet.constant dense<1.0> : tensor<8x2x1x1xf32>
  %wp = resnet.constant dense<1.0> : tensor<8x4x1x1xf32>
  %0 = resnet.conv2d %x, %w1 : (!map, tensor<2x4x1x1xf32>) -> tensor<?x2x8x8xf32>
  %1 = resnet.relu %0 : tensor<?x2x8x8xf32> -> tensor<?x2x8x8xf32>
  %2 = resnet.conv2d %1, %w2 stride [2, 2] pad [1, 1, 1, 1] : (tensor<?x2x8x8xf32>, tensor<2x2x3x3xf32>) -> tensor<?x2x4x4xf32>
  %3 = resnet.relu %2 : tensor<?x2x4x4xf32> -> tensor<?x2x4x4xf32>
  %4 = resnet.conv2d %3, %w3 : (tensor<?x2x4x4xf32>, tensor<8x2x1x1xf32>) -> !half
  %5 = resnet.conv2d %x, %wp stride [2, 2] : (!map, tensor<8x4x1x1xf32>) -> !half
  %6 = resnet.add %4, %5 : (!half, !half) -> !half
  %7 = resnet.relu %6 : !half -> !half
  return %7 : !half
}

// CHECK-LABEL: func @option_a_shortcut
func.func @option_a_shortcut(%x: !map) -> !half {
  // CHECK: } shortcut {
  // CHECK-NEXT: resnet.subsample
  // CHECK-NEXT: resnet.yield
  %w = resnet.constant dense<1.0> : tensor<8x4x1x1xf32>
  %0 = resnet.conv2d %x, %w stride [2, 2] : (!map, tensor<8x4x1x1xf32>) -> !half
  %1 = resnet.subsample %x stride [2, 2] channel_padding [2, 2] : !map -> !half
  %2 = resnet.add %0, %1 : (!half, !half) -> !half
  %3 = resnet.relu %2 : !half -> !half
  return %3 : !half
}

// CHECK-LABEL: func @pooled_projection_of_resnet_d
func.func @pooled_projection_of_resnet_d(%x: !map) -> !half {
  // CHECK: } shortcut {
  // CHECK: resnet.avg_pool2d
  // CHECK: resnet.conv2d
  // CHECK: resnet.yield
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %v = resnet.constant dense<1.0> : tensor<8x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.conv2d %0, %v stride [2, 2] : (!map, tensor<8x4x1x1xf32>) -> !half
  %2 = resnet.avg_pool2d %x kernel [2, 2] stride [2, 2] : !map -> tensor<?x4x4x4xf32>
  %3 = resnet.conv2d %2, %v : (tensor<?x4x4x4xf32>, tensor<8x4x1x1xf32>) -> !half
  %4 = resnet.add %1, %3 : (!half, !half) -> !half
  %5 = resnet.relu %4 : !half -> !half
  return %5 : !half
}

// The sum is read by the next block's normalisation and by its sum: no activation after it.
// CHECK-LABEL: func @preactivation
// CHECK-SAME: (%[[X:[^:]*]]:
func.func @preactivation(%x: !map) -> !map {
  // CHECK: %[[Y:.*]] = resnet.residual %[[X]] {
  // CHECK: %[[Z:.*]] = resnet.residual %[[Y]] {
  // CHECK:   resnet.relu %[[Y]]
  // CHECK: return %[[Z]]
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.relu %x : !map -> !map
  %1 = resnet.conv2d %0, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %2 = resnet.add %1, %x : (!map, !map) -> !map
  %3 = resnet.relu %2 : !map -> !map
  %4 = resnet.conv2d %3, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %5 = resnet.add %4, %2 : (!map, !map) -> !map
  return %5 : !map
}

// Both branches begin behind the shared activation.
// CHECK-LABEL: func @preactivation_with_projection
func.func @preactivation_with_projection(%x: !map) -> !map {
  // CHECK: %[[R:.*]] = resnet.relu
  // CHECK: resnet.residual %[[R]] {
  // CHECK: } shortcut {
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.relu %x : !map -> !map
  %1 = resnet.conv2d %0, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %2 = resnet.conv2d %1, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %3 = resnet.conv2d %0, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %4 = resnet.add %2, %3 : (!map, !map) -> !map
  return %4 : !map
}

// CHECK-LABEL: func @branches_inside_f
func.func @branches_inside_f(%x: !map) -> !map {
  // CHECK: resnet.residual %{{.*}} activation relu {
  // CHECK: resnet.add
  // CHECK: resnet.yield
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.conv2d %0, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %2 = resnet.conv2d %0, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %3 = resnet.add %1, %2 : (!map, !map) -> !map
  %4 = resnet.add %3, %x : (!map, !map) -> !map
  %5 = resnet.relu %4 : !map -> !map
  return %5 : !map
}

// CHECK-LABEL: func @block_inside_a_block
func.func @block_inside_a_block(%x: !map) -> !map {
  // CHECK: resnet.residual
  // CHECK: resnet.residual
  // CHECK: resnet.yield
  // CHECK: resnet.yield
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.conv2d %0, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %2 = resnet.add %1, %0 : (!map, !map) -> !map
  %3 = resnet.add %2, %x : (!map, !map) -> !map
  return %3 : !map
}

// A weight that F alone reads moves into it.
// CHECK-LABEL: func @weights_move_along
func.func @weights_move_along(%x: !map) -> !map {
  // CHECK-NEXT: resnet.residual
  // CHECK-NEXT: resnet.constant
  // CHECK-NEXT: resnet.conv2d
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.add %0, %x : (!map, !map) -> !map
  return %1 : !map
}

// CHECK-LABEL: func @activation_stays_where_the_sum_is_read
func.func @activation_stays_where_the_sum_is_read(%x: !map) -> (!map, !map) {
  // CHECK: %[[S:.*]] = resnet.residual %{{.*}} {
  // CHECK: %[[R:.*]] = resnet.relu %[[S]]
  // CHECK: return %[[S]], %[[R]]
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.add %0, %x : (!map, !map) -> !map
  %2 = resnet.relu %1 : !map -> !map
  return %1, %2 : !map, !map
}

// CHECK-LABEL: func @flat_value_of_f_read_outside
func.func @flat_value_of_f_read_outside(%x: !map) -> (!map, !map) {
  // CHECK-NOT: resnet.residual
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.relu %0 : !map -> !map
  %2 = resnet.add %1, %x : (!map, !map) -> !map
  return %0, %2 : !map, !map
}

// CHECK-LABEL: func @flat_without_convolution
func.func @flat_without_convolution(%x: !map) -> !map {
  // CHECK-NOT: resnet.residual
  // CHECK: return
  %0 = resnet.relu %x : !map -> !map
  %1 = resnet.add %0, %x : (!map, !map) -> !map
  return %1 : !map
}

// CHECK-LABEL: func @flat_value_added_to_itself
func.func @flat_value_added_to_itself(%x: !map) -> !map {
  // CHECK-NOT: resnet.residual
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.add %0, %0 : (!map, !map) -> !map
  return %1 : !map
}

// CHECK-LABEL: func @flat_two_equal_branches
func.func @flat_two_equal_branches(%x: !map) -> !map {
  // CHECK-NOT: resnet.residual
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %2 = resnet.add %0, %1 : (!map, !map) -> !map
  return %2 : !map
}

// CHECK-LABEL: func @flat_branches_that_share_a_value
func.func @flat_branches_that_share_a_value(%x: !map) -> !map {
  // CHECK-NOT: resnet.residual
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %1 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %2 = resnet.max_pool2d %x kernel [1, 1] : !map -> !map
  %3 = resnet.add %1, %2 : (!map, !map) -> !map
  %4 = resnet.add %3, %2 : (!map, !map) -> !map
  return %4 : !map
}

// CHECK-LABEL: func @flat_two_inputs
func.func @flat_two_inputs(%x: !map, %y: !map) -> !map {
  // CHECK-NOT: resnet.residual
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.add %0, %y : (!map, !map) -> !map
  return %1 : !map
}

// CHECK-LABEL: func @flat_sum_of_features
func.func @flat_sum_of_features(%x: !map) -> tensor<?x256xf32> {
  // CHECK-NOT: resnet.residual
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %1 = resnet.flatten %0 : !map -> tensor<?x256xf32>
  %2 = resnet.flatten %x : !map -> tensor<?x256xf32>
  %3 = resnet.add %1, %2 : (tensor<?x256xf32>, tensor<?x256xf32>) -> tensor<?x256xf32>
  return %3 : tensor<?x256xf32>
}
