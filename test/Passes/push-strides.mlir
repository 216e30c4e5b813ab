// RUN: resnet-opt %s --resnet-push-strides | FileCheck %s
// RUN: resnet-opt %s --resnet-validate --resnet-push-strides --resnet-merge-reduce-projection --resnet-fuse-subsamples -o /dev/null
// RUN: resnet-opt %s --resnet-push-strides --resnet-merge-reduce-projection --resnet-fuse-subsamples | FileCheck %s --check-prefix=ALL

!x = tensor<?x16x8x8xf32>
!y = tensor<?x16x4x4xf32>
!w1 = tensor<16x16x1x1xf32>
!w3 = tensor<16x16x3x3xf32>

// The model that is executed before and after: two blocks on an odd map, where the sum's place decides what is read.
func.func @main(%x: tensor<?x2x7x9xf32>) -> tensor<?x3x4x5xf32> {
  %v = resnet.constant dense<[[[[0.5, -0.25, 0.75], [-0.5, 0.125, 0.25], [1.0, -1.0, 0.5]], [[0.25, 0.5, -0.5], [0.75, -0.75, 0.5], [0.25, 0.125, -1.0]]],
                              [[[-0.5, 1.0, 0.25], [0.5, 0.25, -0.5], [0.75, -0.25, 0.5]], [[0.5, -0.5, 1.0], [0.25, -0.125, 0.5], [-0.75, 0.5, 0.25]]]]> : tensor<2x2x3x3xf32>
  %w = resnet.constant dense<[[[[0.5]], [[-0.75]]], [[[0.25]], [[1.0]]]]> : tensor<2x2x1x1xf32>
  %u = resnet.constant dense<[[[[0.5]], [[-0.5]]], [[[0.25]], [[0.75]]], [[[-1.0]], [[0.5]]]]> : tensor<3x2x1x1xf32>
  %0 = resnet.fused_conv2d %x, %v activation relu pad [1, 1, 1, 1] : (tensor<?x2x7x9xf32>, tensor<2x2x3x3xf32>) -> tensor<?x2x7x9xf32>
  %1 = resnet.fused_conv2d %0, %w addend %x activation relu : (tensor<?x2x7x9xf32>, tensor<2x2x1x1xf32>, tensor<?x2x7x9xf32>) -> tensor<?x2x7x9xf32>
  %2 = resnet.fused_conv2d %1, %w activation relu stride [2, 2] : (tensor<?x2x7x9xf32>, tensor<2x2x1x1xf32>) -> tensor<?x2x4x5xf32>
  %3 = resnet.fused_conv2d %1, %u stride [2, 2] : (tensor<?x2x7x9xf32>, tensor<3x2x1x1xf32>) -> tensor<?x3x4x5xf32>
  %4 = resnet.fused_conv2d %2, %u addend %3 : (tensor<?x2x4x5xf32>, tensor<3x2x1x1xf32>, tensor<?x3x4x5xf32>) -> tensor<?x3x4x5xf32>
  return %4 : tensor<?x3x4x5xf32>
}

