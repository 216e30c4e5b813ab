// RUN: resnet-opt %s -split-input-file -verify-diagnostics

// One case for each rule of docs/Spec.md about fused operations, named after its label.

func.func @fused_conv2d_c1(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{fused_conv2d_c1: expected a filter for 2 input channels a group, got 4}}
  %0 = resnet.fused_conv2d %x, %w groups 2 : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @fused_conv2d_c2(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{fused_conv2d_c2: expected four non-negative numbers for pad, got [0, 0, 0, -1]}}
  %0 = resnet.fused_conv2d %x, %w pad [0, 0, 0, -1] : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x6x5xf32>
  return
}

// -----

func.func @fused_conv2d_c3(%x: tensor<?x4x4x4xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{fused_conv2d_c3: expected a window that fits into the padded input, got kernel [3, 3], dilation [2, 2] and pad [0, 0, 0, 0]}}
  %0 = resnet.fused_conv2d %x, %w dilation [2, 2] : (tensor<?x4x4x4xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x1x1xf32>
  return
}

// -----

func.func @fused_conv2d_c4(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{fused_conv2d_c4: expected groups that divide 4 input and 8 output channels, got -1}}
  %0 = resnet.fused_conv2d %x, %w groups -1 : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @fused_conv2d_c5(%x: tensor<?x4x8x8xf32>, %w: tensor<?x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{fused_conv2d_c5: expected a static filter, got 'tensor<?x4x3x3xf32>'}}
  %0 = resnet.fused_conv2d %x, %w activation relu activated_channels 4 : (tensor<?x4x8x8xf32>, tensor<?x4x3x3xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @fused_conv2d_c6(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{fused_conv2d_c6: expected a bias of length 8, got 'tensor<4xf32>'}}
  %0 = resnet.fused_conv2d %x, %w bias %b : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>, tensor<4xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @fused_conv2d_c7(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+1 {{fused_conv2d_c7: expected an addend of the result's shape 'tensor<?x8x6x6xf32>', got 'tensor<?x4x8x8xf32>'}}
  %0 = resnet.fused_conv2d %x, %w addend %x : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>, tensor<?x4x8x8xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @fused_conv2d_c8(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+1 {{fused_conv2d_c8: expected activated_channels between 0 and 8, got 9}}
  %0 = resnet.fused_conv2d %x, %w activation relu activated_channels 9 : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @fused_conv2d_c9(%x: tensor<?x4x8x8xf32>, %w: tensor<8x2x3x3xf32, #resnet.filter_layout<block = 16>>) {
  // expected-error @+1 {{fused_conv2d_c9: expected a filter packed for 2 groups}}
  %0 = resnet.fused_conv2d %x, %w groups 2
      : (tensor<?x4x8x8xf32>, tensor<8x2x3x3xf32, #resnet.filter_layout<block = 16>>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @fused_conv2d_c7(%x: tensor<?x8x6x6xf32>, %w: tensor<8x8x1x1xf32>, %s: tensor<?x4x10x12xf32>) {
  // expected-error @+1 {{fused_conv2d_c7: expected an addend of the result's shape 'tensor<?x8x6x6xf32>' when subsampled, got 'tensor<?x4x10x12xf32>'}}
  %0 = resnet.fused_conv2d %x, %w addend %s subsample [2, 2] channel_padding [2, 2]
      : (tensor<?x8x6x6xf32>, tensor<8x8x1x1xf32>, tensor<?x4x10x12xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @fused_conv2d_c10(%x: tensor<?x8x6x6xf32>, %w: tensor<8x8x1x1xf32>) {
  // expected-error @+1 {{fused_conv2d_c10: expected an addend, two positive strides and two non-negative channel paddings of it, got [0, 2] and [0, 0]}}
  %0 = resnet.fused_conv2d %x, %w addend %x subsample [0, 2]
      : (tensor<?x8x6x6xf32>, tensor<8x8x1x1xf32>, tensor<?x8x6x6xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @fused_conv2d_c10(%x: tensor<?x8x6x6xf32>, %w: tensor<8x8x1x1xf32>) {
  // expected-error @+1 {{fused_conv2d_c10: expected an addend, two positive strides and two non-negative channel paddings of it, got [1, 1] and [0, -1]}}
  %0 = resnet.fused_conv2d %x, %w addend %x channel_padding [0, -1]
      : (tensor<?x8x6x6xf32>, tensor<8x8x1x1xf32>, tensor<?x8x6x6xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @fused_conv2d_c10(%x: tensor<?x8x6x6xf32>, %w: tensor<8x8x1x1xf32>) {
  // expected-error @+1 {{fused_conv2d_c10: expected an addend, two positive strides and two non-negative channel paddings of it, got no addend and [2, 2] and [0, 0]}}
  %0 = resnet.fused_conv2d %x, %w subsample [2, 2] : (tensor<?x8x6x6xf32>, tensor<8x8x1x1xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @fused_conv2d_c7(%x: tensor<?x8x6x6xf32>, %w: tensor<8x8x1x1xf32>, %v: tensor<8xf32>, %s: tensor<?x12x6x6xf32>) {
  // expected-error @+1 {{fused_conv2d_c7: expected an addend of the sum's shape in 'tensor<?x16x6x6xf32>', got 'tensor<?x12x6x6xf32>'}}
  %0 = resnet.fused_conv2d %x, %w addend %s post %v, %v keeps_sum
      : (tensor<?x8x6x6xf32>, tensor<8x8x1x1xf32>, tensor<8xf32>, tensor<8xf32>, tensor<?x12x6x6xf32>) -> tensor<?x16x6x6xf32>
  return
}

// -----

func.func @fused_conv2d_c11(%x: tensor<?x8x6x6xf32>, %w: tensor<8x8x1x1xf32>, %v: tensor<8xf32>, %u: tensor<16xf32>) {
  // expected-error @+1 {{fused_conv2d_c11: expected a post shift of length 8, got 'tensor<16xf32>'}}
  %0 = resnet.fused_conv2d %x, %w post %v, %u keeps_sum
      : (tensor<?x8x6x6xf32>, tensor<8x8x1x1xf32>, tensor<8xf32>, tensor<16xf32>) -> tensor<?x16x6x6xf32>
  return
}

// -----

func.func @fused_conv2d_c12(%x: tensor<?x8x6x6xf32>, %w: tensor<8x8x1x1xf32>) {
  // expected-error @+1 {{fused_conv2d_c12: expected a post scale and a post shift, for one another and for post_activation and keeps_sum}}
  %0 = resnet.fused_conv2d %x, %w post_activation relu : (tensor<?x8x6x6xf32>, tensor<8x8x1x1xf32>) -> tensor<?x8x6x6xf32>
  return
}

// -----

func.func @fused_stem_c1(%x: tensor<?x4x8x8xf32>, %w: tensor<8x3x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{fused_stem_c1: expected a filter for 4 input channels, got 3}}
  %0 = resnet.fused_stem %x, %w pool [2, 2] : (tensor<?x4x8x8xf32>, tensor<8x3x3x3xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @fused_stem_c2(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{fused_stem_c2: expected two positive numbers each for kernel, stride and dilation, got [3, 3], [0, 1] and [1, 1]}}
  %0 = resnet.fused_stem %x, %w stride [0, 1] pool [2, 2] : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @fused_stem_c3(%x: tensor<?x4x2x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{fused_stem_c3: expected a window that fits into the padded input, got kernel [3, 3]}}
  %0 = resnet.fused_stem %x, %w pool [1, 1] : (tensor<?x4x2x8xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x1x6xf32>
  return
}

// -----

func.func @fused_stem_c4(%x: tensor<?x4x8x8xf32>, %w: tensor<?x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{fused_stem_c4: expected a static filter, got 'tensor<?x4x3x3xf32>'}}
  %0 = resnet.fused_stem %x, %w pool [2, 2] : (tensor<?x4x8x8xf32>, tensor<?x4x3x3xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @fused_stem_c5(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{fused_stem_c5: expected a bias of length 8, got 'tensor<4xf32>'}}
  %0 = resnet.fused_stem %x, %w bias %b pool [2, 2] : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>, tensor<4xf32>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @fused_stem_c6(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{fused_stem_c6: expected four non-negative numbers for pad, got [0, 0, 0, -1]}}
  %0 = resnet.fused_stem %x, %w pool [2, 2] pad [0, 0, 0, -1] : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x5x4xf32>
  return
}

// -----

func.func @fused_stem_c7(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{fused_stem_c7: expected a window that fits into the padded input, got kernel [7, 7], dilation [1, 1] and pad [0, 0, 0, 0] on 'tensor<?x8x6x6xf32>'}}
  %0 = resnet.fused_stem %x, %w pool [7, 7] : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x1x1xf32>
  return
}

// -----

func.func @fused_stem_c8(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{fused_stem_c8: expected every window to hold an element of the input, got kernel [2, 2]}}
  %0 = resnet.fused_stem %x, %w pool [2, 2] pad [2, 0, 0, 0] : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<?x8x7x5xf32>
  return
}

// -----

func.func @fused_stem_c9(%x: tensor<?x4x8x8xf32>, %w: tensor<8x4x3x3xf32, #resnet.filter_layout<block = 16, groups = 2>>) {
  // expected-error @+1 {{fused_stem_c9: expected a filter packed for 1 groups}}
  %0 = resnet.fused_stem %x, %w pool [2, 2]
      : (tensor<?x4x8x8xf32>, tensor<8x4x3x3xf32, #resnet.filter_layout<block = 16, groups = 2>>) -> tensor<?x8x5x5xf32>
  return
}

// -----

func.func @fused_elementwise_c1(%x: tensor<?x4xf32>, %v: tensor<4xf32>) {
  // expected-error @+1 {{fused_elementwise_c1: expected scale and shift together, got only one of them}}
  %0 = "resnet.fused_elementwise"(%x, %v) <{operandSegmentSizes = array<i32: 1, 1, 0, 0, 0>}> : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @fused_elementwise_c2(%x: tensor<?x4xf32>, %v: tensor<4xf32>, %w: tensor<5xf32>) {
  // expected-error @+1 {{fused_elementwise_c2: expected a shift of length 4, got 'tensor<5xf32>'}}
  %0 = resnet.fused_elementwise %x scale %v, %w : (tensor<?x4xf32>, tensor<4xf32>, tensor<5xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @fused_elementwise_c3(%x: tensor<?x4xf32>, %y: tensor<1x4xf32>) {
  // expected-error @+1 {{fused_elementwise_c3: expected an addend of the input's shape 'tensor<?x4xf32>', got 'tensor<1x4xf32>'}}
  %0 = resnet.fused_elementwise %x addend %y : (tensor<?x4xf32>, tensor<1x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @fused_head_c1(%x: tensor<?x4x8x8xf32>, %w: tensor<10x256xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{fused_head_c1: expected a weight for 4 input features, got 'tensor<10x256xf32>'}}
  %0 = resnet.fused_head %x, %w : (tensor<?x4x8x8xf32>, tensor<10x256xf32>) -> tensor<?x10xf32>
  return
}

// -----

func.func @fused_head_c2(%x: tensor<?x4x8x8xf32>, %w: tensor<10x4xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{fused_head_c2: expected a bias of length 10, got 'tensor<4xf32>'}}
  %0 = resnet.fused_head %x, %w, %b softmax : (tensor<?x4x8x8xf32>, tensor<10x4xf32>, tensor<4xf32>) -> tensor<?x10xf32>
  return
}

// -----

func.func @fused_elementwise_c4(%x: tensor<?x4x8x8xf32>, %g: tensor<?x4x1x2xf32>) {
  // expected-error @+1 {{fused_elementwise_c4: expected a gate [N, C, 1, 1] for an input [N, C, H, W], got 'tensor<?x4x1x2xf32>' for 'tensor<?x4x8x8xf32>'}}
  %0 = resnet.fused_elementwise %x gate %g : (tensor<?x4x8x8xf32>, tensor<?x4x1x2xf32>) -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @fused_elementwise_c4_features(%x: tensor<?x4xf32>, %g: tensor<?x4x1x1xf32>) {
  // expected-error @+1 {{fused_elementwise_c4: expected a gate [N, C, 1, 1] for an input [N, C, H, W], got 'tensor<?x4x1x1xf32>' for 'tensor<?x4xf32>'}}
  %0 = resnet.fused_elementwise %x gate %g : (tensor<?x4xf32>, tensor<?x4x1x1xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @fused_head_c3(%x: tensor<?x4x8x8xf32>, %w: tensor<10x4xf32>) {
  // expected-error @+1 {{fused_head_c3: expected softmax before log, got log alone}}
  %0 = resnet.fused_head %x, %w log : (tensor<?x4x8x8xf32>, tensor<10x4xf32>) -> tensor<?x10xf32>
  return
}
