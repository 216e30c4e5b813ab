// RUN: resnet-opt %s -split-input-file -verify-diagnostics

// One case for each rule of docs/Spec.md, named after its label.

func.func @tensor_c1(%x: tensor<?x4x8xf32>) {
  // expected-error @+1 {{must be activations [N, F] or [N, C, H, W] of f32 that keeps tensor_c1 to tensor_c3, but got 'tensor<?x4x8xf32>'}}
  %0 = resnet.relu %x : tensor<?x4x8xf32> -> tensor<?x4x8xf32>
  return
}

// -----

func.func @tensor_c1_f64(%x: tensor<?x4xf64>) {
  // expected-error @+1 {{tensor_c1 to tensor_c3, but got 'tensor<?x4xf64>'}}
  %0 = resnet.relu %x : tensor<?x4xf64> -> tensor<?x4xf64>
  return
}

// -----

func.func @tensor_c2(%x: tensor<?x4x?x8xf32>) {
  // expected-error @+1 {{tensor_c1 to tensor_c3, but got 'tensor<?x4x?x8xf32>'}}
  %0 = resnet.relu %x : tensor<?x4x?x8xf32> -> tensor<?x4x?x8xf32>
  return
}

// -----

func.func @tensor_c2_empty(%x: tensor<?x0x8x8xf32>) {
  // expected-error @+1 {{tensor_c1 to tensor_c3, but got 'tensor<?x0x8x8xf32>'}}
  %0 = resnet.global_avg_pool %x : tensor<?x0x8x8xf32> -> tensor<?x0x1x1xf32>
  return
}

// -----

func.func @tensor_c2_huge(%x: tensor<?x4x16777216x16777216xf32>) {
  // expected-error @+1 {{tensor_c1 to tensor_c3, but got 'tensor<?x4x16777216x16777216xf32>'}}
  %0 = resnet.relu %x : tensor<?x4x16777216x16777216xf32> -> tensor<?x4x16777216x16777216xf32>
  return
}

// -----

func.func @tensor_c3(%x: tensor<4x4x8x8xf32, #resnet.filter_layout<block = 16>>) {
  // expected-error @+1 {{must be activations [N, C, H, W] of f32 that keeps tensor_c1 to tensor_c3}}
  %0 = resnet.global_avg_pool %x : tensor<4x4x8x8xf32, #resnet.filter_layout<block = 16>> -> tensor<4x4x1x1xf32>
  return
}

// -----

func.func @result_c1(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{op inferred type(s) 'tensor<?x4x8x8xf32>' are incompatible with return type(s) of operation 'tensor<?x4x8x4xf32>'}}
  %0 = resnet.relu %x : tensor<?x4x8x8xf32> -> tensor<?x4x8x4xf32>
  return
}

// -----