// The end of a block of the original ResNet: reduce and projection of the next block read every second position. They merge now.
// CHECK-LABEL: func @block_end
// CHECK-SAME: (%[[X:.*]]: tensor<?x16x8x8xf32>, %[[S:.*]]: tensor<?x16x8x8xf32>)
// ALL-LABEL: func @block_end
func.func @block_end(%x: !x, %s: !x) -> (!y, !y) {
  // CHECK: %[[A:.*]] = resnet.subsample %[[S]] stride [2, 2] channel_padding [0, 0] : tensor<?x16x8x8xf32> -> tensor<?x16x4x4xf32>
  // CHECK: %[[B:.*]] = resnet.fused_conv2d %[[X]], %{{.*}} addend %[[A]] activation relu stride [2, 2] : {{.*}} -> tensor<?x16x4x4xf32>
  // CHECK: %[[R:.*]] = resnet.fused_conv2d %[[B]], %{{.*}} activation relu : (tensor<?x16x4x4xf32>, {{.*}} -> tensor<?x16x4x4xf32>
  // CHECK: %[[P:.*]] = resnet.fused_conv2d %[[B]], %{{[^ ]*}} : (tensor<?x16x4x4xf32>, {{.*}} -> tensor<?x16x4x4xf32>
  // CHECK: return %[[R]], %[[P]]
  // ALL: %[[B:.*]] = resnet.fused_conv2d %{{.*}} addend %arg1 subsample [2, 2] activation relu stride [2, 2] :
  // ALL: resnet.fused_conv2d %[[B]], {{.*}} activation relu activated_channels 16 :
  %w = resnet.constant dense<1.0> : !w1
  %0 = resnet.fused_conv2d %x, %w addend %s activation relu : (!x, !w1, !x) -> !x
  %1 = resnet.fused_conv2d %0, %w activation relu stride [2, 2] : (!x, !w1) -> !y
  %2 = resnet.fused_conv2d %0, %w stride [2, 2] : (!x, !w1) -> !y
  return %1, %2 : !y, !y
}

// Any kernel may take the stride; its padding stays.
// CHECK-LABEL: func @from_a_pointwise_to_a_3x3
func.func @from_a_pointwise_to_a_3x3(%x: !x) -> !y {
  // CHECK: resnet.fused_conv2d %{{.*}} activation relu stride [2, 2] pad [1, 1, 1, 1] : {{.*}} -> tensor<?x16x4x4xf32>
  // CHECK: resnet.fused_conv2d %{{[^ ]*}}, %{{[^ ]*}} :
  %w = resnet.constant dense<1.0> : !w1
  %v = resnet.constant dense<1.0> : !w3
  %0 = resnet.fused_conv2d %x, %v activation relu pad [1, 1, 1, 1] : (!x, !w3) -> !x
  %1 = resnet.fused_conv2d %0, %w stride [2, 2] : (!x, !w1) -> !y
  return %1 : !y
}

// Through a chain of pointwise convolutions to the 3x3 before them.
// CHECK-LABEL: func @repeatedly
func.func @repeatedly(%x: !x) -> !y {
  // CHECK: resnet.fused_conv2d %{{.*}} stride [2, 2] pad [1, 1, 1, 1] : {{.*}} -> tensor<?x16x4x4xf32>
  // CHECK-COUNT-2: resnet.fused_conv2d %{{[^ ]*}}, %{{[^ ]*}} : (tensor<?x16x4x4xf32>
  // CHECK-NOT: fused_conv2d
  // CHECK: return
  %w = resnet.constant dense<1.0> : !w1
  %v = resnet.constant dense<1.0> : !w3
  %0 = resnet.fused_conv2d %x, %v pad [1, 1, 1, 1] : (!x, !w3) -> !x
  %1 = resnet.fused_conv2d %0, %w : (!x, !w1) -> !x
  %2 = resnet.fused_conv2d %1, %w stride [2, 2] : (!x, !w1) -> !y
  return %2 : !y
}

// Strides multiply, each direction by itself, on sizes that they do not divide: ceil(5 / 3) rows, ceil(9 / 2) columns.
// CHECK-LABEL: func @odd_sizes
func.func @odd_sizes(%x: tensor<?x16x9x9xf32>) -> tensor<?x16x2x5xf32> {
  // CHECK: resnet.fused_conv2d %{{.*}} stride [6, 2] pad [1, 1, 1, 1] : (tensor<?x16x9x9xf32>, {{.*}} -> tensor<?x16x2x5xf32>
  // CHECK: resnet.fused_conv2d %{{[^ ]*}}, %{{[^ ]*}} :
  %w = resnet.constant dense<1.0> : !w1
  %v = resnet.constant dense<1.0> : !w3
  %0 = resnet.fused_conv2d %x, %v stride [2, 1] pad [1, 1, 1, 1] : (tensor<?x16x9x9xf32>, !w3) -> tensor<?x16x5x9xf32>
  %1 = resnet.fused_conv2d %0, %w stride [3, 2] : (tensor<?x16x5x9xf32>, !w1) -> tensor<?x16x2x5xf32>
  return %1 : tensor<?x16x2x5xf32>
}

