// RUN: resnet-opt %s --resnet-normalize-imports | FileCheck %s

// CHECK-LABEL: func @option_a_as_slice_and_pad
// CHECK-SAME: (%[[X:.*]]: tensor<?x16x32x32xf32>)
func.func @option_a_as_slice_and_pad(%x: tensor<?x16x32x32xf32>) -> tensor<?x32x16x16xf32> {
  // CHECK-NEXT: %[[Y:.*]] = resnet.subsample %[[X]] stride [2, 2] channel_padding [8, 8]
  // CHECK-NEXT: return %[[Y]]
  %0 = resnet.slice %x offsets [0, 0, 0] sizes [16, 16, 16] strides [1, 2, 2]
      : tensor<?x16x32x32xf32> -> tensor<?x16x16x16xf32>
  %1 = resnet.pad %0 low [8, 0, 0] high [8, 0, 0] : tensor<?x16x16x16xf32> -> tensor<?x32x16x16xf32>
  return %1 : tensor<?x32x16x16xf32>
}

// CHECK-LABEL: func @option_a_one_axis_at_a_time
func.func @option_a_one_axis_at_a_time(%x: tensor<?x16x15x33xf32>) -> tensor<?x16x8x17xf32> {
  // CHECK-NEXT: resnet.subsample %{{.*}} stride [2, 2] channel_padding [0, 0] : tensor<?x16x15x33xf32> -> tensor<?x16x8x17xf32>
  // CHECK-NEXT: return
  %0 = resnet.slice %x offsets [0, 0, 0] sizes [16, 8, 33] strides [1, 2, 1]
      : tensor<?x16x15x33xf32> -> tensor<?x16x8x33xf32>
  %1 = resnet.slice %0 offsets [0, 0, 0] sizes [16, 8, 17] strides [1, 1, 2]
      : tensor<?x16x8x33xf32> -> tensor<?x16x8x17xf32>
  return %1 : tensor<?x16x8x17xf32>
}

// CHECK-LABEL: func @no_subsample_slice_with_offset
func.func @no_subsample_slice_with_offset(%x: tensor<?x16x32x32xf32>) -> tensor<?x16x16x16xf32> {
  // CHECK-NEXT: resnet.slice
  %0 = resnet.slice %x offsets [0, 1, 0] sizes [16, 16, 16] strides [1, 2, 2]
      : tensor<?x16x32x32xf32> -> tensor<?x16x16x16xf32>
  return %0 : tensor<?x16x16x16xf32>
}

// CHECK-LABEL: func @no_subsample_slice_that_ends_early
func.func @no_subsample_slice_that_ends_early(%x: tensor<?x16x32x32xf32>) -> tensor<?x16x15x16xf32> {
  // CHECK-NEXT: resnet.slice
  %0 = resnet.slice %x offsets [0, 0, 0] sizes [16, 15, 16] strides [1, 2, 2]
      : tensor<?x16x32x32xf32> -> tensor<?x16x15x16xf32>
  return %0 : tensor<?x16x15x16xf32>
}

// CHECK-LABEL: func @no_subsample_slice_of_channels
func.func @no_subsample_slice_of_channels(%x: tensor<?x16x32x32xf32>) -> tensor<?x8x16x16xf32> {
  // CHECK-NEXT: resnet.slice
  %0 = resnet.slice %x offsets [0, 0, 0] sizes [8, 16, 16] strides [2, 2, 2]
      : tensor<?x16x32x32xf32> -> tensor<?x8x16x16xf32>
  return %0 : tensor<?x8x16x16xf32>
}

// CHECK-LABEL: func @no_subsample_pad_not_zero
func.func @no_subsample_pad_not_zero(%x: tensor<?x16x16x16xf32>) -> tensor<?x32x16x16xf32> {
  // CHECK-NEXT: resnet.pad
  %0 = resnet.pad %x low [8, 0, 0] high [8, 0, 0] value 1.0 : tensor<?x16x16x16xf32> -> tensor<?x32x16x16xf32>
  return %0 : tensor<?x32x16x16xf32>
}

