// RUN: resnet-opt %s --resnet-fuse-epilogues | FileCheck %s
// RUN: resnet-opt %s --resnet-fuse-epilogues --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s --check-prefix=LOC

!map = tensor<?x4x8x8xf32>
!w = tensor<4x4x1x1xf32>
!v = tensor<4xf32>

// CHECK-LABEL: func @conv_alone
func.func @conv_alone(%x: !map, %w: tensor<4x2x1x2xf32>, %b: !v) -> !map {
  // CHECK-NEXT: resnet.fused_conv2d %{{.*}}, %{{.*}} bias %{{.*}} pad [0, 1, 0, 1] dilation [2, 2] groups 2 :
  // CHECK-NEXT: return
  %0 = resnet.conv2d %x, %w, %b pad [0, 1, 0, 1] dilation [2, 2] groups 2 : (!map, tensor<4x2x1x2xf32>, !v) -> !map
  return %0 : !map
}

// CHECK-LABEL: func @sum_and_relu
// CHECK-SAME: (%[[X:[^:]*]]: {{[^,]*}}, %[[S:[^:]*]]:
func.func @sum_and_relu(%x: !map, %s: !map, %w: !w, %b: !v) -> !map {
  // CHECK-NEXT: %[[Y:.*]] = resnet.fused_conv2d %[[X]], %{{.*}} bias %{{.*}} addend %[[S]] activation relu :
  // CHECK-NEXT: return %[[Y]]
  // LOC: resnet.fused_conv2d {{.*}} loc(fused["conv", "sum", "act"])
  %0 = resnet.conv2d %x, %w, %b : (!map, !w, !v) -> !map loc("conv")
  %1 = resnet.add %0, %s : (!map, !map) -> !map loc("sum")
  %2 = resnet.relu %1 : !map -> !map loc("act")
  return %2 : !map
}

// The projection is computed after F; the sum still goes into F's last convolution.
// CHECK-LABEL: func @projection_computed_later
// CHECK-SAME: (%[[X:[^:]*]]: {{[^,]*}}, %[[A:[^:]*]]: {{[^,]*}}, %[[B:[^:]*]]:
func.func @projection_computed_later(%x: !map, %a: !w, %b: !w) -> !map {
  // CHECK-NEXT: %[[P:.*]] = resnet.fused_conv2d %[[X]], %[[B]] :
  // CHECK-NEXT: resnet.fused_conv2d %[[X]], %[[A]] addend %[[P]] :
  // CHECK-NEXT: return
  %0 = resnet.conv2d %x, %a : (!map, !w) -> !map
  %1 = resnet.conv2d %x, %b : (!map, !w) -> !map
  %2 = resnet.add %0, %1 : (!map, !map) -> !map
  return %2 : !map
}

// CHECK-LABEL: func @second_operand_where_the_first_is_activated
// CHECK-SAME: (%[[X:[^:]*]]: {{[^,]*}}, %[[A:[^:]*]]: {{[^,]*}}, %[[B:[^:]*]]:
func.func @second_operand_where_the_first_is_activated(%x: !map, %a: !w, %b: !w) -> !map {
  // CHECK-NEXT: %[[R:.*]] = resnet.fused_conv2d %[[X]], %[[A]] activation relu :
  // CHECK-NEXT: resnet.fused_conv2d %[[X]], %[[B]] addend %[[R]] :
  // CHECK-NEXT: return
  %0 = resnet.conv2d %x, %a : (!map, !w) -> !map
  %1 = resnet.relu %0 : !map -> !map
  %2 = resnet.conv2d %x, %b : (!map, !w) -> !map
  %3 = resnet.add %1, %2 : (!map, !map) -> !map
  return %3 : !map
}

// CHECK-LABEL: func @no_fusion_conv_read_twice
func.func @no_fusion_conv_read_twice(%x: !map, %s: !map, %w: !w) -> (!map, !map) {
  // CHECK-NEXT: %[[C:.*]] = resnet.fused_conv2d %{{.*}}, %{{.*}} :
  // CHECK-NEXT: resnet.fused_elementwise %[[C]] addend %{{.*}} :
  // CHECK-NEXT: return
  %0 = resnet.conv2d %x, %w : (!map, !w) -> !map
  %1 = resnet.add %0, %s : (!map, !map) -> !map
  return %0, %1 : !map, !map
}

// CHECK-LABEL: func @no_fusion_relu_of_a_conv_read_twice
func.func @no_fusion_relu_of_a_conv_read_twice(%x: !map, %w: !w) -> (!map, !map) {
  // CHECK-NEXT: %[[C:.*]] = resnet.fused_conv2d %{{.*}}, %{{.*}} :
  // CHECK-NEXT: resnet.fused_elementwise %[[C]] activation relu :
  // CHECK-NEXT: return
  %0 = resnet.conv2d %x, %w : (!map, !w) -> !map
  %1 = resnet.relu %0 : !map -> !map
  return %0, %1 : !map, !map
}