// A stage of one block: the projection takes the stride that its sum passed on.
// CHECK-LABEL: func @to_the_projection
func.func @to_the_projection(%x: !x) -> (!y, !y) {
  // CHECK: %[[P:.*]] = resnet.fused_conv2d %arg0, %{{[^ ]*}} stride [2, 2] : {{.*}} -> tensor<?x16x4x4xf32>
  // CHECK-NOT: subsample
  // CHECK: resnet.fused_conv2d %arg0, %{{.*}} addend %[[P]] activation relu stride [2, 2] pad [1, 1, 1, 1] :
  %w = resnet.constant dense<1.0> : !w1
  %v = resnet.constant dense<1.0> : !w3
  %p = resnet.fused_conv2d %x, %w : (!x, !w1) -> !x
  %0 = resnet.fused_conv2d %x, %v addend %p activation relu pad [1, 1, 1, 1] : (!x, !w3, !x) -> !x
  %1 = resnet.fused_conv2d %0, %w activation relu stride [2, 2] : (!x, !w1) -> !y
  %2 = resnet.fused_conv2d %0, %w stride [2, 2] : (!x, !w1) -> !y
  return %1, %2 : !y, !y
}

// A subsampling is a strided reader; its channels are still padded.
// CHECK-LABEL: func @reduce_and_option_a
func.func @reduce_and_option_a(%x: !x) -> (!y, tensor<?x32x4x4xf32>) {
  // CHECK: %[[A:.*]] = resnet.fused_conv2d %arg0, %{{.*}} stride [2, 2] pad [1, 1, 1, 1] :
  // CHECK: resnet.fused_conv2d %[[A]], %{{[^ ]*}} :
  // CHECK: resnet.subsample %[[A]] stride [1, 1] channel_padding [8, 8] : tensor<?x16x4x4xf32> -> tensor<?x32x4x4xf32>
  %w = resnet.constant dense<1.0> : !w1
  %v = resnet.constant dense<1.0> : !w3
  %0 = resnet.fused_conv2d %x, %v pad [1, 1, 1, 1] : (!x, !w3) -> !x
  %1 = resnet.fused_conv2d %0, %w stride [2, 2] : (!x, !w1) -> !y
  %2 = resnet.subsample %0 stride [2, 2] channel_padding [8, 8] : !x -> tensor<?x32x4x4xf32>
  return %1, %2 : !y, tensor<?x32x4x4xf32>
}

// An addend that is subsampled already is subsampled before.
// CHECK-LABEL: func @subsampled_addend
func.func @subsampled_addend(%x: !x, %s: tensor<?x8x16x16xf32>) -> !y {
  // CHECK: %[[S:.*]] = resnet.subsample %arg1 stride [2, 2] channel_padding [0, 0] : tensor<?x8x16x16xf32> -> tensor<?x8x8x8xf32>
  // CHECK: resnet.fused_conv2d %arg0, %{{.*}} addend %[[S]] subsample [2, 2] channel_padding [4, 4] stride [2, 2] :
  %w = resnet.constant dense<1.0> : !w1
  %0 = resnet.fused_conv2d %x, %w addend %s subsample [2, 2] channel_padding [4, 4] : (!x, !w1, tensor<?x8x16x16xf32>) -> !x
  %1 = resnet.fused_conv2d %0, %w stride [2, 2] : (!x, !w1) -> !y
  return %1 : !y
}

