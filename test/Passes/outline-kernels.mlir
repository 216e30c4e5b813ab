// RUN: resnet-opt %s -split-input-file --resnet-validate --resnet-outline-kernels | FileCheck %s
// RUN: resnet-opt %s -split-input-file --resnet-outline-kernels --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s --check-prefix=LOC

!map = tensor<?x16x8x8xf32, #resnet.layout<block = 16>>
!filter = tensor<16x16x1x1xf32, #resnet.filter_layout<block = 16, input_block = 16>>

// Equal operations share a kernel, whatever their operands and locations; the launch keeps the location.
// CHECK: resnet.kernel @conv2d_1x1_16x16_8x8_relu(%[[A:.*]]: tensor<{{.*}}>, %[[W:.*]]: tensor<{{.*}}>) -> tensor<?x16x8x8xf32, #resnet.layout<block = 16>> {
// CHECK-NEXT: %[[R:.*]] = resnet.fused_conv2d %[[A]], %[[W]] activation relu
// CHECK-NEXT: resnet.yield %[[R]]
// CHECK-NOT: resnet.kernel @conv2d_1x1_16x16_8x8_relu
// CHECK: resnet.kernel @conv2d_1x1_16x16_8x8(
// CHECK-LABEL: func @main
// CHECK-SAME: (%[[X:.*]]: tensor<?x16x8x8xf32> {resnet.name = "x"})
func.func @main(%x: tensor<?x16x8x8xf32> {resnet.name = "x"}) -> tensor<?x16x8x8xf32> {
  // CHECK: %[[V:.*]] = resnet.constant
  %v = resnet.constant dense<0.1> : tensor<16x16x1x1xf32> as !filter
  // CHECK: %[[U:.*]] = resnet.constant
  %w = resnet.constant dense<0.2> : tensor<16x16x1x1xf32> as !filter
  // CHECK: %[[D:.*]] = resnet.empty
  // CHECK: %[[C:.*]] = resnet.launch @copy_16_8x8 ins(%[[X]] : {{.*}}) outs(%[[D]] :
  %c = resnet.convert_layout %x : tensor<?x16x8x8xf32> -> !map
  // CHECK: %[[Y:.*]] = resnet.launch @conv2d_1x1_16x16_8x8_relu ins(%[[C]], %[[V]] :
  // LOC: resnet.launch @conv2d_1x1_16x16_8x8_relu {{.*}} loc("first")
  %0 = resnet.fused_conv2d %c, %v activation relu : (!map, !filter) -> !map loc("first")
  // CHECK: resnet.launch @conv2d_1x1_16x16_8x8_relu ins(%[[Y]], %[[U]] :
  // LOC: resnet.launch @conv2d_1x1_16x16_8x8_relu {{.*}} loc("second")
  %1 = resnet.fused_conv2d %0, %w activation relu : (!map, !filter) -> !map loc("second")
  // CHECK: resnet.launch @conv2d_1x1_16x16_8x8 ins
  %2 = resnet.fused_conv2d %1, %w : (!map, !filter) -> !map
  // CHECK: resnet.launch @copy_16_8x8_1 ins
  %r = resnet.convert_layout %2 : !map -> tensor<?x16x8x8xf32>
  return %r : tensor<?x16x8x8xf32>
}

// -----

!map = tensor<?x16x8x8xf32, #resnet.layout<block = 16>>
!filter = tensor<16x16x1x1xf32, #resnet.filter_layout<block = 16, input_block = 16>>

// The sum overwrites the addend that dies there.
// CHECK: resnet.kernel @conv2d_1x1_16x16_8x8_add_relu({{.*}}) -> {{.*}} attributes {in_place = 2 : i64} {
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> {
  %w = resnet.constant dense<0.2> : tensor<16x16x1x1xf32> as !filter
  // CHECK: %[[C:.*]] = resnet.launch @copy_16_8x8
  %c = resnet.convert_layout %x : tensor<?x16x8x8xf32> -> !map
  // CHECK: %[[F:.*]] = resnet.launch @conv2d_1x1_16x16_8x8 ins(%[[C]]
  %0 = resnet.fused_conv2d %c, %w : (!map, !filter) -> !map
  // CHECK-NOT: resnet.empty
  // CHECK: resnet.launch @conv2d_1x1_16x16_8x8_add_relu ins(%[[F]], %{{.*}}, %[[C]] : {{.*}}) outs(%[[C]] :
  %1 = resnet.fused_conv2d %0, %w addend %c activation relu : (!map, !filter, !map) -> !map
  %r = resnet.convert_layout %1 : !map -> tensor<?x16x8x8xf32>
  return %r : tensor<?x16x8x8xf32>
}