// expected-error @+1 {{layout_c1: expected a block of at least 1 and at most 2^24, got 0}}
func.func private @layout_c1(tensor<?x4x8x8xf32, #resnet.layout<block = 0>>)

// -----

// expected-error @+1 {{layout_c2: expected a halo of 4 non-negative numbers (top, left, bottom, right), got [1, 1]}}
func.func private @layout_c2(tensor<?x4x8x8xf32, #resnet.layout<block = 16, halo = [1, 1]>>)

// -----

// expected-error @+1 {{layout_c2: expected a halo of 4 non-negative numbers (top, left, bottom, right), got [0, 0, -1, 0]}}
func.func private @layout_c2_negative(tensor<?x4x8x8xf32, #resnet.layout<block = 16, halo = [0, 0, -1, 0]>>)

// -----

// expected-error @+1 {{layout_c3: expected a tensor of rank 2 or 4 whose dimensions behind the batch are static and positive}}
func.func private @layout_c3(tensor<?x4x?x8xf32, #resnet.layout<block = 16>>)

// -----

// expected-error @+1 {{layout_c3: a halo needs a tensor of rank 4, got rank 2}}
func.func private @layout_c3_halo(tensor<?x4xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>)

// -----

// expected-error @+1 {{layout_c4: expected an image of at most 4398046511104 bytes}}
func.func private @layout_c4(tensor<?x4x8x8xf32, #resnet.layout<block = 16, halo = [16777216, 16777216, 16777216, 16777216]>>)

// -----

// expected-error @+1 {{filter_layout_c1: expected block, input_block and groups of at least 1 and at most 2^24, got 16, 0 and 1}}
func.func private @filter_layout_c1(tensor<4x4x3x3xf32, #resnet.filter_layout<block = 16, input_block = 0>>)

// -----

// expected-error @+1 {{filter_layout_c2: expected a static tensor of rank 1, 2 or 4 without empty dimensions}}
func.func private @filter_layout_c2(tensor<?x4x3x3xf32, #resnet.filter_layout<block = 16>>)

// -----

// expected-error @+1 {{filter_layout_c2: expected a static tensor of rank 1, 2 or 4 without empty dimensions}}
func.func private @filter_layout_c2_empty(tensor<0x4x3x3xf32, #resnet.filter_layout<block = 16>>)

// -----

// expected-error @+1 {{filter_layout_c3: expected groups that divide the 4 output channels, got 3}}
func.func private @filter_layout_c3(tensor<4x4x3x3xf32, #resnet.filter_layout<block = 16, groups = 3>>)

// -----

// expected-error @+1 {{filter_layout_c4: expected a packed filter of at most 4398046511104 bytes}}
func.func private @filter_layout_c4(tensor<4x4x64x64xf32, #resnet.filter_layout<block = 16777216, input_block = 16777216>>)

// -----

func.func @constant_c1() {
  // expected-error @+1 {{constant_c1: expected a result of the value's shape 'tensor<4xf32>', got 'tensor<8xf32>'}}
  %0 = resnet.constant dense<1.0> : tensor<4xf32> as tensor<8xf32>
  return
}

// -----

func.func @constant_c1_type() {
  // expected-error @+1 {{constant_c1: expected a result of the value's shape 'tensor<4xi32>', got 'tensor<4xf32>'}}
  %0 = resnet.constant dense<1> : tensor<4xi32> as tensor<4xf32>
  return
}

// -----

func.func @constant_c2() {
  // expected-error @+1 {{constant_c2: expected a resource of 16 bytes, got 8}}
  %0 = resnet.constant dense_resource<short> : tensor<4xf32>
  return
}

{-#
  dialect_resources: {
    builtin: {
      short: "0x040000000000803F0000803F"
    }
  }
#-}

// -----

func.func @conv2d_c1(%x: tensor<?x4x8x8xf32>, %w: tensor<8x3x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{conv2d_c1: expected a filter for 4 input channels a group, got 3}}
  %0 = resnet.conv2d %x, %w : (tensor<?x4x8x8xf32>, tensor<8x3x3x3xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @conv2d_c2(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{conv2d_c2: expected two positive numbers each for kernel, stride and dilation, got [3, 3], [0, 1] and [1, 1]}}
  %0 = resnet.conv2d %x, %w stride [0, 1] : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @conv2d_c2_padding(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{conv2d_c2: expected four non-negative numbers for pad, got [1, 1]}}
  %0 = resnet.conv2d %x, %w pad [1, 1] : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @conv2d_c2_huge(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{conv2d_c2: expected two positive numbers each}}
  %0 = resnet.conv2d %x, %w dilation [9223372036854775807, 1] : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @conv2d_c3(%x: tensor<?x4x2x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{conv2d_c3: expected a window that fits into the padded input, got kernel [3, 3], dilation [1, 1] and pad [0, 0, 0, 0] on 'tensor<?x4x2x8xf32>'}}
  %0 = resnet.conv2d %x, %w : (tensor<?x4x2x8xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x1x6xf32>
  return
}

// -----

func.func @conv2d_c4(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{conv2d_c4: expected groups that divide 4 input and 8 output channels, got 3}}
  %0 = resnet.conv2d %x, %w groups 3 : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @conv2d_c5(%x: tensor<?x4x8x8xf32>, %w: tensor<?x4x3x3xf32>, %b: tensor<8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{conv2d_c5: expected a static filter, got 'tensor<?x4x3x3xf32>'}}
  %0 = resnet.conv2d %x, %w, %b : (tensor<?x4x8x8xf32>, tensor<?x4x3x3xf32>, tensor<8xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @conv2d_c6(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{conv2d_c6: expected a bias of length 8, got 'tensor<4xf32>'}}
  %0 = resnet.conv2d %x, %w, %b : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>, tensor<4xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @conv2d_c7(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32, #resnet.filter_layout<block = 16, groups = 2>>) {
  // expected-error @+1 {{conv2d_c7: expected a filter packed for 1 groups}}
  %0 = resnet.conv2d %x, %w
      : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32, #resnet.filter_layout<block = 16, groups = 2>>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @batch_norm_c1(%x: tensor<?x4x8x8xf32>, %v: tensor<4xf32>, %w: tensor<8xf32>) {
  // expected-error @+1 {{batch_norm_c1: expected a mean of length 4, got 'tensor<8xf32>'}}
  %0 = resnet.batch_norm %x, %v, %v, %w, %v
      : (tensor<?x4x8x8xf32>, tensor<4xf32>, tensor<4xf32>, tensor<8xf32>, tensor<4xf32>) -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @batch_norm_c2(%x: tensor<?x4x8x8xf32>, %v: tensor<4xf32>) {
  // expected-error @+1 {{batch_norm_c2: expected a non-negative epsilon, got -1.000000e+00}}
  %0 = resnet.batch_norm %x, %v, %v, %v, %v epsilon -1.0
      : (tensor<?x4x8x8xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @add_c1(%x: tensor<?x4x8x8xf32>, %y: tensor<?x4x8x1xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{add_c1: expected operands of one shape, got 'tensor<?x4x8x8xf32>' and 'tensor<?x4x8x1xf32>'}}
  %0 = resnet.add %x, %y : (tensor<?x4x8x8xf32>, tensor<?x4x8x1xf32>) -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @max_pool2d_c1(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{max_pool2d_c1: expected two positive numbers each for kernel, stride and dilation, got [3], [1, 1] and [1, 1]}}
  %0 = resnet.max_pool2d %x kernel [3] : tensor<?x4x8x8xf32> -> tensor<?x4x6x6xf32>
  return
}

// -----

func.func @max_pool2d_c1_without_padding(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{max_pool2d_c1: expected four non-negative numbers for pad, got []}}
  %0 = resnet.max_pool2d %x kernel [3, 3] pad [] : tensor<?x4x8x8xf32> -> tensor<?x4x6x6xf32>
  return
}

// -----

func.func @max_pool2d_c2(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{max_pool2d_c2: expected a window that fits into the padded input, got kernel [9, 9]}}
  %0 = resnet.max_pool2d %x kernel [9, 9] : tensor<?x4x8x8xf32> -> tensor<?x4x1x1xf32>
  return
}

// -----

func.func @max_pool2d_c3(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{max_pool2d_c3: expected every window to hold an element of the input, got kernel [2, 2], stride [1, 1], dilation [1, 1] and pad [2, 0, 0, 0]}}
  %0 = resnet.max_pool2d %x kernel [2, 2] pad [2, 0, 0, 0] : tensor<?x4x8x8xf32> -> tensor<?x4x9x7xf32>
  return
}

// -----

// The only window covers rows -1 and 1.
func.func @max_pool2d_c3_dilated(%x: tensor<?x4x1x1xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{max_pool2d_c3: expected every window to hold an element of the input}}
  %0 = resnet.max_pool2d %x kernel [2, 1] pad [1, 0, 1, 0] dilation [2, 1] : tensor<?x4x1x1xf32> -> tensor<?x4x1x1xf32>
  return
}

// -----

func.func @avg_pool2d_c1(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{avg_pool2d_c1: expected four non-negative numbers for pad, got [0, 0, 0, -1]}}
  %0 = resnet.avg_pool2d %x kernel [2, 2] pad [0, 0, 0, -1] : tensor<?x4x8x8xf32> -> tensor<?x4x7x6xf32>
  return
}

// -----

func.func @avg_pool2d_c2(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{avg_pool2d_c2: expected a window that fits into the padded input}}
  %0 = resnet.avg_pool2d %x kernel [8, 11] pad [0, 1, 0, 1] : tensor<?x4x8x8xf32> -> tensor<?x4x1x1xf32>
  return
}

// -----

func.func @avg_pool2d_c3(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{avg_pool2d_c3: expected every window to hold an element of the input}}
  %0 = resnet.avg_pool2d %x kernel [2, 2] pad [0, 0, 0, 2] : tensor<?x4x8x8xf32> -> tensor<?x4x7x9xf32>
  return
}

// -----

func.func @linear_c1(%x: tensor<?x4xf32>, %w: tensor<10x5xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{linear_c1: expected a weight for 4 input features, got 'tensor<10x5xf32>'}}
  %0 = resnet.linear %x, %w : (tensor<?x4xf32>, tensor<10x5xf32>) -> tensor<?x10xf32>
  return
}

// -----

func.func @linear_c2(%x: tensor<?x4xf32>, %w: tensor<10x4xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{linear_c2: expected a bias of length 10, got 'tensor<4xf32>'}}
  %0 = resnet.linear %x, %w, %b : (tensor<?x4xf32>, tensor<10x4xf32>, tensor<4xf32>) -> tensor<?x10xf32>
  return
}

// -----

func.func @pad_c1(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{pad_c1: expected three non-negative numbers each for low and high, got [0, 1] and [0, 0, 0]}}
  %0 = resnet.pad %x low [0, 1] high [0, 0, 0] : tensor<?x4x8x8xf32> -> tensor<?x4x9x8xf32>
  return
}

// -----

func.func @slice_c1(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{slice_c1: expected three numbers each, offsets >= 0, sizes and strides >= 1, got [0, 0, 0], [4, 8, 0] and [1, 1, 1]}}
  %0 = resnet.slice %x offsets [0, 0, 0] sizes [4, 8, 0] strides [1, 1, 1] : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @slice_c2(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{slice_c2: expected a range inside 'tensor<?x4x8x8xf32>', got offsets [0, 0, 0], sizes [4, 4, 8] and strides [1, 3, 1]}}
  %0 = resnet.slice %x offsets [0, 0, 0] sizes [4, 4, 8] strides [1, 3, 1] : tensor<?x4x8x8xf32> -> tensor<?x4x4x8xf32>
  return
}

// -----

func.func @subsample_c1(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{subsample_c1: expected two positive strides and two non-negative channel paddings, got [2, 2] and [-2, 2]}}
  %0 = resnet.subsample %x stride [2, 2] channel_padding [-2, 2] : tensor<?x4x8x8xf32> -> tensor<?x4x4x4xf32>
  return
}

// -----

func.func @transpose_c1(%x: tensor<4x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{transpose_c1: expected a permutation of [0, 1, 2, 3] that begins with 0, got [1, 0, 2, 3]}}
  %0 = resnet.transpose %x [1, 0, 2, 3] : tensor<4x4x8x8xf32> -> tensor<4x4x8x8xf32>
  return
}

// -----

func.func @transpose_c1_empty(%x: tensor<4x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{transpose_c1: expected a permutation of [0, 1, 2, 3] that begins with 0, got []}}
  %0 = resnet.transpose %x [] : tensor<4x4x8x8xf32> -> tensor<4x4x8x8xf32>
  return
}

// -----

func.func @residual_c1(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+1 {{expects region #1 to have 0 or 1 blocks}}
  %0 = resnet.residual %x {
    resnet.yield %x : tensor<?x4x8x8xf32>
  } shortcut {
    resnet.yield %x : tensor<?x4x8x8xf32>
  ^second:
    resnet.yield %x : tensor<?x4x8x8xf32>
  } : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @residual_c2(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+1 {{residual_c2: expected each region to yield one tensor of the result's shape 'tensor<?x4x8x8xf32>'}}
  %0 = resnet.residual %x {
    %f = resnet.global_avg_pool %x : tensor<?x4x8x8xf32> -> tensor<?x4x1x1xf32>
    resnet.yield %f : tensor<?x4x1x1xf32>
  } : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @residual_c2_nothing(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+1 {{residual_c2: expected each region to yield one tensor}}
  %0 = resnet.residual %x {
    resnet.yield %x : tensor<?x4x8x8xf32>
  } shortcut {
  } : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @residual_c3(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+1 {{residual_c3: expected an input of the result's shape for an identity shortcut, got 'tensor<?x4x8x8xf32>' and 'tensor<?x4x1x1xf32>'}}
  %0 = resnet.residual %x {
    %f = resnet.global_avg_pool %x : tensor<?x4x8x8xf32> -> tensor<?x4x1x1xf32>
    resnet.yield %f : tensor<?x4x1x1xf32>
  } : tensor<?x4x8x8xf32> -> tensor<?x4x1x1xf32>
  return
}

// -----

func.func @residual_c4(%x: tensor<?x4x8x8xf32>, %y: tensor<?x4x8x8xf32>) {
  %0 = resnet.residual %x {
    // expected-error @+1 {{residual_c4: expected operands from inside the block, its input or constants}}
    %f = resnet.relu %y : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
    resnet.yield %f : tensor<?x4x8x8xf32>
  } : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @residual_without_terminator(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+1 {{residual_c2: expected each region to yield one tensor}}
  %0 = resnet.residual %x {
  } : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  return
}