// CHECK-LABEL: func @no_fusion_value_added_to_itself
func.func @no_fusion_value_added_to_itself(%x: !map, %w: !w) -> !map {
  // CHECK-NEXT: %[[C:.*]] = resnet.fused_conv2d %{{.*}}, %{{.*}} :
  // CHECK-NEXT: resnet.fused_elementwise %[[C]] addend %[[C]] :
  // CHECK-NEXT: return
  %0 = resnet.conv2d %x, %w : (!map, !w) -> !map
  %1 = resnet.add %0, %0 : (!map, !map) -> !map
  return %1 : !map
}

// CHECK-LABEL: func @no_fusion_second_sum
func.func @no_fusion_second_sum(%x: !map, %s: !map, %w: !w) -> !map {
  // CHECK-NEXT: %[[C:.*]] = resnet.fused_conv2d %{{.*}}, %{{.*}} addend %{{.*}} :
  // CHECK-NEXT: resnet.fused_elementwise %[[C]] addend %{{.*}} :
  // CHECK-NEXT: return
  %0 = resnet.conv2d %x, %w : (!map, !w) -> !map
  %1 = resnet.add %0, %s : (!map, !map) -> !map
  %2 = resnet.add %1, %s : (!map, !map) -> !map
  return %2 : !map
}

// With epsilon 0 and variance 4: a factor of scale / 2, a shift of offset - mean * scale / 2.
// CHECK-LABEL: func @norm_sum_and_relu
// CHECK-SAME: (%[[X:[^:]*]]: {{[^,]*}}, %[[S:[^:]*]]:
func.func @norm_sum_and_relu(%x: !map, %s: !map) -> !map {
  // CHECK-DAG: %[[A:.*]] = resnet.constant dense<3.000000e+00> : tensor<4xf32>
  // CHECK-DAG: %[[B:.*]] = resnet.constant dense<-2.000000e+00> : tensor<4xf32>
  // CHECK: resnet.fused_elementwise %[[X]] scale %[[A]], %[[B]] addend %[[S]] activation relu :
  // CHECK-NEXT: return
  %scale = resnet.constant dense<6.0> : !v
  %one = resnet.constant dense<1.0> : !v
  %four = resnet.constant dense<4.0> : !v
  %0 = resnet.batch_norm %x, %scale, %one, %one, %four epsilon 0.0 : (!map, !v, !v, !v, !v) -> !map
  %1 = resnet.add %0, %s : (!map, !map) -> !map
  %2 = resnet.relu %1 : !map -> !map
  return %2 : !map
}

// The sum of a pre-activation block is read by the next sum, too.
// CHECK-LABEL: func @preactivation
func.func @preactivation(%x: !map, %w: !w) -> !map {
  // CHECK: %[[S:.*]] = resnet.fused_conv2d %{{.*}}, %{{.*}} addend %{{.*}} :
  // CHECK: %[[R:.*]] = resnet.fused_elementwise %[[S]] scale %{{.*}}, %{{.*}} activation relu :
  // CHECK: resnet.fused_conv2d %[[R]], %{{.*}} addend %[[S]] :
  // CHECK-NEXT: return
  %v = resnet.constant dense<2.0> : !v
  %0 = resnet.conv2d %x, %w : (!map, !w) -> !map
  %1 = resnet.add %0, %x : (!map, !map) -> !map
  %2 = resnet.batch_norm %1, %v, %v, %v, %v : (!map, !v, !v, !v, !v) -> !map
  %3 = resnet.relu %2 : !map -> !map
  %4 = resnet.conv2d %3, %w : (!map, !w) -> !map
  %5 = resnet.add %4, %1 : (!map, !map) -> !map
  return %5 : !map
}

// CHECK-LABEL: func @no_scale_of_computed_statistics
func.func @no_scale_of_computed_statistics(%x: !map, %v: !v) -> !map {
  // CHECK-NEXT: %[[N:.*]] = resnet.batch_norm
  // CHECK-NEXT: resnet.fused_elementwise %[[N]] activation relu :
  %0 = resnet.batch_norm %x, %v, %v, %v, %v : (!map, !v, !v, !v, !v) -> !map
  %1 = resnet.relu %0 : !map -> !map
  return %1 : !map
}

// 1e30 / sqrt(1e-30) is finite in f64 and infinite in f32.
// CHECK-LABEL: func @no_scale_that_overflows
func.func @no_scale_that_overflows(%x: !map) -> !map {
  // CHECK: resnet.batch_norm
  // CHECK-NEXT: return
  %scale = resnet.constant dense<1.0e30> : !v
  %zero = resnet.constant dense<0.0> : !v
  %variance = resnet.constant dense<1.0e-30> : !v
  %0 = resnet.batch_norm %x, %scale, %zero, %zero, %variance epsilon 0.0 : (!map, !v, !v, !v, !v) -> !map
  return %0 : !map
}
