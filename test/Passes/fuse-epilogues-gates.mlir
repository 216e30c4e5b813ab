// RUN: resnet-opt %s --resnet-fuse-epilogues | FileCheck %s
// RUN: resnet-opt %s --resnet-fuse-epilogues --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s --check-prefix=LOC

// Gates, activations other than relu, and what is between operations that could be fused.

!map = tensor<?x4x8x8xf32>
!one = tensor<?x4x1x1xf32>
!w = tensor<4x4x1x1xf32>
!v = tensor<4xf32>

// CHECK-LABEL: func @every_activation_of_a_conv
func.func @every_activation_of_a_conv(%x: !map, %w: !w) -> !map {
  // CHECK-NEXT: resnet.fused_conv2d %{{.*}} activation relu6 :
  %0 = resnet.conv2d %x, %w : (!map, !w) -> !map
  %1 = resnet.clip %0 min 0.0 max 6.0 : !map -> !map
  // CHECK-NEXT: resnet.fused_conv2d %{{.*}} activation sigmoid :
  %2 = resnet.conv2d %1, %w : (!map, !w) -> !map
  %3 = resnet.sigmoid %2 : !map -> !map
  // CHECK-NEXT: resnet.fused_conv2d %{{.*}} activation silu :
  %4 = resnet.conv2d %3, %w : (!map, !w) -> !map
  %5 = resnet.silu %4 : !map -> !map
  // CHECK-NEXT: resnet.fused_conv2d %{{.*}} activation hard_sigmoid :
  %6 = resnet.conv2d %5, %w : (!map, !w) -> !map
  %7 = resnet.hard_sigmoid %6 : !map -> !map
  // CHECK-NEXT: resnet.fused_conv2d %{{.*}} activation hard_swish :
  %8 = resnet.conv2d %7, %w : (!map, !w) -> !map
  %9 = resnet.hard_swish %8 : !map -> !map
  // CHECK-NEXT: return
  return %9 : !map
}

// CHECK-LABEL: func @activation_without_a_producer
func.func @activation_without_a_producer(%x: tensor<?x10xf32>) -> tensor<?x10xf32> {
  // CHECK-NEXT: resnet.fused_elementwise %{{.*}} activation silu : (tensor<?x10xf32>) -> tensor<?x10xf32>
  %0 = resnet.silu %x : tensor<?x10xf32> -> tensor<?x10xf32>
  return %0 : tensor<?x10xf32>
}

// Only the ranges and lines that have a name.
// CHECK-LABEL: func @keep_other_clips_and_hard_sigmoids
func.func @keep_other_clips_and_hard_sigmoids(%x: !map, %w: !w) -> !map {
  // CHECK-NEXT: resnet.fused_conv2d %{{[^ ]*}}, %{{[^ ]*}} :
  // CHECK-NEXT: resnet.clip %{{.*}} min 0.000000e+00 max 5.000000e+00
  // CHECK-NEXT: resnet.hard_sigmoid %{{.*}} slope 2.000000e-01
  %0 = resnet.conv2d %x, %w : (!map, !w) -> !map
  %1 = resnet.clip %0 min 0.0 max 5.0 : !map -> !map
  %2 = resnet.hard_sigmoid %1 slope 0.2 : !map -> !map
  return %2 : !map
}

// CHECK-LABEL: func @no_second_activation
func.func @no_second_activation(%x: !map, %w: !w) -> !map {
  // CHECK-NEXT: %[[C:.*]] = resnet.fused_conv2d %{{.*}} activation silu :
  // CHECK-NEXT: resnet.fused_elementwise %[[C]] activation sigmoid :
  %0 = resnet.conv2d %x, %w : (!map, !w) -> !map
  %1 = resnet.silu %0 : !map -> !map
  %2 = resnet.sigmoid %1 : !map -> !map
  return %2 : !map
}

