// RUN: resnet-opt %s --resnet-raise-residual-blocks | FileCheck %s
// RUN: resnet-opt %s --resnet-raise-residual-blocks --resnet-flatten-residuals | FileCheck %s --check-prefix=FLAT

!map = tensor<?x4x8x8xf32>
!half = tensor<?x8x4x4xf32>
!v = tensor<4xf32>

// A block with an identity shortcut, then one that projects what came before its first normalisation.
// CHECK-LABEL: func @shortcut_before_the_normalisation
// CHECK-SAME: (%[[X:[^:]*]]:
// FLAT-LABEL: func @shortcut_before_the_normalisation
// FLAT-SAME: (%[[X:[^:]*]]:
func.func @shortcut_before_the_normalisation(%x: !map) -> !half {
  %v = resnet.constant dense<1.0> : !v
  // CHECK: %[[Y:.*]] = resnet.residual %[[X]] {
  // CHECK-NEXT: resnet.batch_norm %[[X]]
  // CHECK: resnet.yield
  // CHECK-NEXT: }
  // CHECK: %[[Z:.*]] = resnet.residual %[[Y]] {
  // CHECK: resnet.batch_norm %[[Y]]
  // CHECK: } shortcut {
  // CHECK: %[[P:.*]] = resnet.conv2d %[[Y]]
  // CHECK-NEXT: resnet.yield %[[P]]
  // CHECK: return %[[Z]]
  // FLAT: %[[F:.*]] = resnet.conv2d
  // FLAT: %[[Y:.*]] = resnet.add %[[F]], %[[X]]
  // FLAT: resnet.batch_norm %[[Y]]
  // FLAT: %[[G:.*]] = resnet.conv2d %{{.*}} stride
  // FLAT: %[[P:.*]] = resnet.conv2d %[[Y]]
  // FLAT: %[[Z:.*]] = resnet.add %[[G]], %[[P]]
  // FLAT: return %[[Z]]
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %u = resnet.constant dense<1.0> : tensor<8x4x1x1xf32>
  %0 = resnet.batch_norm %x, %v, %v, %v, %v : (!map, !v, !v, !v, !v) -> !map
  %1 = resnet.relu %0 : !map -> !map
  %2 = resnet.conv2d %1, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %3 = resnet.add %2, %x : (!map, !map) -> !map
  %4 = resnet.batch_norm %3, %v, %v, %v, %v : (!map, !v, !v, !v, !v) -> !map
  %5 = resnet.relu %4 : !map -> !map
  %6 = resnet.conv2d %5, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %7 = resnet.conv2d %6, %u stride [2, 2] : (!map, tensor<8x4x1x1xf32>) -> !half
  %8 = resnet.conv2d %3, %u stride [2, 2] : (!map, tensor<8x4x1x1xf32>) -> !half
  %9 = resnet.add %8, %7 : (!half, !half) -> !half
  return %9 : !half
}

// The projection reads what the first normalisation gives: that is the block's input, and nothing of it is inside.
// CHECK-LABEL: func @shortcut_behind_the_normalisation
// CHECK-SAME: (%[[X:[^:]*]]:
func.func @shortcut_behind_the_normalisation(%x: !map) -> !half {
  %v = resnet.constant dense<1.0> : !v
  // CHECK: %[[N:.*]] = resnet.batch_norm %[[X]]
  // CHECK: %[[R:.*]] = resnet.relu %[[N]]
  // CHECK: resnet.residual %[[R]] {
  // CHECK-NOT: resnet.batch_norm
  // CHECK: } shortcut {
  // CHECK: resnet.conv2d %[[R]]
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %u = resnet.constant dense<1.0> : tensor<8x4x1x1xf32>
  %0 = resnet.batch_norm %x, %v, %v, %v, %v : (!map, !v, !v, !v, !v) -> !map
  %1 = resnet.relu %0 : !map -> !map
  %2 = resnet.conv2d %1, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %3 = resnet.conv2d %2, %u stride [2, 2] : (!map, tensor<8x4x1x1xf32>) -> !half
  %4 = resnet.conv2d %1, %u stride [2, 2] : (!map, tensor<8x4x1x1xf32>) -> !half
  %5 = resnet.add %3, %4 : (!half, !half) -> !half
  return %5 : !half
}

// The head's normalisation, which alone reads the last sum, is no part of a block.
// CHECK-LABEL: func @normalisation_behind_the_last_sum
func.func @normalisation_behind_the_last_sum(%x: !map) -> !map {
  %v = resnet.constant dense<1.0> : !v
  // CHECK: %[[Y:.*]] = resnet.residual %{{[^ ]*}} {
  // CHECK: }
  // CHECK: %[[N:.*]] = resnet.batch_norm %[[Y]]
  // CHECK: resnet.relu %[[N]]
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.relu %x : !map -> !map
  %1 = resnet.conv2d %0, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %2 = resnet.add %1, %x : (!map, !map) -> !map
  %3 = resnet.batch_norm %2, %v, %v, %v, %v : (!map, !v, !v, !v, !v) -> !map
  %4 = resnet.relu %3 : !map -> !map
  return %4 : !map
}

// The first normalisation is read behind the sum, too: it escapes from F.
// CHECK-LABEL: func @flat_first_normalisation_escapes
func.func @flat_first_normalisation_escapes(%x: !map) -> (!map, !map) {
  %v = resnet.constant dense<1.0> : !v
  // CHECK-NOT: resnet.residual
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.batch_norm %x, %v, %v, %v, %v : (!map, !v, !v, !v, !v) -> !map
  %1 = resnet.relu %0 : !map -> !map
  %2 = resnet.conv2d %1, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %3 = resnet.add %2, %x : (!map, !map) -> !map
  return %3, %1 : !map, !map
}

// CHECK-LABEL: func @flat_two_sums_share_a_branch
func.func @flat_two_sums_share_a_branch(%x: !map) -> (!map, !map) {
  // CHECK-NOT: resnet.residual
  // CHECK: return
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.relu %x : !map -> !map
  %1 = resnet.conv2d %0, %w : (!map, tensor<4x4x1x1xf32>) -> !map
  %2 = resnet.add %1, %x : (!map, !map) -> !map
  %3 = resnet.add %x, %1 : (!map, !map) -> !map
  return %2, %3 : !map, !map
}
