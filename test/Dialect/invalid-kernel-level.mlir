// RUN: resnet-opt %s -split-input-file -verify-diagnostics

// One case for each rule of docs/Spec.md about kernels, launches and memory, named after its label.

// expected-error @+1 {{kernel_c1: expected one operation of the graph level and the yield of its result}}
resnet.kernel @kernel_c1(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  resnet.yield %x : tensor<?x4xf32>
}

// -----

// expected-error @+1 {{kernel_c1: expected one operation of the graph level}}
resnet.kernel @kernel_c1_two(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = resnet.relu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  %1 = resnet.softmax %0 : tensor<?x4xf32> -> tensor<?x4xf32>
  resnet.yield %1 : tensor<?x4xf32>
}

// -----

// expected-error @+1 {{kernel_c1: expected one operation of the graph level}}
resnet.kernel @kernel_c1_constant() -> tensor<4xf32> {
  %0 = resnet.constant dense<1.0> : tensor<4xf32>
  resnet.yield %0 : tensor<4xf32>
}

// -----

// expected-error @+1 {{kernel_c2: expected the yielded type 'tensor<?x4xf32>' as the only result}}
resnet.kernel @kernel_c2(%x: tensor<?x4xf32>) -> tensor<2x4xf32> {
  %0 = resnet.relu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  resnet.yield %0 : tensor<?x4xf32>
}

// -----

// expected-error @+1 {{kernel_c3: expected in_place to name an argument of the result's type, got 1}}
resnet.kernel @kernel_c3(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {in_place = 1 : i64} {
  %0 = resnet.relu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  resnet.yield %0 : tensor<?x4xf32>
}

// -----

// expected-error @+1 {{kernel_c3: expected in_place to name an argument of the result's type, got 0}}
resnet.kernel @kernel_c3_layout(%x: tensor<?x4xf32>) -> tensor<?x4xf32, #resnet.layout<block = 16>> attributes {in_place = 0 : i64} {
  %0 = resnet.relu %x : tensor<?x4xf32> -> tensor<?x4xf32, #resnet.layout<block = 16>>
  resnet.yield %0 : tensor<?x4xf32, #resnet.layout<block = 16>>
}

// -----

