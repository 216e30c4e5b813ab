// RUN: resnet-opt %s -split-input-file -verify-diagnostics

// Expansion, concatenation, reshapes and modes of padding: one case for each rule of docs/Spec.md, named after its label.

func.func @expand_c1(%x: tensor<?x4x1x2xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{expand_c1: expected an input [N, C, 1, 1], got 'tensor<?x4x1x2xf32>'}}
  %0 = resnet.expand %x size [8, 8] : tensor<?x4x1x2xf32> -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @expand_c2(%x: tensor<?x4x1x1xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{expand_c2: expected a size of two positive numbers, got [8, 0]}}
  %0 = resnet.expand %x size [8, 0] : tensor<?x4x1x1xf32> -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @concat_c1() {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{concat_c1: expected at least one input}}
  %0 = resnet.concat : () -> tensor<?x4x8x8xf32>
  return
}

// -----

func.func @concat_c2(%a: tensor<?x4x8x8xf32>, %b: tensor<?x4x8x4xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{concat_c2: expected inputs that differ in their channels only, got 'tensor<?x4x8x8xf32>' and 'tensor<?x4x8x4xf32>'}}
  %0 = resnet.concat %a, %b : (tensor<?x4x8x8xf32>, tensor<?x4x8x4xf32>) -> tensor<?x8x8x8xf32>
  return
}

// -----

func.func @concat_c2_batch(%a: tensor<1x4x8x8xf32>, %b: tensor<2x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{concat_c2: expected inputs that differ in their channels only}}
  %0 = resnet.concat %a, %b : (tensor<1x4x8x8xf32>, tensor<2x4x8x8xf32>) -> tensor<1x8x8x8xf32>
  return
}

// -----

func.func @reshape_c1(%x: tensor<?x4x1x1xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{reshape_c1: expected one or three positive numbers, got [2, 2]}}
  %0 = resnet.reshape %x [2, 2] : tensor<?x4x1x1xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @reshape_c2(%x: tensor<?x4x1x1xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{reshape_c2: expected a shape of the 4 elements that an image of 'tensor<?x4x1x1xf32>' has, got [1, 1, 5]}}
  %0 = resnet.reshape %x [1, 1, 5] : tensor<?x4x1x1xf32> -> tensor<?x1x1x5xf32>
  return
}

// -----

func.func @reshape_c2_too_many_to_count(%x: tensor<?x4x1x1xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{reshape_c2: expected a shape of the 4 elements}}
  %0 = resnet.reshape %x [16777216, 16777216, 16777216] : tensor<?x4x1x1xf32> -> tensor<?x4x1x1xf32>
  return
}

// -----

func.func @pad_c2(%x: tensor<?x4x3x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{pad_c2: expected to reflect less than the 3 elements of dimension 2 of 'tensor<?x4x3x8xf32>', got low [0, 0, 0] and high [0, 3, 0]}}
  %0 = resnet.pad %x low [0, 0, 0] high [0, 3, 0] mode reflect : tensor<?x4x3x8xf32> -> tensor<?x4x6x8xf32>
  return
}

// -----

func.func @pad_c3(%x: tensor<?x4x8x8xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{pad_c3: expected no value in mode edge, got 1.000000e+00 : f32}}
  %0 = resnet.pad %x low [0, 0, 0] high [0, 1, 0] mode edge value 1.0 : tensor<?x4x8x8xf32> -> tensor<?x4x9x8xf32>
  return
}
