// RUN: resnet-opt %s -split-input-file -verify-diagnostics --resnet-outline-kernels

func.func @main(%x: tensor<?x3x8x8xf32>) -> tensor<?x3x8x8xf32> {
  // expected-error @+1 {{'resnet.relu' op has no kernel: expected a fused operation with its layouts assigned}}
  %0 = resnet.relu %x : tensor<?x3x8x8xf32> -> tensor<?x3x8x8xf32>
  return %0 : tensor<?x3x8x8xf32>
}

// -----

// A flatten that moves bytes needs a conversion before it.
func.func @main(%x: tensor<?x16x2x2xf32>) -> tensor<?x64xf32> {
  %c = resnet.convert_layout %x : tensor<?x16x2x2xf32> -> tensor<?x16x2x2xf32, #resnet.layout<block = 16>>
  // expected-error @+1 {{'resnet.flatten' op has no kernel}}
  %f = resnet.flatten %c : tensor<?x16x2x2xf32, #resnet.layout<block = 16>> -> tensor<?x64xf32>
  return %f : tensor<?x64xf32>
}

// -----

// expected-error @+1 {{expected a function @main of one block}}
module {
  func.func @other(%x: tensor<?x3x8x8xf32>) -> tensor<?x3x8x8xf32> {
    return %x : tensor<?x3x8x8xf32>
  }
}
