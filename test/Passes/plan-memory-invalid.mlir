// RUN: resnet-opt %s -split-input-file -verify-diagnostics --resnet-plan-memory

func.func @main(%x: tensor<?x20xf32>) -> tensor<?x20xf32> {
  // expected-error @+1 {{'resnet.softmax' op cannot be planned: expected launches of outlined kernels}}
  %0 = resnet.softmax %x : tensor<?x20xf32> -> tensor<?x20xf32>
  return %0 : tensor<?x20xf32>
}

// -----

func.func @main(%x: tensor<?x20xf32>) -> tensor<?x20xf32> {
  // expected-error @+1 {{expected result 0 to be all that one kernel writes, for no other result; got an argument or a constant}}
  return %x : tensor<?x20xf32>
}

// -----

resnet.kernel @softmax(%a: tensor<?x20xf32>) -> tensor<?x20xf32> {
  %0 = resnet.softmax %a : tensor<?x20xf32> -> tensor<?x20xf32>
  resnet.yield %0 : tensor<?x20xf32>
}
func.func @main(%x: tensor<?x20xf32>) -> (tensor<?x20xf32>, tensor<?x20xf32>) {
  %d = resnet.empty : tensor<?x20xf32>
  %0 = resnet.launch @softmax ins(%x : tensor<?x20xf32>) outs(%d : tensor<?x20xf32>) -> tensor<?x20xf32>
  // expected-error @+1 {{expected result 1 to be all that one kernel writes, for no other result; got the value of result 0}}
  return %0, %0 : tensor<?x20xf32>, tensor<?x20xf32>
}

// -----

!map = tensor<?x32x2x2xf32>
resnet.kernel @pad(%a: !map) -> !map {
  %0 = resnet.pad %a low [0, 0, 0] high [0, 0, 0] : !map -> !map
  resnet.yield %0 : !map
}
func.func @main(%x: !map) -> tensor<?x16x2x2xf32> {
  %d = resnet.empty : !map
  %0 = resnet.launch @pad ins(%x : !map) outs(%d : !map) -> !map
  %1 = resnet.slice %0 offsets [0, 0, 0] sizes [16, 2, 2] strides [1, 1, 1] : !map -> tensor<?x16x2x2xf32>
  // expected-error @+1 {{expected result 0 to be all that one kernel writes, for no other result; got a part of it}}
  return %1 : tensor<?x16x2x2xf32>
}

// -----

resnet.kernel @relu(%a: tensor<?x20xf32>) -> tensor<?x20xf32> attributes {in_place = 0 : i64} {
  %0 = resnet.fused_elementwise %a activation relu : (tensor<?x20xf32>) -> tensor<?x20xf32>
  resnet.yield %0 : tensor<?x20xf32>
}
resnet.kernel @softmax(%a: tensor<?x20xf32>) -> tensor<?x20xf32> {
  %0 = resnet.softmax %a : tensor<?x20xf32> -> tensor<?x20xf32>
  resnet.yield %0 : tensor<?x20xf32>
}
func.func @main(%x: tensor<?x20xf32>) -> tensor<?x20xf32> {
  %d = resnet.empty : tensor<?x20xf32>
  %0 = resnet.launch @softmax ins(%x : tensor<?x20xf32>) outs(%d : tensor<?x20xf32>) -> tensor<?x20xf32>
  // expected-error @+1 {{cannot be planned: overwrites 'tensor<?x20xf32>' which 'resnet.launch' reads later}}
  %1 = resnet.launch @relu ins(%0 : tensor<?x20xf32>) outs(%0 : tensor<?x20xf32>) -> tensor<?x20xf32>
  %2 = resnet.launch @softmax ins(%0 : tensor<?x20xf32>) outs(%d : tensor<?x20xf32>) -> tensor<?x20xf32>
  return %2 : tensor<?x20xf32>
}

// -----

resnet.kernel @relu(%a: tensor<?x20xf32>) -> tensor<?x20xf32> attributes {in_place = 0 : i64} {
  %0 = resnet.fused_elementwise %a activation relu : (tensor<?x20xf32>) -> tensor<?x20xf32>
  resnet.yield %0 : tensor<?x20xf32>
}
func.func @main(%x: tensor<?x20xf32>) -> tensor<?x20xf32> {
  %d = resnet.empty : tensor<?x20xf32>
  // expected-error @+1 {{expected input 0 as the destination, because @relu is in place}}
  %1 = resnet.launch @relu ins(%x : tensor<?x20xf32>) outs(%d : tensor<?x20xf32>) -> tensor<?x20xf32>
  return %1 : tensor<?x20xf32>
}

// -----

resnet.kernel @relu(%a: tensor<?x20xf32>) -> tensor<?x20xf32> attributes {in_place = 0 : i64} {
  %0 = resnet.fused_elementwise %a activation relu : (tensor<?x20xf32>) -> tensor<?x20xf32>
  resnet.yield %0 : tensor<?x20xf32>
}
func.func @main(%x: tensor<?x20xf32>) -> tensor<?x20xf32> {
  // expected-error @+1 {{expected a destination that is empty, or another launch's result that is the in-place input of @relu}}
  %1 = resnet.launch @relu ins(%x : tensor<?x20xf32>) outs(%x : tensor<?x20xf32>) -> tensor<?x20xf32>
  return %1 : tensor<?x20xf32>
}

// -----

// expected-error @+1 {{expected dense tensors of rank 2 or 4 as arguments and results}}
func.func @main(%x: tensor<?x16x2x2xf32, #resnet.layout<block = 16>>) {
  return
}

// -----

// expected-error @+1 {{cannot be planned: expected arguments and results of one batch, got 'tensor<3x20xf32>' and 'tensor<2x20xf32>'}}
func.func @main(%x: tensor<3x20xf32>, %y: tensor<2x20xf32>) {
  return
}

// -----

// expected-error @+1 {{expected arguments and results of one batch, got 'tensor<?x20xf32>' and 'tensor<2x20xf32>'}}
func.func @main(%x: tensor<?x20xf32>, %y: tensor<2x20xf32>) {
  return
}
