// RUN: resnet-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func @relu_of_relu
func.func @relu_of_relu(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK: %[[Y:.*]] = resnet.relu %{{.*}}
  // CHECK-NEXT: return %[[Y]]
  %0 = resnet.relu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = resnet.relu %0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// CHECK-LABEL: func @relu_of_relu_into_another_layout
func.func @relu_of_relu_into_another_layout(%x: tensor<?x4xf32>) -> tensor<?x4xf32, #resnet.layout<block = 16>> {
  // CHECK-COUNT-2: resnet.relu
  %0 = resnet.relu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = resnet.relu %0 : tensor<?x4xf32> -> tensor<?x4xf32, #resnet.layout<block = 16>>
  return %1 : tensor<?x4xf32, #resnet.layout<block = 16>>
}

// CHECK-LABEL: func @dropout
// CHECK-SAME: %[[X:.*]]: tensor
func.func @dropout(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = resnet.dropout %x : tensor<?x4xf32> -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func @flatten_of_flatten
func.func @flatten_of_flatten(%x: tensor<?x4x2x2xf32>) -> tensor<?x16xf32> {
  // CHECK: %[[Y:.*]] = resnet.flatten %{{.*}} : tensor<?x4x2x2xf32>
  // CHECK-NEXT: return %[[Y]]
  %0 = resnet.flatten %x : tensor<?x4x2x2xf32> -> tensor<?x16xf32>
  %1 = resnet.flatten %0 : tensor<?x16xf32> -> tensor<?x16xf32>
  return %1 : tensor<?x16xf32>
}

// CHECK-LABEL: func @pools_of_one_element
// CHECK-SAME: %[[X:.*]]: tensor
func.func @pools_of_one_element(%x: tensor<?x4x2x2xf32>) -> tensor<?x4x2x2xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = resnet.max_pool2d %x kernel [1, 1] : tensor<?x4x2x2xf32> -> tensor<?x4x2x2xf32>
  %1 = resnet.avg_pool2d %0 kernel [1, 1] : tensor<?x4x2x2xf32> -> tensor<?x4x2x2xf32>
  return %1 : tensor<?x4x2x2xf32>
}

// CHECK-LABEL: func @pool_of_one_element_with_stride
func.func @pool_of_one_element_with_stride(%x: tensor<?x4x2x2xf32>) -> tensor<?x4x1x1xf32> {
  // CHECK: resnet.max_pool2d
  %0 = resnet.max_pool2d %x kernel [1, 1] stride [2, 2] : tensor<?x4x2x2xf32> -> tensor<?x4x1x1xf32>
  return %0 : tensor<?x4x1x1xf32>
}

// The shape stays, the elements do not.
// CHECK-LABEL: func @pool_of_one_element_with_stride_on_one_column
func.func @pool_of_one_element_with_stride_on_one_column(%x: tensor<?x4x1x1xf32>) -> tensor<?x4x1x1xf32> {
  // CHECK: resnet.max_pool2d
  %0 = resnet.max_pool2d %x kernel [1, 1] stride [2, 2] : tensor<?x4x1x1xf32> -> tensor<?x4x1x1xf32>
  return %0 : tensor<?x4x1x1xf32>
}

// CHECK-LABEL: func @pad_of_nothing
// CHECK-SAME: %[[X:.*]]: tensor
func.func @pad_of_nothing(%x: tensor<?x4x2x2xf32>) -> tensor<?x4x2x2xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = resnet.pad %x low [0, 0, 0] high [0, 0, 0] value 1.0 : tensor<?x4x2x2xf32> -> tensor<?x4x2x2xf32>
  return %0 : tensor<?x4x2x2xf32>
}

// CHECK-LABEL: func @slice_of_everything
// CHECK-SAME: %[[X:.*]]: tensor
func.func @slice_of_everything(%x: tensor<?x4x2x2xf32>) -> tensor<?x4x2x2xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = resnet.slice %x offsets [0, 0, 0] sizes [4, 2, 2] strides [1, 1, 1] : tensor<?x4x2x2xf32> -> tensor<?x4x2x2xf32>
  return %0 : tensor<?x4x2x2xf32>
}

