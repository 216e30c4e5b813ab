// RUN: resnet-opt %s -split-input-file -verify-diagnostics

// Activations, products and group normalisation: one case for each rule of docs/Spec.md, named after its label.

func.func @hard_sigmoid_c1(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{hard_sigmoid_c1: expected a finite slope and offset, got 0x7F800000 : f32 and 5.000000e-01 : f32}}
  %0 = resnet.hard_sigmoid %x slope 0x7F800000 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @clip_c1(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{clip_c1: expected a min that is not above max, got 1.000000e+00 : f32 and -1.000000e+00 : f32}}
  %0 = resnet.clip %x min 1.0 max -1.0 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @clip_c1_nan(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{clip_c1: expected a min that is not above max, got 0x7FC00000 : f32}}
  %0 = resnet.clip %x min 0x7FC00000 : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @fake_quantize_c1(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{fake_quantize_c1: expected a positive finite scale, got 0.000000e+00 : f32}}
  %0 = resnet.fake_quantize %x scale 0.0 zero_point 0 range [-128, 127] : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @fake_quantize_c2(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{fake_quantize_c2: expected a range of two numbers from -2^16 to 2^16 around the zero point, got [0, 255] around -1}}
  %0 = resnet.fake_quantize %x scale 1.0 zero_point -1 range [0, 255] : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @fake_quantize_c2_one_number(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{fake_quantize_c2: expected a range of two numbers from -2^16 to 2^16 around the zero point, got [0] around 0}}
  %0 = resnet.fake_quantize %x scale 1.0 zero_point 0 range [0] : tensor<?x4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @mul_c1(%x: tensor<?x4x8x8xf32>, %g: tensor<?x8x1x1xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{mul_c1: expected operands of one shape or a second operand [N, C, 1, 1], got 'tensor<?x4x8x8xf32>' and 'tensor<?x8x1x1xf32>'}}
  %0 = resnet.mul %x, %g : (tensor<?x4x8x8xf32>, tensor<?x8x1x1xf32>) -> tensor<?x4x8x8xf32>
  return
}

// -----

// The gate is the second operand.
func.func @mul_c1_gate_first(%x: tensor<?x4x8x8xf32>, %g: tensor<?x4x1x1xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{mul_c1: expected operands of one shape or a second operand [N, C, 1, 1], got 'tensor<?x4x1x1xf32>' and 'tensor<?x4x8x8xf32>'}}
  %0 = resnet.mul %g, %x : (tensor<?x4x1x1xf32>, tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @group_norm_c1(%x: tensor<?x4x8x8xf32>, %v: tensor<4xf32>, %short: tensor<2xf32>) {
  // expected-error @+1 {{group_norm_c1: expected an offset of length 4, got 'tensor<2xf32>'}}
  %0 = resnet.group_norm %x, %v, %short groups 2 : (tensor<?x4x8x8xf32>, tensor<4xf32>, tensor<2xf32>) -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @group_norm_c2(%x: tensor<?x4x8x8xf32>, %v: tensor<4xf32>) {
  // expected-error @+1 {{group_norm_c2: expected a non-negative epsilon, got -1.000000e+00 : f32}}
  %0 = resnet.group_norm %x, %v, %v groups 2 epsilon -1.0 : (tensor<?x4x8x8xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @group_norm_c3(%x: tensor<?x4x8x8xf32>, %v: tensor<4xf32>) {
  // expected-error @+1 {{group_norm_c3: expected groups that divide 4 channels, got 3}}
  %0 = resnet.group_norm %x, %v, %v groups 3 : (tensor<?x4x8x8xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @group_norm_c3_zero(%x: tensor<?x4x8x8xf32>, %v: tensor<4xf32>) {
  // expected-error @+1 {{group_norm_c3: expected groups that divide 4 channels, got 0}}
  %0 = resnet.group_norm %x, %v, %v groups 0 : (tensor<?x4x8x8xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x4x8x8xf32>
  return
}
