// RUN: resnet-opt %s -split-input-file -verify-diagnostics --resnet-lower-to-llvm

// expected-error @+1 {{'func.func' op cannot be lowered: expected a planned function, without results and with one block}}
func.func @main(%x: tensor<?x16xf32>) -> tensor<?x16xf32> {
  return %x : tensor<?x16xf32>
}

// -----

// expected-error @+1 {{expected buffers, an arena and weights as arguments, got 'tensor<?x16xf32>'}}
func.func @main(%x: tensor<?x16xf32>) {
  return
}

// -----

func.func @main(%arena: !resnet.arena<0>, %weights: !resnet.weights<0>) {
  // expected-error @+1 {{'resnet.constant' op cannot be lowered: expected views, zero_halo and launches on buffers}}
  %0 = resnet.constant dense<1.0> : tensor<16xf32>
  return
}

// -----

// expected-error @+1 {{expected a planned function @main}}
module {
}