// CHECK-LABEL: func @slice_of_some_channels
func.func @slice_of_some_channels(%x: tensor<?x4x2x2xf32>) -> tensor<?x2x2x2xf32> {
  // CHECK: resnet.slice
  %0 = resnet.slice %x offsets [1, 0, 0] sizes [2, 2, 2] strides [1, 1, 1] : tensor<?x4x2x2xf32> -> tensor<?x2x2x2xf32>
  return %0 : tensor<?x2x2x2xf32>
}

// CHECK-LABEL: func @subsample_of_everything
// CHECK-SAME: %[[X:.*]]: tensor
func.func @subsample_of_everything(%x: tensor<?x4x2x2xf32>) -> tensor<?x4x2x2xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = resnet.subsample %x stride [1, 1] channel_padding [0, 0] : tensor<?x4x2x2xf32> -> tensor<?x4x2x2xf32>
  return %0 : tensor<?x4x2x2xf32>
}

// CHECK-LABEL: func @subsample_with_channels
func.func @subsample_with_channels(%x: tensor<?x4x2x2xf32>) -> tensor<?x8x2x2xf32> {
  // CHECK: resnet.subsample
  %0 = resnet.subsample %x stride [1, 1] channel_padding [2, 2] : tensor<?x4x2x2xf32> -> tensor<?x8x2x2xf32>
  return %0 : tensor<?x8x2x2xf32>
}

// CHECK-LABEL: func @transpose_and_back
// CHECK-SAME: %[[X:.*]]: tensor
func.func @transpose_and_back(%x: tensor<?x4x2x3xf32>) -> tensor<?x4x2x3xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = resnet.transpose %x [0, 2, 3, 1] : tensor<?x4x2x3xf32> -> tensor<?x2x3x4xf32>
  %1 = resnet.transpose %0 [0, 3, 1, 2] : tensor<?x2x3x4xf32> -> tensor<?x4x2x3xf32>
  return %1 : tensor<?x4x2x3xf32>
}

// CHECK-LABEL: func @identity_transpose
// CHECK-SAME: %[[X:.*]]: tensor
func.func @identity_transpose(%x: tensor<?x4x2x3xf32>) -> tensor<?x4x2x3xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = resnet.transpose %x [0, 1, 2, 3] : tensor<?x4x2x3xf32> -> tensor<?x4x2x3xf32>
  return %0 : tensor<?x4x2x3xf32>
}

// CHECK-LABEL: func @transpose_of_equal_sizes
func.func @transpose_of_equal_sizes(%x: tensor<?x4x4x4xf32>) -> tensor<?x4x4x4xf32> {
  // CHECK: resnet.transpose
  %0 = resnet.transpose %x [0, 2, 1, 3] : tensor<?x4x4x4xf32> -> tensor<?x4x4x4xf32>
  return %0 : tensor<?x4x4x4xf32>
}

// CHECK-LABEL: func @conversion_and_back
// CHECK-SAME: %[[X:.*]]: tensor
func.func @conversion_and_back(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = resnet.convert_layout %x : tensor<?x4xf32> -> tensor<?x4xf32, #resnet.layout<block = 16>>
  %1 = resnet.convert_layout %0 : tensor<?x4xf32, #resnet.layout<block = 16>> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// CHECK-LABEL: func @elementwise_without_effect
// CHECK-SAME: %[[X:.*]]: tensor
func.func @elementwise_without_effect(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = resnet.fused_elementwise %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func @elementwise_with_activation
func.func @elementwise_with_activation(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK: resnet.fused_elementwise
  %0 = resnet.fused_elementwise %x activation relu : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// A sum with zeros turns -0 into 0.
// CHECK-LABEL: func @sum_with_zeros
func.func @sum_with_zeros(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // CHECK: resnet.add
  %z = resnet.constant dense<0.0> : tensor<2x4xf32>
  %0 = resnet.add %z, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// A kernel that copies stays one.
// CHECK-LABEL: resnet.kernel @copy
resnet.kernel @copy(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK: resnet.convert_layout
  %0 = resnet.convert_layout %x : tensor<?x4xf32> -> tensor<?x4xf32>
  resnet.yield %0 : tensor<?x4xf32>
}