// expected-error @+1 {{kernel_c4: expected an in_place argument that is read once and element by element, got 0 of resnet.max_pool2d}}
resnet.kernel @kernel_c4(%x: tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32> attributes {in_place = 0 : i64} {
  %0 = resnet.max_pool2d %x kernel [3, 3] pad [1, 1, 1, 1] : tensor<?x4x8x8xf32> -> tensor<?x4x8x8xf32>
  resnet.yield %0 : tensor<?x4x8x8xf32>
}

// -----

// The convolution's input is read by windows.
// expected-error @+1 {{kernel_c4: expected an in_place argument that is read once and element by element, got 0 of resnet.fused_conv2d}}
resnet.kernel @kernel_c4_both(%x: tensor<?x4x8x8xf32>, %w: tensor<4x4x3x3xf32>) -> tensor<?x4x8x8xf32> attributes {in_place = 0 : i64} {
  %0 = resnet.fused_conv2d %x, %w addend %x pad [1, 1, 1, 1]
      : (tensor<?x4x8x8xf32>, tensor<4x4x3x3xf32>, tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  resnet.yield %0 : tensor<?x4x8x8xf32>
}

// -----

// A subsampled addend is read elsewhere than where the result is written.
// expected-error @+1 {{kernel_c4: expected an in_place argument that is read once and element by element, got 2 of resnet.fused_conv2d}}
resnet.kernel @kernel_c4_subsampled(%x: tensor<?x4x1x1xf32>, %w: tensor<4x4x1x1xf32>, %s: tensor<?x4x1x1xf32>) -> tensor<?x4x1x1xf32>
    attributes {in_place = 2 : i64} {
  %0 = resnet.fused_conv2d %x, %w addend %s subsample [2, 2]
      : (tensor<?x4x1x1xf32>, tensor<4x4x1x1xf32>, tensor<?x4x1x1xf32>) -> tensor<?x4x1x1xf32>
  resnet.yield %0 : tensor<?x4x1x1xf32>
}

// -----

// A gate is read for a whole channel; that it is one element here makes no difference.
// expected-error @+1 {{kernel_c4: expected an in_place argument that is read once and element by element, got 1 of resnet.fused_elementwise}}
resnet.kernel @kernel_c4_gate(%x: tensor<?x4x1x1xf32>, %g: tensor<?x4x1x1xf32>) -> tensor<?x4x1x1xf32> attributes {in_place = 1 : i64} {
  %0 = resnet.fused_elementwise %x gate %g : (tensor<?x4x1x1xf32>, tensor<?x4x1x1xf32>) -> tensor<?x4x1x1xf32>
  resnet.yield %0 : tensor<?x4x1x1xf32>
}

// -----

resnet.kernel @relu(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = resnet.relu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  resnet.yield %0 : tensor<?x4xf32>
}

func.func @launch_c1(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{launch_c1: expected a result of the destination's type for a tensor and none for a buffer}}
  resnet.launch @relu ins(%x : tensor<?x4xf32>) outs(%x : tensor<?x4xf32>)
  return
}

// -----

func.func @launch_c1_mixed(%x: tensor<?x4xf32>, %y: !resnet.buffer<tensor<?x4xf32>>) {
  // expected-error @+1 {{launch_c1: expected inputs that are all tensors or all buffers, as the destination, got 'tensor<?x4xf32>'}}
  resnet.launch @relu ins(%x : tensor<?x4xf32>) outs(%y : !resnet.buffer<tensor<?x4xf32>>)
  return
}

// -----

func.func @launch_c2(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{launch_c2: expected @launch_c2 to be a kernel}}
  %0 = resnet.launch @launch_c2 ins(%x : tensor<?x4xf32>) outs(%x : tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

resnet.kernel @relu(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = resnet.relu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  resnet.yield %0 : tensor<?x4xf32>
}

func.func @launch_c3(%x: tensor<?x8xf32>, %d: tensor<?x4xf32>) {
  // expected-error @+1 {{launch_c3: expected input 0 of type 'tensor<?x4xf32>', got 'tensor<?x8xf32>'}}
  %0 = resnet.launch @relu ins(%x : tensor<?x8xf32>) outs(%d : tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

resnet.kernel @relu(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = resnet.relu %x : tensor<?x4xf32> -> tensor<?x4xf32>
  resnet.yield %0 : tensor<?x4xf32>
}

func.func @launch_c3_number(%d: tensor<?x4xf32>) {
  // expected-error @+1 {{launch_c3: expected 1 inputs for @relu, got 0}}
  %0 = resnet.launch @relu ins() outs(%d : tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}

// -----

// expected-error @+1 {{global_c1: expected a type of the value's shape 'tensor<4xf32>', got 'tensor<8xf32>'}}
resnet.global @global_c1 offset 0 dense<1.0> : tensor<4xf32> as tensor<8xf32>

// -----

// expected-error @+1 {{global_c2: expected an offset that is a multiple of 64, got 32}}
resnet.global @global_c2 offset 32 dense<1.0> : tensor<4xf32>

// -----

// expected-error @+1 {{arena_c1: expected a size from 0 to 4398046511104 bytes, got -64}}
func.func private @arena_c1(!resnet.arena<-64>)

// -----

// expected-error @+1 {{weights_c1: expected a size from 0 to 4398046511104 bytes, got 9223372036854775807}}
func.func private @weights_c1(!resnet.weights<9223372036854775807>)

// -----

// expected-error @+1 {{buffer_c1: expected activations or static weights that keep tensor_c1 to tensor_c3, got 'tensor<?xf32>'}}
func.func private @buffer_c1(!resnet.buffer<tensor<?xf32>>)

// -----

// expected-error @+1 {{buffer_c1: expected activations or static weights that keep tensor_c1 to tensor_c3, got 'tensor<?x4x?x8xf32>'}}
func.func private @buffer_c1_dynamic(!resnet.buffer<tensor<?x4x?x8xf32>>)

// -----

// expected-error @+1 {{buffer_c2: expected an image stride that is a multiple of 4 of at least 1024 bytes and at most 4398046511104, for activations only, got 512}}
func.func private @buffer_c2(!resnet.buffer<tensor<?x4x8x8xf32>, image_stride = 512>)

// -----

func.func @view_c1(%arena: !resnet.arena<4096>) {
  // expected-error @+1 {{view_c1: expected an offset that is a multiple of 64, got 4}}
  %0 = resnet.view %arena[4] : !resnet.arena<4096> -> !resnet.buffer<tensor<?x4x8x8xf32>>
  return
}

// -----

func.func @view_c2(%arena: !resnet.arena<4096>) {
  // expected-error @+1 {{view_c2: expected a buffer of 1024 bytes at 3136 to end within 4096 bytes}}
  %0 = resnet.view %arena[3136] : !resnet.arena<4096> -> !resnet.buffer<tensor<?x4x8x8xf32>>
  return
}

// -----

func.func @view_c2_overflow(%arena: !resnet.arena<4096>) {
  // expected-error @+1 {{view_c2: expected a buffer of 1024 bytes at 9223372036854775744 to end within 4096 bytes}}
  %0 = resnet.view %arena[9223372036854775744] : !resnet.arena<4096> -> !resnet.buffer<tensor<?x4x8x8xf32>>
  return
}

// -----

func.func @view_c3(%x: !resnet.buffer<tensor<?x32x8x8xf32, #resnet.layout<block = 16>>>) {
  // expected-error @+1 {{view_c3: expected the image stride of the viewed buffer, 8192, got 4096}}
  %0 = resnet.view %x[4096] : !resnet.buffer<tensor<?x32x8x8xf32, #resnet.layout<block = 16>>>
      -> !resnet.buffer<tensor<?x16x8x8xf32, #resnet.layout<block = 16>>>
  return
}

// -----

func.func @view_c4(%weights: !resnet.weights<4096>) {
  // expected-error @+1 {{view_c4: expected static weights in '!resnet.weights<4096>', got '!resnet.buffer<tensor<?x4xf32>>'}}
  %0 = resnet.view %weights[0] : !resnet.weights<4096> -> !resnet.buffer<tensor<?x4xf32>>
  return
}

// -----

func.func @view_c4_arena(%arena: !resnet.arena<4096>) {
  // expected-error @+1 {{view_c4: expected activations in '!resnet.arena<4096>', got '!resnet.buffer<tensor<4xf32>>'}}
  %0 = resnet.view %arena[0] : !resnet.arena<4096> -> !resnet.buffer<tensor<4xf32>>
  return
}

// -----

func.func @zero_halo_c1(%b: !resnet.buffer<tensor<?x4x8x8xf32>>) {
  // expected-error @+1 {{zero_halo_c1: expected a buffer with a halo}}
  resnet.zero_halo %b : !resnet.buffer<tensor<?x4x8x8xf32>>
  return
}
