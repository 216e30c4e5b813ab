// RUN: resnet-opt %s --resnet-validate=1e-6 -split-input-file --resnet-fuse-preactivations | FileCheck %s
// RUN: resnet-opt %s --resnet-validate=1e-6 -split-input-file --resnet-fuse-preactivations --resnet-kernel-pipeline --resnet-memory-pipeline | FileCheck %s --check-prefix=PLAN

!map = tensor<?x16x6x6xf32>
!filter = tensor<16x16x3x3xf32>
!vector = tensor<16xf32>

// Two identity blocks: the first sum is read by a normalisation and by the next sum, the second by the head's normalisation alone.
// The stem's result, the network's first sum, is kept too.
// CHECK-LABEL: func @main
// CHECK-SAME: (%[[X:[^:]*]]:
func.func @main(%x: !map) -> !map {
  // CHECK: %[[T0:.*]] = resnet.fused_conv2d %[[X]], %{{[^ ]*}} post %{{[^ ]*}}, %{{[^ ]*}} post_activation relu keeps_sum pad
  // CHECK-SAME: -> tensor<?x32x6x6xf32>
  // CHECK-NEXT: %[[A0:.*]] = resnet.slice %[[T0]] offsets [0, 0, 0] sizes [16, 6, 6]
  // CHECK: %[[F1:.*]] = resnet.fused_conv2d %[[A0]]
  // CHECK: %[[T1:.*]] = resnet.fused_conv2d %[[F1]], %{{[^ ]*}} addend %[[T0]] post %{{[^ ]*}}, %{{[^ ]*}} post_activation relu keeps_sum
  // CHECK-SAME: -> tensor<?x32x6x6xf32>
  // CHECK-NEXT: %[[A1:.*]] = resnet.slice %[[T1]] offsets [0, 0, 0]
  // CHECK-NEXT: %[[S1:.*]] = resnet.slice %[[T1]] offsets [16, 0, 0]
  // CHECK: %[[F2:.*]] = resnet.fused_conv2d %[[A1]]
  // CHECK: %[[Y:.*]] = resnet.fused_conv2d %[[F2]], %{{[^ ]*}} addend %[[S1]] post %{{[^ ]*}}, %{{[^ ]*}} post_activation silu pad
  // CHECK-SAME: -> tensor<?x16x6x6xf32>
  // CHECK-NOT: fused_elementwise
  // CHECK: return %[[Y]]

  // The second pair is written over the first.
  // PLAN: resnet.kernel @[[K:conv2d_3x3_.*_add_sum_post]]({{.*}}attributes {in_place = 4 : i64}
  // PLAN-LABEL: func @main
  // PLAN: resnet.launch @[[K]] ins({{.*}}, %[[T:[0-9]*]] : {{.*}}) outs(%[[T]] :
  // PLAN-NOT: @slice
  %w = resnet.constant dense<0.01> : !filter
  %s = resnet.constant dense<1.5> : !vector
  %t = resnet.constant dense<-0.25> : !vector
  %x0 = resnet.fused_conv2d %x, %w pad [1, 1, 1, 1] : (!map, !filter) -> !map
  %a0 = resnet.fused_elementwise %x0 scale %s, %t activation relu : (!map, !vector, !vector) -> !map
  %f1 = resnet.fused_conv2d %a0, %w activation relu pad [1, 1, 1, 1] : (!map, !filter) -> !map
  %x1 = resnet.fused_conv2d %f1, %w addend %x0 pad [1, 1, 1, 1] : (!map, !filter, !map) -> !map
  %u = resnet.constant dense<0.5> : !vector
  %a1 = resnet.fused_elementwise %x1 scale %u, %t activation relu : (!map, !vector, !vector) -> !map
  %f2 = resnet.fused_conv2d %a1, %w activation relu pad [1, 1, 1, 1] : (!map, !filter) -> !map
  %x2 = resnet.fused_conv2d %f2, %w addend %x1 pad [1, 1, 1, 1] : (!map, !filter, !map) -> !map
  %y = resnet.fused_elementwise %x2 scale %s, %u activation silu : (!map, !vector, !vector) -> !map
  return %y : !map
}

// -----