// The end of a squeeze-and-excitation block: F's map is read by its pool too, so the convolution stays as it is.
// CHECK-LABEL: func @gate_sum_and_relu
// CHECK-SAME: (%[[X:[^:]*]]:
func.func @gate_sum_and_relu(%x: !map, %w: !w, %a: !w, %b: !w) -> !map {
  // CHECK-NEXT: %[[F:.*]] = resnet.fused_conv2d %[[X]], %{{[^ ]*}} :
  // CHECK-NEXT: %[[P:.*]] = resnet.global_avg_pool %[[F]]
  // CHECK-NEXT: %[[S:.*]] = resnet.fused_conv2d %[[P]], %{{[^ ]*}} activation relu :
  // CHECK-NEXT: %[[G:.*]] = resnet.fused_conv2d %[[S]], %{{[^ ]*}} activation sigmoid :
  // CHECK-NEXT: %[[Y:.*]] = resnet.fused_elementwise %[[F]] gate %[[G]] addend %[[X]] activation relu :
  // CHECK-NEXT: return %[[Y]]
  // LOC: resnet.fused_elementwise {{.*}} loc(fused["gate", "sum", "act"])
  %0 = resnet.conv2d %x, %w : (!map, !w) -> !map
  %1 = resnet.global_avg_pool %0 : !map -> !one
  %2 = resnet.conv2d %1, %a : (!one, !w) -> !one
  %3 = resnet.relu %2 : !one -> !one
  %4 = resnet.conv2d %3, %b : (!one, !w) -> !one
  %5 = resnet.sigmoid %4 : !one -> !one
  %6 = resnet.mul %0, %5 : (!map, !one) -> !map loc("gate")
  %7 = resnet.add %6, %x : (!map, !map) -> !map loc("sum")
  %8 = resnet.relu %7 : !map -> !map loc("act")
  return %8 : !map
}

// The projection stays plain, for its block's reduce to merge with; the gated operation moves behind it.
// CHECK-LABEL: func @gate_and_projection
func.func @gate_and_projection(%x: !map, %f: !map, %g: !one, %w: !w) -> (!map, !map) {
  // CHECK-NEXT: %[[P:.*]] = resnet.fused_conv2d %{{[^ ]*}}, %{{[^ ]*}} :
  // CHECK-NEXT: resnet.fused_elementwise %{{.*}} gate %{{.*}} addend %[[P]] :
  // CHECK-NEXT: %[[Q:.*]] = resnet.fused_conv2d %{{[^ ]*}}, %{{[^ ]*}} :
  // CHECK-NEXT: resnet.fused_elementwise %{{.*}} gate %{{.*}} addend %[[Q]] :
  // CHECK-NEXT: return
  %0 = resnet.mul %f, %g : (!map, !one) -> !map
  %1 = resnet.conv2d %x, %w : (!map, !w) -> !map
  %2 = resnet.add %0, %1 : (!map, !map) -> !map
  %3 = resnet.mul %f, %g : (!map, !one) -> !map
  %4 = resnet.conv2d %x, %w : (!map, !w) -> !map
  %5 = resnet.add %4, %3 : (!map, !map) -> !map
  return %2, %5 : !map, !map
}

// CHECK-LABEL: func @norm_then_gate
func.func @norm_then_gate(%x: !map, %g: !one) -> !map {
  // CHECK: resnet.fused_elementwise %{{.*}} scale %{{.*}}, %{{.*}} gate %{{.*}} :
  // CHECK-NEXT: return
  %v = resnet.constant dense<2.0> : !v
  %0 = resnet.batch_norm %x, %v, %v, %v, %v : (!map, !v, !v, !v, !v) -> !map
  %1 = resnet.mul %0, %g : (!map, !one) -> !map
  return %1 : !map
}