// CHECK-LABEL: func @pad_into_conv
// CHECK-SAME: (%[[X:[^:]*]]:
func.func @pad_into_conv(%x: tensor<?x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<?x4x5x5xf32> {
  // CHECK-NEXT: resnet.conv2d %[[X]], %{{.*}} stride [2, 2] pad [1, 1, 2, 2] :
  // CHECK-NEXT: return
  %0 = resnet.pad %x low [0, 0, 1] high [0, 1, 2] : tensor<?x3x8x8xf32> -> tensor<?x3x9x11xf32>
  %1 = resnet.conv2d %0, %w stride [2, 2] pad [1, 0, 1, 0]
      : (tensor<?x3x9x11xf32>, tensor<4x3x3x3xf32>) -> tensor<?x4x5x5xf32>
  return %1 : tensor<?x4x5x5xf32>
}

// CHECK-LABEL: func @pad_into_every_conv_that_reads_it
func.func @pad_into_every_conv_that_reads_it(%x: tensor<?x3x8x8xf32>, %w: tensor<4x3x3x3xf32>)
    -> (tensor<?x4x8x8xf32>, tensor<?x4x4x4xf32>) {
  // CHECK-NEXT: resnet.conv2d %{{.*}} pad [1, 1, 1, 1] :
  // CHECK-NEXT: resnet.conv2d %{{.*}} stride [2, 2] pad [1, 1, 1, 1] :
  // CHECK-NEXT: return
  %0 = resnet.pad %x low [0, 1, 1] high [0, 1, 1] : tensor<?x3x8x8xf32> -> tensor<?x3x10x10xf32>
  %1 = resnet.conv2d %0, %w : (tensor<?x3x10x10xf32>, tensor<4x3x3x3xf32>) -> tensor<?x4x8x8xf32>
  %2 = resnet.conv2d %0, %w stride [2, 2] : (tensor<?x3x10x10xf32>, tensor<4x3x3x3xf32>) -> tensor<?x4x4x4xf32>
  return %1, %2 : tensor<?x4x8x8xf32>, tensor<?x4x4x4xf32>
}

// CHECK-LABEL: func @keep_pad_not_zero
func.func @keep_pad_not_zero(%x: tensor<?x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<?x4x8x8xf32> {
  // CHECK-NEXT: resnet.pad
  %0 = resnet.pad %x low [0, 1, 1] high [0, 1, 1] value -1.0 : tensor<?x3x8x8xf32> -> tensor<?x3x10x10xf32>
  %1 = resnet.conv2d %0, %w : (tensor<?x3x10x10xf32>, tensor<4x3x3x3xf32>) -> tensor<?x4x8x8xf32>
  return %1 : tensor<?x4x8x8xf32>
}

// CHECK-LABEL: func @keep_pad_of_channels_and_map
func.func @keep_pad_of_channels_and_map(%x: tensor<?x2x8x8xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<?x4x8x8xf32> {
  // CHECK-NEXT: resnet.pad
  %0 = resnet.pad %x low [0, 1, 1] high [1, 1, 1] : tensor<?x2x8x8xf32> -> tensor<?x3x10x10xf32>
  %1 = resnet.conv2d %0, %w : (tensor<?x3x10x10xf32>, tensor<4x3x3x3xf32>) -> tensor<?x4x8x8xf32>
  return %1 : tensor<?x4x8x8xf32>
}

// CHECK-LABEL: func @keep_pad_with_another_reader
func.func @keep_pad_with_another_reader(%x: tensor<?x3x8x8xf32>, %w: tensor<4x3x3x3xf32>)
    -> (tensor<?x4x8x8xf32>, tensor<?x3x10x10xf32>) {
  // CHECK-NEXT: %[[P:.*]] = resnet.pad
  // CHECK-NEXT: resnet.conv2d %[[P]]
  %0 = resnet.pad %x low [0, 1, 1] high [0, 1, 1] : tensor<?x3x8x8xf32> -> tensor<?x3x10x10xf32>
  %1 = resnet.conv2d %0, %w : (tensor<?x3x10x10xf32>, tensor<4x3x3x3xf32>) -> tensor<?x4x8x8xf32>
  %2 = resnet.relu %0 : tensor<?x3x10x10xf32> -> tensor<?x3x10x10xf32>
  return %1, %2 : tensor<?x4x8x8xf32>, tensor<?x3x10x10xf32>
}

// CHECK-LABEL: func @keep_pad_before_max_pool
func.func @keep_pad_before_max_pool(%x: tensor<?x3x8x8xf32>) -> tensor<?x3x4x4xf32> {
  // CHECK-NEXT: resnet.pad
  %0 = resnet.pad %x low [0, 1, 1] high [0, 1, 1] : tensor<?x3x8x8xf32> -> tensor<?x3x10x10xf32>
  %1 = resnet.max_pool2d %0 kernel [3, 3] stride [2, 2] : tensor<?x3x10x10xf32> -> tensor<?x3x4x4xf32>
  return %1 : tensor<?x3x4x4xf32>
}

// CHECK-LABEL: func @keep_pad_before_avg_pool
func.func @keep_pad_before_avg_pool(%x: tensor<?x3x8x8xf32>) -> tensor<?x3x4x4xf32> {
  // CHECK-NEXT: resnet.pad
  %0 = resnet.pad %x low [0, 1, 1] high [0, 1, 1] : tensor<?x3x8x8xf32> -> tensor<?x3x10x10xf32>
  %1 = resnet.avg_pool2d %0 kernel [3, 3] stride [2, 2] : tensor<?x3x10x10xf32> -> tensor<?x3x4x4xf32>
  return %1 : tensor<?x3x4x4xf32>
}

// CHECK-LABEL: func @head
func.func @head(%x: tensor<?x64x8x8xf32>, %w: tensor<10x64xf32>) -> tensor<?x10xf32> {
  // CHECK-NEXT: %[[P:.*]] = resnet.global_avg_pool
  // CHECK-NEXT: %[[F:.*]] = resnet.flatten %[[P]]
  // CHECK-NEXT: resnet.linear %[[F]]
  %0 = resnet.avg_pool2d %x kernel [8, 8] : tensor<?x64x8x8xf32> -> tensor<?x64x1x1xf32>
  %1 = resnet.flatten %0 : tensor<?x64x1x1xf32> -> tensor<?x64xf32>
  %2 = resnet.flatten %1 : tensor<?x64xf32> -> tensor<?x64xf32>
  %3 = resnet.dropout %2 : tensor<?x64xf32> -> tensor<?x64xf32>
  %4 = resnet.linear %3, %w : (tensor<?x64xf32>, tensor<10x64xf32>) -> tensor<?x10xf32>
  return %4 : tensor<?x10xf32>
}

// CHECK-LABEL: func @keep_avg_pool_of_part_of_the_map
func.func @keep_avg_pool_of_part_of_the_map(%x: tensor<?x64x9x9xf32>) -> tensor<?x64x1x1xf32> {
  // CHECK-NEXT: resnet.avg_pool2d
  %0 = resnet.avg_pool2d %x kernel [8, 8] stride [8, 8] : tensor<?x64x9x9xf32> -> tensor<?x64x1x1xf32>
  return %0 : tensor<?x64x1x1xf32>
}

// CHECK-LABEL: func @pointwise_conv_as_classifier
func.func @pointwise_conv_as_classifier(%x: tensor<?x64x1x1xf32>, %b: tensor<10xf32>) -> tensor<?x10xf32> {
  // CHECK-DAG: %[[W:.*]] = resnet.constant dense<5.000000e-01> : tensor<10x64xf32>
  // CHECK-DAG: %[[F:.*]] = resnet.flatten
  // CHECK: resnet.linear %[[F]], %[[W]], %{{.*}} :
  // CHECK-NEXT: return
  %w = resnet.constant dense<0.5> : tensor<10x64x1x1xf32>
  %0 = resnet.conv2d %x, %w, %b : (tensor<?x64x1x1xf32>, tensor<10x64x1x1xf32>, tensor<10xf32>) -> tensor<?x10x1x1xf32>
  %1 = resnet.flatten %0 : tensor<?x10x1x1xf32> -> tensor<?x10xf32>
  return %1 : tensor<?x10xf32>
}

// CHECK-LABEL: func @keep_conv_of_a_larger_map
func.func @keep_conv_of_a_larger_map(%x: tensor<?x64x2x2xf32>) -> tensor<?x40xf32> {
  // CHECK: resnet.conv2d
  %w = resnet.constant dense<0.5> : tensor<10x64x1x1xf32>
  %0 = resnet.conv2d %x, %w : (tensor<?x64x2x2xf32>, tensor<10x64x1x1xf32>) -> tensor<?x10x2x2xf32>
  %1 = resnet.flatten %0 : tensor<?x10x2x2xf32> -> tensor<?x40xf32>
  return %1 : tensor<?x40xf32>
}

// CHECK-LABEL: func @transposes_that_cancel
// CHECK-SAME: (%[[X:.*]]: tensor<?x3x8x9xf32>)
func.func @transposes_that_cancel(%x: tensor<?x3x8x9xf32>) -> tensor<?x3x8x9xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = resnet.transpose %x [0, 2, 3, 1] : tensor<?x3x8x9xf32> -> tensor<?x8x9x3xf32>
  %1 = resnet.transpose %0 [0, 3, 1, 2] : tensor<?x8x9x3xf32> -> tensor<?x3x8x9xf32>
  return %1 : tensor<?x3x8x9xf32>
}

// CHECK-LABEL: func @transposes_composed
func.func @transposes_composed(%x: tensor<?x3x8x9xf32>) -> tensor<?x9x3x8xf32> {
  // CHECK-NEXT: resnet.transpose %{{.*}} [0, 3, 1, 2] : tensor<?x3x8x9xf32> -> tensor<?x9x3x8xf32>
  // CHECK-NEXT: return
  %0 = resnet.transpose %x [0, 2, 3, 1] : tensor<?x3x8x9xf32> -> tensor<?x8x9x3xf32>
  %1 = resnet.transpose %0 [0, 2, 3, 1] : tensor<?x8x9x3xf32> -> tensor<?x9x3x8xf32>
  return %1 : tensor<?x9x3x8xf32>
}

// CHECK-LABEL: func @flatten_of_a_transposed_pixel
func.func @flatten_of_a_transposed_pixel(%x: tensor<?x64x1x1xf32>) -> tensor<?x64xf32> {
  // CHECK-NEXT: resnet.flatten %{{.*}} : tensor<?x64x1x1xf32>
  %0 = resnet.transpose %x [0, 2, 3, 1] : tensor<?x64x1x1xf32> -> tensor<?x1x1x64xf32>
  %1 = resnet.flatten %0 : tensor<?x1x1x64xf32> -> tensor<?x64xf32>
  return %1 : tensor<?x64xf32>
}

// CHECK-LABEL: func @keep_transpose_that_moves_elements
func.func @keep_transpose_that_moves_elements(%x: tensor<?x64x2x1xf32>) -> tensor<?x128xf32> {
  // CHECK-NEXT: resnet.transpose
  %0 = resnet.transpose %x [0, 2, 3, 1] : tensor<?x64x2x1xf32> -> tensor<?x2x1x64xf32>
  %1 = resnet.flatten %0 : tensor<?x2x1x64xf32> -> tensor<?x128xf32>
  return %1 : tensor<?x128xf32>
}

// Another image size would make the map larger.
// CHECK-LABEL: func @keep_global_pool_of_one_pixel
func.func @keep_global_pool_of_one_pixel(%x: tensor<?x64x1x1xf32>) -> tensor<?x64xf32> {
  // CHECK-NEXT: resnet.global_avg_pool
  %0 = resnet.global_avg_pool %x : tensor<?x64x1x1xf32> -> tensor<?x64x1x1xf32>
  %1 = resnet.flatten %0 : tensor<?x64x1x1xf32> -> tensor<?x64xf32>
  return %1 : tensor<?x64xf32>
}

// CHECK-LABEL: func @swish
// CHECK-SAME: (%[[X:[^:]*]]:
func.func @swish(%x: tensor<?x4x8x8xf32>) -> (tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>) {
  // CHECK-NEXT: %[[A:.*]] = resnet.silu %[[X]]
  // CHECK-NEXT: %[[B:.*]] = resnet.hard_swish %[[X]]
  // CHECK-NEXT: return %[[A]], %[[B]]
  %0 = resnet.sigmoid %x : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  %1 = resnet.mul %x, %0 : (tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  %2 = resnet.hard_sigmoid %x : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  %3 = resnet.mul %2, %x : (tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  return %1, %3 : tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>
}

// CHECK-LABEL: func @keep_products_that_are_no_swish
func.func @keep_products_that_are_no_swish(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>) {
  // CHECK-COUNT-3: resnet.mul
  %0 = resnet.sigmoid %y : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = resnet.mul %x, %0 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = resnet.hard_sigmoid %x slope 0.2 : tensor<?x4xf32> -> tensor<?x4xf32>
  %3 = resnet.mul %x, %2 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %4 = resnet.relu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  %5 = resnet.mul %x, %4 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %1, %3, %5 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: func @gate_without_its_expansion
// CHECK-SAME: (%[[X:[^:]*]]: {{[^,]*}}, %[[G:[^:]*]]:
func.func @gate_without_its_expansion(%x: tensor<?x4x8x8xf32>, %g: tensor<?x4x1x1xf32>) -> tensor<?x4x8x8xf32> {
  // CHECK-NEXT: resnet.mul %[[X]], %[[G]] :
  // CHECK-NEXT: return
  %0 = resnet.expand %g size [8, 8] : tensor<?x4x1x1xf32> -> tensor<?x4x8x8xf32>
  %1 = resnet.mul %x, %0 : (tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  return %1 : tensor<?x4x8x8xf32>
}

// CHECK-LABEL: func @keep_other_pads_of_conv
func.func @keep_other_pads_of_conv(%x: tensor<?x4x8x8xf32>, %w: tensor<4x4x3x3xf32>) -> (tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>) {
  // CHECK-NEXT: resnet.pad %{{.*}} mode reflect
  // CHECK-NEXT: resnet.conv2d %{{[^ ]*}}, %{{[^ ]*}} :
  // CHECK-NEXT: resnet.pad %{{.*}} mode edge
  // CHECK-NEXT: resnet.conv2d %{{[^ ]*}}, %{{[^ ]*}} :
  %0 = resnet.pad %x low [0, 1, 1] high [0, 1, 1] mode reflect : tensor<?x4x8x8xf32> -> tensor<?x4x10x10xf32>
  %1 = resnet.conv2d %0, %w : (tensor<?x4x10x10xf32>, tensor<4x4x3x3xf32>) -> tensor<?x4x8x8xf32>
  %2 = resnet.pad %x low [0, 1, 1] high [0, 1, 1] mode edge : tensor<?x4x8x8xf32> -> tensor<?x4x10x10xf32>
  %3 = resnet.conv2d %2, %w : (tensor<?x4x10x10xf32>, tensor<4x4x3x3xf32>) -> tensor<?x4x8x8xf32>
  return %1, %3 : tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>
}

// CHECK-LABEL: func @keep_channels_padded_by_their_edge
func.func @keep_channels_padded_by_their_edge(%x: tensor<?x4x8x8xf32>) -> tensor<?x6x8x8xf32> {
  // CHECK-NEXT: resnet.pad %{{.*}} mode edge
  %0 = resnet.pad %x low [1, 0, 0] high [1, 0, 0] mode edge : tensor<?x4x8x8xf32> -> tensor<?x6x8x8xf32>
  return %0 : tensor<?x6x8x8xf32>
}