// Option A: a subsampled addend is read where it is; half a sum of a pair is a view.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x6x6xf32>) -> tensor<?x32x3x3xf32> {
  // CHECK: %[[T0:.*]] = resnet.fused_conv2d %{{.*}} keeps_sum
  // CHECK: %[[S0:.*]] = resnet.slice %[[T0]] offsets [16, 0, 0]
  // CHECK: resnet.fused_conv2d %{{[^ ]*}}, %{{[^ ]*}} addend %[[S0]] subsample [2, 2] channel_padding [8, 8] post {{.*}} keeps_sum
  // CHECK-SAME: -> tensor<?x64x3x3xf32>
  // CHECK: resnet.fused_elementwise
  %w = resnet.constant dense<0.01> : tensor<16x16x3x3xf32>
  %v = resnet.constant dense<0.01> : tensor<32x16x3x3xf32>
  %s = resnet.constant dense<1.5> : tensor<16xf32>
  %u = resnet.constant dense<1.5> : tensor<32xf32>
  %x0 = resnet.fused_conv2d %x, %w pad [1, 1, 1, 1] : (tensor<?x16x6x6xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x6x6xf32>
  %a0 = resnet.fused_elementwise %x0 scale %s, %s activation relu : (tensor<?x16x6x6xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x16x6x6xf32>
  %x1 = resnet.fused_conv2d %a0, %v addend %x0 subsample [2, 2] channel_padding [8, 8] stride [2, 2] pad [1, 1, 1, 1]
      : (tensor<?x16x6x6xf32>, tensor<32x16x3x3xf32>, tensor<?x16x6x6xf32>) -> tensor<?x32x3x3xf32>
  %a1 = resnet.fused_elementwise %x1 scale %u, %u activation relu : (tensor<?x32x3x3xf32>, tensor<32xf32>, tensor<32xf32>) -> tensor<?x32x3x3xf32>
  %y = resnet.fused_elementwise %a1 addend %x1 : (tensor<?x32x3x3xf32>, tensor<?x32x3x3xf32>) -> tensor<?x32x3x3xf32>
  return %y : tensor<?x32x3x3xf32>
}

// -----

// Halves of 24 channels would not be views. The normalisation alone is no second output.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x24x6x6xf32>) -> (tensor<?x24x6x6xf32>, tensor<?x24x6x6xf32>) {
  // CHECK-NOT: keeps_sum
  // CHECK: resnet.fused_elementwise
  // CHECK: resnet.fused_conv2d %{{.*}} post %{{[^ ]*}}, %{{[^ ]*}} :
  // CHECK: return
  %w = resnet.constant dense<0.01> : tensor<24x24x1x1xf32>
  %s = resnet.constant dense<1.5> : tensor<24xf32>
  %0 = resnet.fused_conv2d %x, %w : (tensor<?x24x6x6xf32>, tensor<24x24x1x1xf32>) -> tensor<?x24x6x6xf32>
  %1 = resnet.fused_elementwise %0 scale %s, %s activation relu : (tensor<?x24x6x6xf32>, tensor<24xf32>, tensor<24xf32>) -> tensor<?x24x6x6xf32>
  %2 = resnet.fused_elementwise %1 addend %0 : (tensor<?x24x6x6xf32>, tensor<?x24x6x6xf32>) -> tensor<?x24x6x6xf32>
  %3 = resnet.fused_conv2d %x, %w : (tensor<?x24x6x6xf32>, tensor<24x24x1x1xf32>) -> tensor<?x24x6x6xf32>
  %4 = resnet.fused_elementwise %3 scale %s, %s : (tensor<?x24x6x6xf32>, tensor<24xf32>, tensor<24xf32>) -> tensor<?x24x6x6xf32>
  return %2, %4 : tensor<?x24x6x6xf32>, tensor<?x24x6x6xf32>
}

// -----

// Not after a pool, not with a gate or a sum, not without a scale.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x6x6xf32>, %g: tensor<?x16x1x1xf32>) -> tensor<?x16x6x6xf32> {
  // CHECK-NOT: post
  // CHECK: return
  %w = resnet.constant dense<0.01> : tensor<16x16x1x1xf32>
  %s = resnet.constant dense<1.5> : tensor<16xf32>
  %0 = resnet.max_pool2d %x kernel [3, 3] pad [1, 1, 1, 1] : tensor<?x16x6x6xf32> -> tensor<?x16x6x6xf32>
  %1 = resnet.fused_elementwise %0 scale %s, %s activation relu : (tensor<?x16x6x6xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x16x6x6xf32>
  %2 = resnet.fused_conv2d %1, %w : (tensor<?x16x6x6xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x6x6xf32>
  %3 = resnet.fused_elementwise %2 scale %s, %s gate %g activation relu
      : (tensor<?x16x6x6xf32>, tensor<16xf32>, tensor<16xf32>, tensor<?x16x1x1xf32>) -> tensor<?x16x6x6xf32>
  %4 = resnet.fused_conv2d %3, %w : (tensor<?x16x6x6xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x6x6xf32>
  %5 = resnet.fused_elementwise %4 scale %s, %s addend %x activation relu
      : (tensor<?x16x6x6xf32>, tensor<16xf32>, tensor<16xf32>, tensor<?x16x6x6xf32>) -> tensor<?x16x6x6xf32>
  %6 = resnet.fused_conv2d %5, %w : (tensor<?x16x6x6xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x6x6xf32>
  %7 = resnet.fused_elementwise %6 activation relu : (tensor<?x16x6x6xf32>) -> tensor<?x16x6x6xf32>
  return %7 : tensor<?x16x6x6xf32>
}
