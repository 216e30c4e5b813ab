// RUN: resnet-opt %s --resnet-flatten-residuals | FileCheck %s

// CHECK-LABEL: func @identity
// CHECK-SAME: (%[[X:[^:]*]]:
func.func @identity(%x: tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32> {
  // CHECK: %[[F:.*]] = resnet.conv2d %[[X]]
  // CHECK-NEXT: %[[S:.*]] = resnet.add %[[F]], %[[X]]
  // CHECK-NEXT: %[[Y:.*]] = resnet.relu %[[S]]
  // CHECK-NEXT: return %[[Y]]
  %c = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.residual %x activation relu {
    %f = resnet.conv2d %x, %c : (tensor<?x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<?x4x8x8xf32>
    resnet.yield %f : tensor<?x4x8x8xf32>
  } : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  return %0 : tensor<?x4x8x8xf32>
}

// CHECK-LABEL: func @no_activation
func.func @no_activation(%x: tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32> {
  // CHECK: %[[S:.*]] = resnet.add
  // CHECK-NEXT: return %[[S]]
  %c = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.residual %x {
    %f = resnet.conv2d %x, %c : (tensor<?x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<?x4x8x8xf32>
    resnet.yield %f : tensor<?x4x8x8xf32>
  } : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  return %0 : tensor<?x4x8x8xf32>
}

// CHECK-LABEL: func @shortcut_is_the_second_operand
func.func @shortcut_is_the_second_operand(%x: tensor<?x4x8x8xf32>) -> tensor<?x8x4x4xf32> {
  // CHECK: %[[F:.*]] = resnet.conv2d
  // CHECK: %[[P:.*]] = resnet.subsample
  // CHECK: resnet.add %[[F]], %[[P]]
  %c = resnet.constant dense<1.0> : tensor<8x4x1x1xf32>
  %0 = resnet.residual %x activation relu {
    %f = resnet.conv2d %x, %c stride [2, 2] : (tensor<?x4x8x8xf32>, tensor<8x4x1x1xf32>) -> tensor<?x8x4x4xf32>
    resnet.yield %f : tensor<?x8x4x4xf32>
  } shortcut {
    %s = resnet.subsample %x stride [2, 2] channel_padding [2, 2] : tensor<?x4x8x8xf32> -> tensor<?x8x4x4xf32>
    resnet.yield %s : tensor<?x8x4x4xf32>
  } : tensor<?x4x8x8xf32> -> tensor<?x8x4x4xf32>
  return %0 : tensor<?x8x4x4xf32>
}

// CHECK-LABEL: func @nested
func.func @nested(%x: tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32> {
  // CHECK-NOT: resnet.residual
  // CHECK: %[[F:.*]] = resnet.conv2d
  // CHECK-NEXT: %[[S:.*]] = resnet.add %[[F]], %[[X:.*]] :
  // CHECK-NEXT: %[[T:.*]] = resnet.add %[[S]], %[[X]] :
  // CHECK-NEXT: return %[[T]]
  %c = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.residual %x {
    %1 = resnet.residual %x {
      %f = resnet.conv2d %x, %c : (tensor<?x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<?x4x8x8xf32>
      resnet.yield %f : tensor<?x4x8x8xf32>
    } : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
    resnet.yield %1 : tensor<?x4x8x8xf32>
  } : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  return %0 : tensor<?x4x8x8xf32>
}

// CHECK-LABEL: func @activations_other_than_relu
func.func @activations_other_than_relu(%x: tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32> {
  // CHECK: %[[S:.*]] = resnet.add
  // CHECK-NEXT: %[[Y:.*]] = resnet.clip %[[S]] min 0.000000e+00 max 6.000000e+00
  // CHECK: %[[T:.*]] = resnet.add
  // CHECK-NEXT: resnet.silu %[[T]]
  %c = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %0 = resnet.residual %x activation relu6 {
    %f = resnet.conv2d %x, %c : (tensor<?x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<?x4x8x8xf32>
    resnet.yield %f : tensor<?x4x8x8xf32>
  } : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  %1 = resnet.residual %0 activation silu {
    %f = resnet.conv2d %0, %c : (tensor<?x4x8x8xf32>, tensor<4x4x1x1xf32>) -> tensor<?x4x8x8xf32>
    resnet.yield %f : tensor<?x4x8x8xf32>
  } : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  return %1 : tensor<?x4x8x8xf32>
}