// -----

!map = tensor<?x16x8x8xf32, #resnet.layout<block = 16>>
!halo = tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!wide = tensor<?x32x8x8xf32, #resnet.layout<block = 16>>
!filter = tensor<16x16x1x1xf32, #resnet.filter_layout<block = 16, input_block = 16>>

// Not in place: an addend that is read later, one that is also the convolution's input, one of another layout, a slice, the input's
// other part.
// CHECK-NOT: in_place
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x8x8xf32>, %y: tensor<?x32x8x8xf32>) -> tensor<?x16x8x8xf32> {
  %w = resnet.constant dense<0.2> : tensor<16x16x1x1xf32> as !filter
  %c = resnet.convert_layout %x : tensor<?x16x8x8xf32> -> !map
  %h = resnet.convert_layout %x : tensor<?x16x8x8xf32> -> !halo
  %d = resnet.convert_layout %y : tensor<?x32x8x8xf32> -> !wide
  %read_later = resnet.fused_conv2d %h, %w addend %c : (!halo, !filter, !map) -> !map
  %also_input = resnet.fused_conv2d %c, %w addend %c : (!map, !filter, !map) -> !map
  %other_layout = resnet.fused_conv2d %read_later, %w addend %h : (!map, !filter, !halo) -> !map
  // CHECK: resnet.slice
  %s = resnet.slice %d offsets [0, 0, 0] sizes [16, 8, 8] strides [1, 1, 1] : !wide -> !map
  %t = resnet.slice %d offsets [16, 0, 0] sizes [16, 8, 8] strides [1, 1, 1] : !wide -> !map
  %u = resnet.fused_conv2d %also_input, %w addend %s : (!map, !filter, !map) -> !map
  %v = resnet.fused_conv2d %s, %w addend %t : (!map, !filter, !map) -> !map
  %m = resnet.max_pool2d %u kernel [1, 1] : !map -> !map
  %n = resnet.fused_conv2d %v, %w : (!map, !filter) -> !map
  %p = resnet.fused_conv2d %n, %w addend %m : (!map, !filter, !map) -> !halo
  %o = resnet.fused_conv2d %p, %w addend %other_layout : (!halo, !filter, !map) -> !halo
  %r = resnet.convert_layout %o : !halo -> tensor<?x16x8x8xf32>
  return %r : tensor<?x16x8x8xf32>
}

// -----

!map = tensor<?x16x1x1xf32, #resnet.layout<block = 16>>
!filter = tensor<16x16x1x1xf32, #resnet.filter_layout<block = 16, input_block = 16>>

// Not in place either: a subsampled addend, though it dies there and has the result's type.
// CHECK: resnet.kernel @conv2d_1x1_16x16_add_s2({{.*}}) -> tensor<?x16x1x1xf32{{.*}}> {
// CHECK: addend %{{.*}} subsample [2, 2]
// CHECK-NOT: in_place
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x1x1xf32>) -> tensor<?x16x1x1xf32> {
  %w = resnet.constant dense<0.2> : tensor<16x16x1x1xf32> as !filter
  %c = resnet.convert_layout %x : tensor<?x16x1x1xf32> -> !map
  %d = resnet.convert_layout %x : tensor<?x16x1x1xf32> -> !map
  %0 = resnet.fused_conv2d %c, %w addend %d subsample [2, 2] : (!map, !filter, !map) -> !map
  %r = resnet.convert_layout %0 : !map -> tensor<?x16x1x1xf32>
  return %r : tensor<?x16x1x1xf32>
}

// -----

!image = tensor<?x3x32x32xf32, #resnet.layout<block = 1, halo = [3, 3, 2, 2]>>
!map = tensor<?x16x8x8xf32, #resnet.layout<block = 16>>
!filter = tensor<16x3x7x7xf32, #resnet.filter_layout<block = 16>>

// CHECK: resnet.kernel @stem_7x7_s2_pool_3x3_s2_3x16_8x8_relu(
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x3x32x32xf32>) -> tensor<?x16x8x8xf32> {
  %w = resnet.constant dense<0.2> : tensor<16x3x7x7xf32> as !filter
  %c = resnet.convert_layout %x : tensor<?x3x32x32xf32> -> !image
  // CHECK: resnet.launch @stem_7x7_s2_pool_3x3_s2_3x16_8x8_relu
  %0 = resnet.fused_stem %c, %w activation relu stride [2, 2] pad [3, 3, 3, 3] pool [3, 3] stride [2, 2] pad [1, 1, 1, 1]
      : (!image, !filter) -> !map
  %r = resnet.convert_layout %0 : !map -> tensor<?x16x8x8xf32>
  return %r : tensor<?x16x8x8xf32>
}

