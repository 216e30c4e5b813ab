// RUN: resnet-opt %s --resnet-fuse-subsamples | FileCheck %s

!x = tensor<?x16x8x8xf32>
!y = tensor<?x32x4x4xf32>
!w = tensor<32x32x3x3xf32>

// CHECK-LABEL: func @option_a
func.func @option_a(%x: !x, %f: !y) -> !y {
  // CHECK-NOT: resnet.subsample
  // CHECK: resnet.fused_conv2d %arg1, %{{.*}} addend %arg0 subsample [2, 2] channel_padding [8, 8] activation relu pad [1, 1, 1, 1]
  // CHECK-SAME: (tensor<?x32x4x4xf32>, tensor<32x32x3x3xf32>, tensor<?x16x8x8xf32>) -> tensor<?x32x4x4xf32>
  %w = resnet.constant dense<1.0> : !w
  %s = resnet.subsample %x stride [2, 2] channel_padding [8, 8] : !x -> !y
  %0 = resnet.fused_conv2d %f, %w addend %s activation relu pad [1, 1, 1, 1] : (!y, !w, !y) -> !y
  return %0 : !y
}

// CHECK-LABEL: func @two_readers
func.func @two_readers(%x: !x, %f: !y) -> (!y, !y) {
  // CHECK-NOT: resnet.subsample
  // CHECK: resnet.fused_conv2d %arg1, %{{.*}} addend %arg0 subsample [2, 2] channel_padding [0, 16] pad [1, 1, 1, 1]
  // CHECK: resnet.fused_conv2d %{{.*}}, %{{.*}} addend %arg0 subsample [2, 2] channel_padding [0, 16] pad [1, 1, 1, 1]
  %w = resnet.constant dense<1.0> : !w
  %s = resnet.subsample %x stride [2, 2] channel_padding [0, 16] : !x -> !y
  %0 = resnet.fused_conv2d %f, %w addend %s pad [1, 1, 1, 1] : (!y, !w, !y) -> !y
  %1 = resnet.fused_conv2d %0, %w addend %s pad [1, 1, 1, 1] : (!y, !w, !y) -> !y
  return %0, %1 : !y, !y
}

// CHECK-LABEL: func @no_fusion_another_reader
func.func @no_fusion_another_reader(%x: !x, %f: !y) -> (!y, !y) {
  // CHECK: %[[S:.*]] = resnet.subsample
  // CHECK: resnet.fused_conv2d %arg1, %{{.*}} addend %[[S]] pad
  %w = resnet.constant dense<1.0> : !w
  %s = resnet.subsample %x stride [2, 2] channel_padding [8, 8] : !x -> !y
  %0 = resnet.fused_conv2d %f, %w addend %s pad [1, 1, 1, 1] : (!y, !w, !y) -> !y
  return %0, %s : !y, !y
}

// CHECK-LABEL: func @no_fusion_the_convolution_reads_it_too
func.func @no_fusion_the_convolution_reads_it_too(%x: !x) -> !y {
  // CHECK: %[[S:.*]] = resnet.subsample
  // CHECK: resnet.fused_conv2d %[[S]], %{{.*}} addend %[[S]] pad
  %w = resnet.constant dense<1.0> : !w
  %s = resnet.subsample %x stride [2, 2] channel_padding [8, 8] : !x -> !y
  %0 = resnet.fused_conv2d %s, %w addend %s pad [1, 1, 1, 1] : (!y, !w, !y) -> !y
  return %0 : !y
}

// CHECK-LABEL: func @no_fusion_element_wise_sum
func.func @no_fusion_element_wise_sum(%x: !x, %f: !y) -> !y {
  // CHECK: %[[S:.*]] = resnet.subsample
  // CHECK: resnet.fused_elementwise %arg1 addend %[[S]]
  %s = resnet.subsample %x stride [2, 2] channel_padding [8, 8] : !x -> !y
  %0 = resnet.fused_elementwise %f addend %s : (!y, !y) -> !y
  return %0 : !y
}

// CHECK-LABEL: func @no_fusion_subsampled_again
func.func @no_fusion_subsampled_again(%x: tensor<?x16x16x16xf32>, %f: !y) -> !y {
  // CHECK: %[[S:.*]] = resnet.subsample %arg0 stride [2, 2] channel_padding [0, 0]
  // CHECK: resnet.fused_conv2d %arg1, %{{.*}} addend %[[S]] subsample [2, 2] channel_padding [8, 8]
  %w = resnet.constant dense<1.0> : !w
  %s = resnet.subsample %x stride [2, 2] channel_padding [0, 0] : tensor<?x16x16x16xf32> -> !x
  %0 = resnet.fused_conv2d %f, %w addend %s subsample [2, 2] channel_padding [8, 8] pad [1, 1, 1, 1] : (!y, !w, !x) -> !y
  return %0 : !y
}

// CHECK-LABEL: func @no_fusion_without_readers
func.func @no_fusion_without_readers(%x: !x) -> !x {
  // CHECK: resnet.subsample
  %s = resnet.subsample %x stride [2, 2] channel_padding [8, 8] : !x -> !y
  return %x : !x
}