// CHECK-LABEL: func @no_gate_after_an_activation
func.func @no_gate_after_an_activation(%x: !map, %g: !one) -> !map {
  // CHECK-NEXT: %[[R:.*]] = resnet.fused_elementwise %{{[^ ]*}} activation relu :
  // CHECK-NEXT: resnet.fused_elementwise %[[R]] gate %{{[^ ]*}} :
  %0 = resnet.relu %x : !map -> !map
  %1 = resnet.mul %0, %g : (!map, !one) -> !map
  return %1 : !map
}

// CHECK-LABEL: func @no_gate_after_a_sum
func.func @no_gate_after_a_sum(%x: !map, %y: !map, %g: !one) -> !map {
  // CHECK-NEXT: %[[S:.*]] = resnet.fused_elementwise %{{[^ ]*}} addend %{{[^ ]*}} :
  // CHECK-NEXT: resnet.fused_elementwise %[[S]] gate %{{[^ ]*}} :
  %0 = resnet.add %x, %y : (!map, !map) -> !map
  %1 = resnet.mul %0, %g : (!map, !one) -> !map
  return %1 : !map
}

// CHECK-LABEL: func @no_second_gate
func.func @no_second_gate(%x: !map, %g: !one) -> !map {
  // CHECK-NEXT: %[[S:.*]] = resnet.fused_elementwise %{{[^ ]*}} gate %{{[^ ]*}} :
  // CHECK-NEXT: resnet.fused_elementwise %[[S]] gate %{{[^ ]*}} :
  %0 = resnet.mul %x, %g : (!map, !one) -> !map
  %1 = resnet.mul %0, %g : (!map, !one) -> !map
  return %1 : !map
}

// CHECK-LABEL: func @no_sum_of_a_product_read_twice
func.func @no_sum_of_a_product_read_twice(%x: !map, %g: !one) -> (!map, !map) {
  // CHECK-NEXT: %[[S:.*]] = resnet.fused_elementwise %{{[^ ]*}} gate %{{[^ ]*}} :
  // CHECK-NEXT: resnet.fused_elementwise %[[S]] addend %{{[^ ]*}} :
  %0 = resnet.mul %x, %g : (!map, !one) -> !map
  %1 = resnet.add %0, %x : (!map, !map) -> !map
  return %0, %1 : !map, !map
}

// CHECK-LABEL: func @keep_product_of_maps
func.func @keep_product_of_maps(%x: !map, %y: !map) -> !map {
  // CHECK-NEXT: %[[M:.*]] = resnet.mul
  // CHECK-NEXT: resnet.fused_elementwise %[[M]] activation relu :
  %0 = resnet.mul %x, %y : (!map, !map) -> !map
  %1 = resnet.relu %0 : !map -> !map
  return %1 : !map
}

// Rounding stays where it was.
// CHECK-LABEL: func @nothing_through_fake_quantize
func.func @nothing_through_fake_quantize(%x: !map, %s: !map, %w: !w) -> !map {
  // CHECK-NEXT: %[[C:.*]] = resnet.fused_conv2d %{{[^ ]*}}, %{{[^ ]*}} :
  // CHECK-NEXT: %[[Q:.*]] = resnet.fake_quantize %[[C]]
  // CHECK-NEXT: %[[S:.*]] = resnet.fused_elementwise %[[Q]] addend %{{[^ ]*}} :
  // CHECK-NEXT: %[[R:.*]] = resnet.fake_quantize %[[S]]
  // CHECK-NEXT: resnet.fused_elementwise %[[R]] activation relu :
  %0 = resnet.conv2d %x, %w : (!map, !w) -> !map
  %1 = resnet.fake_quantize %0 scale 0.1 zero_point 0 range [-128, 127] : !map -> !map
  %2 = resnet.add %1, %s : (!map, !map) -> !map
  %3 = resnet.fake_quantize %2 scale 0.1 zero_point 0 range [-128, 127] : !map -> !map
  %4 = resnet.relu %3 : !map -> !map
  return %4 : !map
}