// -----

!map = tensor<?x16x8x8xf32, #resnet.layout<block = 16>>
!vector = tensor<16xf32, #resnet.filter_layout<block = 16>>

// Element-wise operations overwrite their only map, or their addend.
// CHECK: resnet.kernel @elementwise_16_8x8_scale_relu({{.*}}) -> {{.*}} attributes {in_place = 0 : i64} {
// CHECK: resnet.kernel @elementwise_16_8x8_add({{.*}}) -> {{.*}} attributes {in_place = 1 : i64} {
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> {
  %a = resnet.constant dense<0.2> : tensor<16xf32> as !vector
  %c = resnet.convert_layout %x : tensor<?x16x8x8xf32> -> !map
  %d = resnet.convert_layout %x : tensor<?x16x8x8xf32> -> !map
  %0 = resnet.fused_elementwise %c scale %a, %a activation relu : (!map, !vector, !vector) -> !map
  %1 = resnet.fused_elementwise %0 addend %d : (!map, !map) -> !map
  %r = resnet.convert_layout %1 : !map -> tensor<?x16x8x8xf32>
  return %r : tensor<?x16x8x8xf32>
}

// -----

// An argument, a value that is returned twice and a part of a value are copied; a flatten that moves no byte is not.
// CHECK-LABEL: func @main
// CHECK-SAME: (%[[X:.*]]: tensor<?x32xf32>, %[[Y:.*]]: tensor<?x16x2x2xf32>)
func.func @main(%x: tensor<?x32xf32>, %y: tensor<?x16x2x2xf32>)
    -> (tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x8x2x2xf32>, tensor<?x64xf32>) {
  // CHECK: %[[S:.*]] = resnet.launch @softmax_32
  %s = resnet.softmax %x : tensor<?x32xf32> -> tensor<?x32xf32>
  // CHECK: %[[V:.*]] = resnet.slice %[[Y]]
  %v = resnet.slice %y offsets [4, 0, 0] sizes [8, 2, 2] strides [1, 1, 1] : tensor<?x16x2x2xf32> -> tensor<?x8x2x2xf32>
  // CHECK: %[[Q:.*]] = resnet.launch @pad_16_2x2
  %q = resnet.pad %y low [0, 0, 0] high [0, 0, 0] value 0.0 : tensor<?x16x2x2xf32> -> tensor<?x16x2x2xf32>
  // CHECK: %[[F:.*]] = resnet.flatten %[[Q]]
  %f = resnet.flatten %q : tensor<?x16x2x2xf32> -> tensor<?x64xf32>
  // CHECK: %[[X1:.*]] = resnet.launch @copy_32 ins(%[[X]] :
  // CHECK: %[[S1:.*]] = resnet.launch @copy_32 ins(%[[S]] :
  // CHECK: %[[V1:.*]] = resnet.launch @copy_8_2x2 ins(%[[V]] :
  // CHECK: return %[[X1]], %[[S]], %[[S1]], %[[V1]], %[[F]]
  return %x, %s, %s, %v, %f : tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x32xf32>, tensor<?x8x2x2xf32>, tensor<?x64xf32>
}

// -----