// torchvision's placement: the reduce reads everything.
// CHECK-LABEL: func @no_push_stride_in_the_3x3
func.func @no_push_stride_in_the_3x3(%x: !x) -> (!x, !y) {
  // CHECK: resnet.fused_conv2d %{{.*}} activation relu : {{.*}} -> tensor<?x16x8x8xf32>
  // CHECK: resnet.fused_conv2d %{{.*}} activation relu : {{.*}} -> tensor<?x16x8x8xf32>
  // CHECK: resnet.fused_conv2d %{{.*}} stride [2, 2] : {{.*}} -> tensor<?x16x4x4xf32>
  %w = resnet.constant dense<1.0> : !w1
  %0 = resnet.fused_conv2d %x, %w activation relu : (!x, !w1) -> !x
  %1 = resnet.fused_conv2d %0, %w activation relu : (!x, !w1) -> !x
  %2 = resnet.fused_conv2d %0, %w stride [2, 2] : (!x, !w1) -> !y
  return %1, %2 : !x, !y
}

// CHECK-LABEL: func @no_push_strides_differ
func.func @no_push_strides_differ(%x: !x) -> (!y, tensor<?x16x4x8xf32>) {
  // CHECK: resnet.fused_conv2d %{{.*}} activation relu : {{.*}} -> tensor<?x16x8x8xf32>
  %w = resnet.constant dense<1.0> : !w1
  %0 = resnet.fused_conv2d %x, %w activation relu : (!x, !w1) -> !x
  %1 = resnet.fused_conv2d %0, %w stride [2, 2] : (!x, !w1) -> !y
  %2 = resnet.fused_conv2d %0, %w stride [2, 1] : (!x, !w1) -> tensor<?x16x4x8xf32>
  return %1, %2 : !y, tensor<?x16x4x8xf32>
}

// CHECK-LABEL: func @no_push_reader_is_3x3
func.func @no_push_reader_is_3x3(%x: !x) -> !y {
  // CHECK: resnet.fused_conv2d %{{.*}} activation relu : {{.*}} -> tensor<?x16x8x8xf32>
  %w = resnet.constant dense<1.0> : !w1
  %v = resnet.constant dense<1.0> : !w3
  %0 = resnet.fused_conv2d %x, %w activation relu : (!x, !w1) -> !x
  %1 = resnet.fused_conv2d %0, %v stride [2, 2] pad [1, 1, 1, 1] : (!x, !w3) -> !y
  return %1 : !y
}

// CHECK-LABEL: func @no_push_reader_is_padded
func.func @no_push_reader_is_padded(%x: !x) -> tensor<?x16x5x5xf32> {
  // CHECK: resnet.fused_conv2d %{{.*}} activation relu : {{.*}} -> tensor<?x16x8x8xf32>
  %w = resnet.constant dense<1.0> : !w1
  %0 = resnet.fused_conv2d %x, %w activation relu : (!x, !w1) -> !x
  %1 = resnet.fused_conv2d %0, %w stride [2, 2] pad [1, 1, 1, 1] : (!x, !w1) -> tensor<?x16x5x5xf32>
  return %1 : tensor<?x16x5x5xf32>
}

// CHECK-LABEL: func @no_push_returned
func.func @no_push_returned(%x: !x) -> (!x, !y) {
  // CHECK: resnet.fused_conv2d %{{.*}} activation relu : {{.*}} -> tensor<?x16x8x8xf32>
  %w = resnet.constant dense<1.0> : !w1
  %0 = resnet.fused_conv2d %x, %w activation relu : (!x, !w1) -> !x
  %1 = resnet.fused_conv2d %0, %w stride [2, 2] : (!x, !w1) -> !y
  return %0, %1 : !x, !y
}

// CHECK-LABEL: func @no_push_also_an_addend
func.func @no_push_also_an_addend(%x: !x) -> (!x, !y) {
  // CHECK: resnet.fused_conv2d %{{.*}} activation relu : {{.*}} -> tensor<?x16x8x8xf32>
  %w = resnet.constant dense<1.0> : !w1
  %0 = resnet.fused_conv2d %x, %w activation relu : (!x, !w1) -> !x
  %1 = resnet.fused_conv2d %x, %w addend %0 : (!x, !w1, !x) -> !x
  %2 = resnet.fused_conv2d %0, %w stride [2, 2] : (!x, !w1) -> !y
  return %1, %2 : !x, !y
}
