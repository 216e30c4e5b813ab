// RUN: resnet-opt %s --verify-roundtrip -o - | FileCheck %s

!map = tensor<?x4x8x8xf32>
!one = tensor<?x4x1x1xf32>
!v = tensor<4xf32>

// CHECK-LABEL: func @activations
func.func @activations(%x: !map) -> !map {
  // CHECK: resnet.sigmoid %{{[^ ]*}} : tensor
  %0 = resnet.sigmoid %x : !map -> !map
  // CHECK: resnet.silu %{{[^ ]*}} : tensor
  %1 = resnet.silu %0 : !map -> !map
  // CHECK: resnet.hard_sigmoid %{{[^ ]*}} : tensor
  %2 = resnet.hard_sigmoid %1 offset 0.5 : !map -> !map
  // CHECK: resnet.hard_sigmoid %{{[^ ]*}} slope 2.000000e-01 offset 4.000000e-01 : tensor
  %3 = resnet.hard_sigmoid %2 slope 0.2 offset 0.4 : !map -> !map
  // CHECK: resnet.hard_swish %{{[^ ]*}} : tensor
  %4 = resnet.hard_swish %3 : !map -> !map
  // CHECK: resnet.clip %{{[^ ]*}} min 0.000000e+00 max 6.000000e+00 : tensor
  %5 = resnet.clip %4 min 0.0 max 6.0 : !map -> !map
  // CHECK: resnet.clip %{{[^ ]*}} max 1.000000e+00 : tensor
  %6 = resnet.clip %5 max 1.0 : !map -> !map
  // CHECK: resnet.clip %{{[^ ]*}} : tensor
  %7 = resnet.clip %6 : !map -> !map
  // CHECK: resnet.fake_quantize %{{[^ ]*}} scale 2.500000e-01 zero_point -3 range [-128, 127] : tensor
  %8 = resnet.fake_quantize %7 scale 0.25 zero_point -3 range [-128, 127] : !map -> !map
  return %8 : !map
}

// CHECK-LABEL: func @products
func.func @products(%x: !map, %g: !one, %f: tensor<?x4xf32>) -> (!map, tensor<?x4xf32>) {
  // CHECK: resnet.mul %{{.*}}, %{{.*}} : (tensor<?x4x8x8xf32>, tensor<?x4x1x1xf32>) -> tensor<?x4x8x8xf32>
  %0 = resnet.mul %x, %g : (!map, !one) -> !map
  // CHECK: resnet.expand %{{.*}} size [8, 8] : tensor<?x4x1x1xf32> -> tensor<?x4x8x8xf32>
  %1 = resnet.expand %g size [8, 8] : !one -> !map
  %2 = resnet.mul %0, %1 : (!map, !map) -> !map
  %3 = resnet.mul %f, %f : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %2, %3 : !map, tensor<?x4xf32>
}

// CHECK-LABEL: func @shapes
func.func @shapes(%x: !map, %g: !one) -> (tensor<?x12x8x8xf32>, tensor<?x1x1x4xf32>, tensor<?x4xf32>, !one) {
  // CHECK: resnet.concat %[[X:.*]], %[[X]], %[[X]] : (tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>) -> tensor<?x12x8x8xf32>
  %0 = resnet.concat %x, %x, %x : (!map, !map, !map) -> tensor<?x12x8x8xf32>
  // CHECK: resnet.reshape %{{.*}} [1, 1, 4] :
  %1 = resnet.reshape %g [1, 1, 4] : !one -> tensor<?x1x1x4xf32>
  // CHECK: resnet.reshape %{{.*}} [4] :
  %2 = resnet.reshape %g [4] : !one -> tensor<?x4xf32>
  // CHECK: resnet.global_max_pool
  %3 = resnet.global_max_pool %x : !map -> !one
  return %0, %1, %2, %3 : tensor<?x12x8x8xf32>, tensor<?x1x1x4xf32>, tensor<?x4xf32>, !one
}

// CHECK-LABEL: func @pads
func.func @pads(%x: !map) -> (tensor<?x4x14x14xf32>, tensor<?x4x9x8xf32>) {
  // CHECK: resnet.pad %{{.*}} low [0, 3, 3] high [0, 3, 3] mode reflect :
  %0 = resnet.pad %x low [0, 3, 3] high [0, 3, 3] mode reflect : !map -> tensor<?x4x14x14xf32>
  // CHECK: resnet.pad %{{.*}} low [0, 1, 0] high [0, 0, 0] mode edge :
  %1 = resnet.pad %x low [0, 1, 0] high [0, 0, 0] mode edge : !map -> tensor<?x4x9x8xf32>
  return %0, %1 : tensor<?x4x14x14xf32>, tensor<?x4x9x8xf32>
}

// CHECK-LABEL: func @group_norm
func.func @group_norm(%x: !map, %v: !v) -> !map {
  // CHECK: resnet.group_norm %{{.*}}, %{{.*}}, %{{.*}} groups 2 epsilon 1.000000e-03 :
  %0 = resnet.group_norm %x, %v, %v groups 2 epsilon 1.0e-3 : (!map, !v, !v) -> !map
  // CHECK: resnet.group_norm %{{.*}}, %{{.*}}, %{{.*}} groups 4 :
  %1 = resnet.group_norm %0, %v, %v groups 4 : (!map, !v, !v) -> !map
  return %1 : !map
}

// CHECK-LABEL: func @fused
func.func @fused(%x: !map, %g: !one, %w: tensor<10x4xf32>, %f: tensor<4x4x1x1xf32>) -> (tensor<?x10xf32>, tensor<?x10xf32>) {
  // CHECK: resnet.fused_conv2d %{{.*}}, %{{.*}} activation hard_swish :
  %0 = resnet.fused_conv2d %x, %f activation hard_swish : (!map, tensor<4x4x1x1xf32>) -> !map
  // CHECK: resnet.fused_elementwise %{{.*}} gate %{{.*}} addend %{{.*}} activation silu : (tensor<?x4x8x8xf32>, tensor<?x4x1x1xf32>, tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  %1 = resnet.fused_elementwise %0 gate %g addend %x activation silu : (!map, !one, !map) -> !map
  // CHECK: resnet.fused_head %{{.*}}, %{{.*}} softmax log :
  %2 = resnet.fused_head %1, %w softmax log : (!map, tensor<10x4xf32>) -> tensor<?x10xf32>
  // CHECK: resnet.softmax %{{.*}} log :
  %3 = resnet.softmax %2 log : tensor<?x10xf32> -> tensor<?x10xf32>
  return %2, %3 : tensor<?x10xf32>, tensor<?x10xf32>
}

// CHECK-LABEL: resnet.kernel @product_in_place
resnet.kernel @product_in_place(%x: !map, %g: !one) -> !map attributes {in_place = 0 : i64} {
  %0 = resnet.mul %x, %g : (!map, !one) -> !map
  resnet.yield %0 : !map
}

// CHECK-LABEL: resnet.kernel @fake_quantize_in_place
resnet.kernel @fake_quantize_in_place(%x: !map) -> !map attributes {in_place = 0 : i64} {
  %0 = resnet.fake_quantize %x scale 0.5 zero_point 0 range [0, 255] : !map -> !map
  resnet.yield %0 : !map
}