// What nobody reads is not computed; an outlined module stays as it is.
// CHECK-NOT: resnet.kernel @softmax_32
// CHECK: resnet.kernel @linear_32x2
// CHECK-NOT: resnet.kernel
// CHECK-LABEL: func @main
resnet.kernel @linear_32x2(%x: tensor<?x32xf32>, %w: tensor<2x32xf32, #resnet.filter_layout<block = 16>>) -> tensor<?x2xf32> {
  %0 = resnet.linear %x, %w : (tensor<?x32xf32>, tensor<2x32xf32, #resnet.filter_layout<block = 16>>) -> tensor<?x2xf32>
  resnet.yield %0 : tensor<?x2xf32>
}
func.func @main(%x: tensor<?x32xf32>) -> tensor<?x2xf32> {
  %w = resnet.constant dense<0.2> : tensor<2x32xf32> as tensor<2x32xf32, #resnet.filter_layout<block = 16>>
  %s = resnet.softmax %x : tensor<?x32xf32> -> tensor<?x32xf32>
  %d = resnet.empty : tensor<?x2xf32>
  // CHECK: %[[Y:.*]] = resnet.launch @linear_32x2
  %y = resnet.launch @linear_32x2 ins(%x, %w : tensor<?x32xf32>, tensor<2x32xf32, #resnet.filter_layout<block = 16>>)
      outs(%d : tensor<?x2xf32>) -> tensor<?x2xf32>
  // CHECK-NEXT: return %[[Y]]
  return %y : tensor<?x2xf32>
}

// -----

!map = tensor<?x16x8x8xf32, #resnet.layout<block = 16>>
!one = tensor<?x16x1x1xf32, #resnet.layout<block = 16>>

// A gated sum overwrites the addend where that dies, else the map that is gated, never the gate.
// CHECK: resnet.kernel @elementwise_16_8x8_gate_add_relu({{.*}}) -> {{.*}} attributes {in_place = 2 : i64} {
// CHECK: resnet.kernel @elementwise_16_8x8_gate_add({{.*}}) -> {{.*}} attributes {in_place = 0 : i64} {
// CHECK: resnet.kernel @elementwise_16_gate({{.*}}) -> {{.*}} attributes {in_place = 0 : i64} {
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x8x8xf32>, %y: tensor<?x16x1x1xf32>) -> (tensor<?x16x8x8xf32>, tensor<?x16x1x1xf32>) {
  // CHECK: %[[A:.*]] = resnet.launch @copy_16_8x8
  %a = resnet.convert_layout %x : tensor<?x16x8x8xf32> -> !map
  // CHECK: %[[B:.*]] = resnet.launch @clip_16_8x8
  %b = resnet.clip %a max 1.0 : !map -> !map
  // CHECK: %[[G:.*]] = resnet.launch @global_max_pool_16_8x8
  %g = resnet.global_max_pool %a : !map -> !one
  // CHECK: %[[H:.*]] = resnet.launch @global_avg_pool_16_8x8
  %h = resnet.global_avg_pool %a : !map -> !one
  // CHECK: %[[C:.*]] = resnet.launch @elementwise_16_8x8_gate_add_relu {{.*}} outs(%[[B]] :
  %c = resnet.fused_elementwise %a gate %g addend %b activation relu : (!map, !one, !map) -> !map
  // CHECK: %[[D:.*]] = resnet.launch @elementwise_16_8x8_gate_add {{.*}} outs(%[[C]] :
  %d = resnet.fused_elementwise %c gate %g addend %a : (!map, !one, !map) -> !map
  // CHECK: resnet.launch @elementwise_16_gate ins(%[[H]], %[[G]] : {{.*}}) outs(%[[H]] :
  %e = resnet.fused_elementwise %h gate %g : (!one, !one) -> !one
  // CHECK: resnet.launch @elementwise_16_8x8_add ins(%[[D]], %[[A]] :
  %f = resnet.fused_elementwise %d addend %a : (!map, !map) -> !map
  %r = resnet.convert_layout %f : !map -> tensor<?x16x8x8xf32>
  %s = resnet.convert_layout %e : !one -> tensor<?x16x1x1xf32>
  return %r, %s : tensor<?x16x8x8xf32>, tensor<?x16x1x1xf32>
}

// -----

// Names of kernels whose operations have one beside their shapes.
// CHECK-DAG: resnet.kernel @group_norm_g4_16_8x8(
// CHECK-DAG: resnet.kernel @concat_16x32_8x8(
// CHECK-DAG: resnet.kernel @log_softmax_32(
// CHECK-DAG: resnet.kernel @elementwise_32_8x8_silu(
// CHECK-DAG: resnet.kernel @mul_32_8x8(
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x8x8xf32>, %v: tensor<?x32xf32>) -> (tensor<?x32x8x8xf32>, tensor<?x32xf32>) {
  %s = resnet.constant dense<0.5> : tensor<16xf32> as tensor<16xf32, #resnet.filter_layout<block = 16>>
  %n = resnet.group_norm %x, %s, %s groups 4
      : (tensor<?x16x8x8xf32>, tensor<16xf32, #resnet.filter_layout<block = 16>>, tensor<16xf32, #resnet.filter_layout<block = 16>>)
      -> tensor<?x16x8x8xf32>
  %c = resnet.concat %n, %x : (tensor<?x16x8x8xf32>, tensor<?x16x8x8xf32>) -> tensor<?x32x8x8xf32>
  %a = resnet.fused_elementwise %c activation silu : (tensor<?x32x8x8xf32>) -> tensor<?x32x8x8xf32>
  %m = resnet.mul %a, %c : (tensor<?x32x8x8xf32>, tensor<?x32x8x8xf32>) -> tensor<?x32x8x8xf32>
  %l = resnet.softmax %v log : tensor<?x32xf32> -> tensor<?x32xf32>
  return %m, %l : tensor<?x32x8x8xf32>, tensor<?x32xf32>
}
