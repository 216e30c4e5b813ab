// RUN: resnet-opt %s --split-input-file --verify-diagnostics --resnet-specialize-shapes=shape=input:?x3x48x48

func.func @main(%x: tensor<?x3x32x32xf32> {resnet.name = "input"}) -> tensor<?x10xf32> {
  %w = resnet.constant dense<0.5> : tensor<10x3072xf32>
  %0 = resnet.flatten %x : tensor<?x3x32x32xf32> -> tensor<?x3072xf32>
  // expected-error @+1 {{the input's new shape does not fit resnet.linear: }}
  %1 = resnet.linear %0, %w : (tensor<?x3072xf32>, tensor<10x3072xf32>) -> tensor<?x10xf32>
  return %1 : tensor<?x10xf32>
}

// -----

func.func @main(%x: tensor<?x3x32x32xf32> {resnet.name = "input"}) -> tensor<?x3x1x1xf32> {
  // expected-error @+1 {{its window covers the whole map of 32x32, which is 48x48 now; resnet-normalize-imports makes a global average pool of it}}
  %0 = resnet.avg_pool2d %x kernel [32, 32] : tensor<?x3x32x32xf32> -> tensor<?x3x1x1xf32>
  return %0 : tensor<?x3x1x1xf32>
}

// -----

// expected-error @+1 {{expected the name of an input of @main (data), got 'input'}}
func.func @main(%x: tensor<?x3x32x32xf32> {resnet.name = "data"}) -> tensor<?x3x32x32xf32> {
  return %x : tensor<?x3x32x32xf32>
}

// -----

// expected-error @+1 {{expected 2 dimensions for an input of type 'tensor<?x3xf32>', got 'input:?x3x48x48'}}
func.func @main(%x: tensor<?x3xf32> {resnet.name = "input"}) -> tensor<?x3xf32> {
  return %x : tensor<?x3xf32>
}

// -----

func.func @main(%x: tensor<?x4x32x32xf32> {resnet.name = "input"}) -> tensor<?x2x32x32xf32> {
  %w = resnet.constant dense<0.5> : tensor<2x4x1x1xf32>
  // expected-error @+1 {{does not fit resnet.conv2d: }}
  %0 = resnet.conv2d %x, %w : (tensor<?x4x32x32xf32>, tensor<2x4x1x1xf32>) -> tensor<?x2x32x32xf32>
  return %0 : tensor<?x2x32x32xf32>
}

// -----

// expected-error @+1 {{expected a function @main to give a shape to}}
module {
  func.func @other() {
    return
  }
}

// -----

// The reshape takes a map of one size apart.
func.func @main(%x: tensor<?x3x32x32xf32> {resnet.name = "input"}) -> tensor<?x96x32x1xf32> {
  // expected-error @+1 {{does not fit resnet.reshape: 'resnet.reshape' op reshape_c2: expected a shape of the }}
  %0 = resnet.reshape %x [96, 32, 1] : tensor<?x3x32x32xf32> -> tensor<?x96x32x1xf32>
  return %0 : tensor<?x96x32x1xf32>
}
