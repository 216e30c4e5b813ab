// RUN: resnet-opt %s -split-input-file -verify-diagnostics --resnet-assign-layouts

func.func @unfused(%x: tensor<?x3x8x8xf32>) -> tensor<?x3x8x8xf32> {
  // expected-error @+1 {{'resnet.relu' op cannot be laid out: expected an operation that a kernel computes}}
  %0 = resnet.relu %x : tensor<?x3x8x8xf32> -> tensor<?x3x8x8xf32>
  return %0 : tensor<?x3x8x8xf32>
}

// -----

func.func @filter_at_run_time(%x: tensor<?x3x8x8xf32>, %w: tensor<3x3x1x1xf32>) -> tensor<?x3x8x8xf32> {
  // expected-error @+1 {{cannot be laid out: expected a constant filter, got 'tensor<3x3x1x1xf32>' computed at run time}}
  %0 = resnet.fused_conv2d %x, %w : (tensor<?x3x8x8xf32>, tensor<3x3x1x1xf32>) -> tensor<?x3x8x8xf32>
  return %0 : tensor<?x3x8x8xf32>
}

// -----

func.func @every_second_channel(%x: tensor<?x4x8x8xf32>) -> tensor<?x2x8x8xf32> {
  // expected-error @+1 {{expected a slice of consecutive channels, got a stride of 2}}
  %0 = resnet.slice %x offsets [0, 0, 0] sizes [2, 8, 8] strides [2, 1, 1] : tensor<?x4x8x8xf32> -> tensor<?x2x8x8xf32>
  return %0 : tensor<?x2x8x8xf32>
}

// -----

func.func @rows_for_columns(%x: tensor<?x4x8x6xf32>) -> tensor<?x4x6x8xf32> {
  // expected-error @+1 {{expected a transpose between NHWC and NCHW, got [0, 1, 3, 2]}}
  %0 = resnet.transpose %x [0, 1, 3, 2] : tensor<?x4x8x6xf32> -> tensor<?x4x6x8xf32>
  return %0 : tensor<?x4x6x8xf32>
}

// -----

// expected-error @+1 {{expected dense tensors of rank 2 or 4 as arguments and results, got 'tensor<?x16x8x8xf32, #resnet.layout<block = 16>>'}}
func.func @encoded_argument(%x: tensor<?x16x8x8xf32, #resnet.layout<block = 16>>) {
  return
}

// -----

// expected-error @+1 {{expected dense tensors of rank 2 or 4 as arguments and results, got 'tensor<10xf32>'}}
func.func @vector_result() -> tensor<10xf32> {
  %0 = resnet.constant dense<1.0> : tensor<10xf32>
  return %0 : tensor<10xf32>
}
