// RUN: resnet-opt %s -split-input-file -verify-diagnostics --resnet-verify-memory-plan

// Two buffers that live one after the other may share bytes, and a launch may overwrite its in-place input.
!features = !resnet.buffer<tensor<?x16xf32>>
resnet.kernel @softmax(%a: tensor<?x16xf32>) -> tensor<?x16xf32> {
  %0 = resnet.softmax %a : tensor<?x16xf32> -> tensor<?x16xf32>
  resnet.yield %0 : tensor<?x16xf32>
}
resnet.kernel @relu(%a: tensor<?x16xf32>) -> tensor<?x16xf32> attributes {in_place = 0 : i64} {
  %0 = resnet.fused_elementwise %a activation relu : (tensor<?x16xf32>) -> tensor<?x16xf32>
  resnet.yield %0 : tensor<?x16xf32>
}
func.func @main(%x: !features, %y: !features {resnet.output}, %arena: !resnet.arena<128>, %weights: !resnet.weights<0>) {
  %a = resnet.view %arena[0] : !resnet.arena<128> -> !features
  %b = resnet.view %arena[64] : !resnet.arena<128> -> !features
  %c = resnet.view %arena[0] : !resnet.arena<128> -> !features
  resnet.launch @softmax ins(%x : !features) outs(%a : !features)
  resnet.launch @relu ins(%a : !features) outs(%a : !features)
  resnet.launch @softmax ins(%a : !features) outs(%b : !features)
  resnet.launch @softmax ins(%b : !features) outs(%c : !features)
  resnet.launch @softmax ins(%c : !features) outs(%y : !features)
  return
}

// -----

// Views of one buffer may be read at once, and written apart.
!part = !resnet.buffer<tensor<?x16x2x2xf32>, image_stride = 512>
!whole = !resnet.buffer<tensor<?x32x2x2xf32>>
resnet.kernel @pad(%a: tensor<?x16x2x2xf32>) -> tensor<?x16x2x2xf32> {
  %0 = resnet.pad %a low [0, 0, 0] high [0, 0, 0] : tensor<?x16x2x2xf32> -> tensor<?x16x2x2xf32>
  resnet.yield %0 : tensor<?x16x2x2xf32>
}
func.func @main(%x: !whole, %y: !whole {resnet.output}, %arena: !resnet.arena<512>, %weights: !resnet.weights<0>) {
  %a = resnet.view %x[0] : !whole -> !part
  %b = resnet.view %arena[0] : !resnet.arena<512> -> !whole
  %b0 = resnet.view %b[0] : !whole -> !part
  %b1 = resnet.view %b[256] : !whole -> !part
  resnet.launch @pad ins(%a : !part) outs(%b0 : !part)
  resnet.launch @pad ins(%b0 : !part) outs(%b1 : !part)
  resnet.launch @whole ins(%x : !whole) outs(%y : !whole)
  return
}
resnet.kernel @whole(%a: tensor<?x32x2x2xf32>) -> tensor<?x32x2x2xf32> {
  %0 = resnet.pad %a low [0, 0, 0] high [0, 0, 0] : tensor<?x32x2x2xf32> -> tensor<?x32x2x2xf32>
  resnet.yield %0 : tensor<?x32x2x2xf32>
}

// -----

!features = !resnet.buffer<tensor<?x16xf32>>
resnet.kernel @sum(%a: tensor<?x16xf32>, %b: tensor<?x16xf32>) -> tensor<?x16xf32> {
  %0 = resnet.fused_elementwise %a addend %b : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
  resnet.yield %0 : tensor<?x16xf32>
}
func.func @main(%x: !features, %y: !features {resnet.output}, %arena: !resnet.arena<128>, %weights: !resnet.weights<0>) {
  // expected-note @+1 {{the other buffer: '!resnet.buffer<tensor<?x16xf32>>'}}
  %a = resnet.view %arena[0] : !resnet.arena<128> -> !features
  // expected-error @+1 {{memory plan: bytes [0, 64) overlap [0, 64) of a buffer that lives at the same time}}
  %b = resnet.view %arena[0] : !resnet.arena<128> -> !features
  resnet.launch @sum ins(%x, %x : !features, !features) outs(%a : !features)
  resnet.launch @sum ins(%x, %x : !features, !features) outs(%b : !features)
  resnet.launch @sum ins(%a, %b : !features, !features) outs(%y : !features)
  return
}

// -----

// A view keeps its buffer alive.
!part = !resnet.buffer<tensor<?x16x2x2xf32>, image_stride = 512>
!small = !resnet.buffer<tensor<?x16x2x2xf32>>
!whole = !resnet.buffer<tensor<?x32x2x2xf32>>
resnet.kernel @whole(%a: tensor<?x32x2x2xf32>) -> tensor<?x32x2x2xf32> {
  %0 = resnet.pad %a low [0, 0, 0] high [0, 0, 0] : tensor<?x32x2x2xf32> -> tensor<?x32x2x2xf32>
  resnet.yield %0 : tensor<?x32x2x2xf32>
}
resnet.kernel @part(%a: tensor<?x16x2x2xf32>) -> tensor<?x16x2x2xf32> {
  %0 = resnet.pad %a low [0, 0, 0] high [0, 0, 0] : tensor<?x16x2x2xf32> -> tensor<?x16x2x2xf32>
  resnet.yield %0 : tensor<?x16x2x2xf32>
}
func.func @main(%x: !whole, %z: !small, %y: !small {resnet.output}, %arena: !resnet.arena<512>, %weights: !resnet.weights<0>) {
  // expected-note @+1 {{the other buffer}}
  %a = resnet.view %arena[0] : !resnet.arena<512> -> !whole
  %v = resnet.view %a[256] : !whole -> !part
  // expected-error @+1 {{bytes [128, 384) overlap [0, 512)}}
  %b = resnet.view %arena[128] : !resnet.arena<512> -> !small
  resnet.launch @whole ins(%x : !whole) outs(%a : !whole)
  resnet.launch @part ins(%z : !small) outs(%b : !small)
  resnet.launch @part ins(%v : !part) outs(%y : !small)
  return
}

// -----

!features = !resnet.buffer<tensor<?x16xf32>>
resnet.kernel @softmax(%a: tensor<?x16xf32>) -> tensor<?x16xf32> {
  %0 = resnet.softmax %a : tensor<?x16xf32> -> tensor<?x16xf32>
  resnet.yield %0 : tensor<?x16xf32>
}
func.func @main(%x: !features, %y: !features {resnet.output}, %arena: !resnet.arena<64>, %weights: !resnet.weights<0>) {
  %a = resnet.view %arena[0] : !resnet.arena<64> -> !features
  // expected-error @+1 {{memory plan: reads a buffer that nothing has written: '!resnet.buffer<tensor<?x16xf32>>'}}
  resnet.launch @softmax ins(%a : !features) outs(%y : !features)
  return
}

// -----

!features = !resnet.buffer<tensor<?x16xf32>>
resnet.kernel @softmax(%a: tensor<?x16xf32>) -> tensor<?x16xf32> {
  %0 = resnet.softmax %a : tensor<?x16xf32> -> tensor<?x16xf32>
  resnet.yield %0 : tensor<?x16xf32>
}
func.func @main(%x: !features, %y: !features {resnet.output}, %arena: !resnet.arena<64>, %weights: !resnet.weights<0>) {
  %a = resnet.view %arena[0] : !resnet.arena<64> -> !features
  resnet.launch @softmax ins(%x : !features) outs(%a : !features)
  // expected-error @+1 {{memory plan: overwrites its input 0, and @softmax is not in place there}}
  resnet.launch @softmax ins(%a : !features) outs(%a : !features)
  resnet.launch @softmax ins(%a : !features) outs(%y : !features)
  return
}

// -----

!features = !resnet.buffer<tensor<?x16xf32>>
resnet.kernel @relu(%a: tensor<?x16xf32>) -> tensor<?x16xf32> attributes {in_place = 0 : i64} {
  %0 = resnet.fused_elementwise %a activation relu : (tensor<?x16xf32>) -> tensor<?x16xf32>
  resnet.yield %0 : tensor<?x16xf32>
}
func.func @main(%x: !features, %y: !features {resnet.output}, %arena: !resnet.arena<64>, %weights: !resnet.weights<0>) {
  // expected-error @+1 {{memory plan: expected the destination to be input 0, because @relu is in place}}
  resnet.launch @relu ins(%x : !features) outs(%y : !features)
  return
}

// -----

!features = !resnet.buffer<tensor<?x16xf32>>
resnet.kernel @relu(%a: tensor<?x16xf32>) -> tensor<?x16xf32> attributes {in_place = 0 : i64} {
  %0 = resnet.fused_elementwise %a activation relu : (tensor<?x16xf32>) -> tensor<?x16xf32>
  resnet.yield %0 : tensor<?x16xf32>
}
func.func @main(%x: !features, %y: !features {resnet.output}, %arena: !resnet.arena<64>, %weights: !resnet.weights<0>) {
  // expected-error @+1 {{memory plan: writes an input}}
  resnet.launch @relu ins(%x : !features) outs(%x : !features)
  return
}

// -----

!features = !resnet.buffer<tensor<?x16xf32>>
// expected-error @+1 {{memory plan: argument 1 is an output that nothing writes}}
func.func @main(%x: !features, %y: !features {resnet.output}, %arena: !resnet.arena<64>, %weights: !resnet.weights<0>) {
  return
}

// -----

// The distance between images counts as the buffer's.
!part = !resnet.buffer<tensor<?x16x2x2xf32>, image_stride = 512>
func.func @main(%arena: !resnet.arena<256>, %weights: !resnet.weights<0>) {
  // expected-error @+1 {{memory plan: bytes [0, 512) leave the arena of 256 bytes}}
  %a = resnet.view %arena[0] : !resnet.arena<256> -> !part
  return
}

// -----

resnet.global @bias offset 0 dense<1.0> : tensor<16xf32>
func.func @main(%arena: !resnet.arena<0>, %weights: !resnet.weights<128>) {
  %a = resnet.view %weights[0] : !resnet.weights<128> -> !resnet.buffer<tensor<16xf32>>
  // expected-error @+1 {{memory plan: expected a global of type 'tensor<16xf32>' at offset 64 of the weights, got none}}
  %b = resnet.view %weights[64] : !resnet.weights<128> -> !resnet.buffer<tensor<16xf32>>
  return
}

// -----

resnet.global @bias offset 0 dense<1.0> : tensor<16xf32>
func.func @main(%arena: !resnet.arena<0>, %weights: !resnet.weights<128>) {
  // expected-error @+1 {{memory plan: expected a global of type 'tensor<8xf32>' at offset 0 of the weights, got another type}}
  %a = resnet.view %weights[0] : !resnet.weights<128> -> !resnet.buffer<tensor<8xf32>>
  return
}

// -----

resnet.global @first offset 0 dense<1.0> : tensor<20xf32>
// expected-error @+1 {{memory plan: bytes [64, 128) overlap those of @first, [0, 80)}}
resnet.global @second offset 64 dense<1.0> : tensor<16xf32>
func.func @main(%arena: !resnet.arena<0>, %weights: !resnet.weights<128>) {
  return
}

// -----

// expected-error @+1 {{memory plan: expected to end within the weights' 64 bytes, got [0, 80)}}
resnet.global @long offset 0 dense<1.0> : tensor<20xf32>
func.func @main(%arena: !resnet.arena<0>, %weights: !resnet.weights<64>) {
  return
}

// -----

!dense = tensor<?x16x8x8xf32>
!halo = tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!filter = tensor<16x16x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
resnet.kernel @load(%a: !dense) -> !halo {
  %0 = resnet.convert_layout %a : !dense -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @conv(%a: !halo, %w: !filter) -> !halo {
  %0 = resnet.fused_conv2d %a, %w pad [1, 1, 1, 1] : (!halo, !filter) -> !halo
  resnet.yield %0 : !halo
}
resnet.global @w offset 0 dense<1.0> : tensor<16x16x3x3xf32> as !filter
func.func @main(%x: !resnet.buffer<!dense>, %arena: !resnet.arena<12800>, %weights: !resnet.weights<9216>) {
  %a = resnet.view %arena[0] : !resnet.arena<12800> -> !resnet.buffer<!halo>
  %b = resnet.view %arena[6400] : !resnet.arena<12800> -> !resnet.buffer<!halo>
  %w = resnet.view %weights[0] : !resnet.weights<9216> -> !resnet.buffer<!filter>
  resnet.launch @load ins(%x : !resnet.buffer<!dense>) outs(%a : !resnet.buffer<!halo>)
  // expected-error @+1 {{memory plan: reads a halo that nothing has zeroed}}
  resnet.launch @conv ins(%a, %w : !resnet.buffer<!halo>, !resnet.buffer<!filter>) outs(%b : !resnet.buffer<!halo>)
  return
}

// -----

// A halo stays zero for later buffers whose maps lie on the same bytes, of any number of channels.
!dense = tensor<?x16x8x8xf32>
!halo = tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!pair = tensor<?x32x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!bare = tensor<?x16x10x10xf32, #resnet.layout<block = 16>>
!filter = tensor<16x16x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
resnet.kernel @load(%a: !dense) -> !halo {
  %0 = resnet.convert_layout %a : !dense -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @twice(%a: !halo) -> !pair {
  %0 = resnet.pad %a low [0, 0, 0] high [16, 0, 0] : !halo -> !pair
  resnet.yield %0 : !pair
}
resnet.kernel @bare(%a: !dense) -> !bare {
  %0 = resnet.pad %a low [0, 1, 1] high [0, 1, 1] : !dense -> !bare
  resnet.yield %0 : !bare
}
resnet.kernel @conv(%a: !halo, %w: !filter) -> !dense {
  %0 = resnet.fused_conv2d %a, %w pad [1, 1, 1, 1] : (!halo, !filter) -> !dense
  resnet.yield %0 : !dense
}
resnet.global @w offset 0 dense<1.0> : tensor<16x16x3x3xf32> as !filter
func.func @main(%x: !resnet.buffer<!dense>, %y: !resnet.buffer<!dense> {resnet.output}, %arena: !resnet.arena<19200>, %weights: !resnet.weights<9216>) {
  %w = resnet.view %weights[0] : !resnet.weights<9216> -> !resnet.buffer<!filter>
  %a = resnet.view %arena[0] : !resnet.arena<19200> -> !resnet.buffer<!pair>
  %b = resnet.view %arena[12800] : !resnet.arena<19200> -> !resnet.buffer<!halo>
  resnet.zero_halo %a : !resnet.buffer<!pair>
  resnet.zero_halo %b : !resnet.buffer<!halo>
  resnet.launch @load ins(%x : !resnet.buffer<!dense>) outs(%b : !resnet.buffer<!halo>)
  resnet.launch @twice ins(%b : !resnet.buffer<!halo>) outs(%a : !resnet.buffer<!pair>)
  %c = resnet.view %arena[0] : !resnet.arena<19200> -> !resnet.buffer<!halo>
  resnet.launch @load ins(%x : !resnet.buffer<!dense>) outs(%c : !resnet.buffer<!halo>)
  resnet.launch @conv ins(%c, %w : !resnet.buffer<!halo>, !resnet.buffer<!filter>) outs(%y : !resnet.buffer<!dense>)
  %d = resnet.view %arena[6400] : !resnet.arena<19200> -> !resnet.buffer<!halo>
  resnet.launch @load ins(%x : !resnet.buffer<!dense>) outs(%d : !resnet.buffer<!halo>)
  resnet.launch @conv ins(%d, %w : !resnet.buffer<!halo>, !resnet.buffer<!filter>) outs(%y : !resnet.buffer<!dense>)
  return
}

// -----

// Not where another buffer was written in between.
!dense = tensor<?x16x8x8xf32>
!halo = tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!pair = tensor<?x32x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!bare = tensor<?x16x10x10xf32, #resnet.layout<block = 16>>
!filter = tensor<16x16x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
resnet.kernel @load(%a: !dense) -> !halo {
  %0 = resnet.convert_layout %a : !dense -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @twice(%a: !halo) -> !pair {
  %0 = resnet.pad %a low [0, 0, 0] high [16, 0, 0] : !halo -> !pair
  resnet.yield %0 : !pair
}
resnet.kernel @bare(%a: !dense) -> !bare {
  %0 = resnet.pad %a low [0, 1, 1] high [0, 1, 1] : !dense -> !bare
  resnet.yield %0 : !bare
}
resnet.kernel @conv(%a: !halo, %w: !filter) -> !dense {
  %0 = resnet.fused_conv2d %a, %w pad [1, 1, 1, 1] : (!halo, !filter) -> !dense
  resnet.yield %0 : !dense
}
resnet.global @w offset 0 dense<1.0> : tensor<16x16x3x3xf32> as !filter
func.func @main(%x: !resnet.buffer<!dense>, %y: !resnet.buffer<!dense> {resnet.output}, %arena: !resnet.arena<19200>, %weights: !resnet.weights<9216>) {
  %w = resnet.view %weights[0] : !resnet.weights<9216> -> !resnet.buffer<!filter>
  %a = resnet.view %arena[0] : !resnet.arena<19200> -> !resnet.buffer<!halo>
  resnet.zero_halo %a : !resnet.buffer<!halo>
  resnet.launch @load ins(%x : !resnet.buffer<!dense>) outs(%a : !resnet.buffer<!halo>)
  resnet.launch @conv ins(%a, %w : !resnet.buffer<!halo>, !resnet.buffer<!filter>) outs(%y : !resnet.buffer<!dense>)
  %b = resnet.view %arena[64] : !resnet.arena<19200> -> !resnet.buffer<!bare>
  resnet.launch @bare ins(%x : !resnet.buffer<!dense>) outs(%b : !resnet.buffer<!bare>)
  %c = resnet.view %arena[0] : !resnet.arena<19200> -> !resnet.buffer<!halo>
  resnet.launch @load ins(%x : !resnet.buffer<!dense>) outs(%c : !resnet.buffer<!halo>)
  // expected-error @+1 {{memory plan: reads a halo that nothing has zeroed}}
  resnet.launch @conv ins(%c, %w : !resnet.buffer<!halo>, !resnet.buffer<!filter>) outs(%y : !resnet.buffer<!dense>)
  return
}

// -----

// Nor where the maps begin elsewhere.
!dense = tensor<?x16x8x8xf32>
!halo = tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!pair = tensor<?x32x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!bare = tensor<?x16x10x10xf32, #resnet.layout<block = 16>>
!filter = tensor<16x16x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
resnet.kernel @load(%a: !dense) -> !halo {
  %0 = resnet.convert_layout %a : !dense -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @twice(%a: !halo) -> !pair {
  %0 = resnet.pad %a low [0, 0, 0] high [16, 0, 0] : !halo -> !pair
  resnet.yield %0 : !pair
}
resnet.kernel @bare(%a: !dense) -> !bare {
  %0 = resnet.pad %a low [0, 1, 1] high [0, 1, 1] : !dense -> !bare
  resnet.yield %0 : !bare
}
resnet.kernel @conv(%a: !halo, %w: !filter) -> !dense {
  %0 = resnet.fused_conv2d %a, %w pad [1, 1, 1, 1] : (!halo, !filter) -> !dense
  resnet.yield %0 : !dense
}
resnet.global @w offset 0 dense<1.0> : tensor<16x16x3x3xf32> as !filter
func.func @main(%x: !resnet.buffer<!dense>, %y: !resnet.buffer<!dense> {resnet.output}, %arena: !resnet.arena<19200>, %weights: !resnet.weights<9216>) {
  %w = resnet.view %weights[0] : !resnet.weights<9216> -> !resnet.buffer<!filter>
  %a = resnet.view %arena[0] : !resnet.arena<19200> -> !resnet.buffer<!pair>
  resnet.zero_halo %a : !resnet.buffer<!pair>
  %c = resnet.view %arena[64] : !resnet.arena<19200> -> !resnet.buffer<!halo>
  resnet.launch @load ins(%x : !resnet.buffer<!dense>) outs(%c : !resnet.buffer<!halo>)
  // expected-error @+1 {{memory plan: reads a halo that nothing has zeroed}}
  resnet.launch @conv ins(%c, %w : !resnet.buffer<!halo>, !resnet.buffer<!filter>) outs(%y : !resnet.buffer<!dense>)
  return
}

// -----

// Nor beyond the maps that were zeroed.
!dense = tensor<?x16x8x8xf32>
!halo = tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!pair = tensor<?x32x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!bare = tensor<?x16x10x10xf32, #resnet.layout<block = 16>>
!filter = tensor<16x16x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
resnet.kernel @load(%a: !dense) -> !halo {
  %0 = resnet.convert_layout %a : !dense -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @twice(%a: !halo) -> !pair {
  %0 = resnet.pad %a low [0, 0, 0] high [16, 0, 0] : !halo -> !pair
  resnet.yield %0 : !pair
}
resnet.kernel @bare(%a: !dense) -> !bare {
  %0 = resnet.pad %a low [0, 1, 1] high [0, 1, 1] : !dense -> !bare
  resnet.yield %0 : !bare
}
resnet.kernel @conv(%a: !halo, %w: !filter) -> !dense {
  %0 = resnet.fused_conv2d %a, %w pad [1, 1, 1, 1] : (!halo, !filter) -> !dense
  resnet.yield %0 : !dense
}
resnet.global @w offset 0 dense<1.0> : tensor<16x16x3x3xf32> as !filter
func.func @main(%x: !resnet.buffer<!dense>, %y: !resnet.buffer<!dense> {resnet.output}, %arena: !resnet.arena<19200>, %weights: !resnet.weights<9216>) {
  %w = resnet.view %weights[0] : !resnet.weights<9216> -> !resnet.buffer<!filter>
  %a = resnet.view %arena[0] : !resnet.arena<19200> -> !resnet.buffer<!halo>
  resnet.zero_halo %a : !resnet.buffer<!halo>
  %c = resnet.view %arena[6400] : !resnet.arena<19200> -> !resnet.buffer<!halo>
  resnet.launch @load ins(%x : !resnet.buffer<!dense>) outs(%c : !resnet.buffer<!halo>)
  // expected-error @+1 {{memory plan: reads a halo that nothing has zeroed}}
  resnet.launch @conv ins(%c, %w : !resnet.buffer<!halo>, !resnet.buffer<!filter>) outs(%y : !resnet.buffer<!dense>)
  return
}

// -----

// Nor with gaps between images, whose place depends on the batch.
!dense = tensor<?x16x8x8xf32>
!halo = tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!pair = tensor<?x32x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!bare = tensor<?x16x10x10xf32, #resnet.layout<block = 16>>
!filter = tensor<16x16x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
resnet.kernel @load(%a: !dense) -> !halo {
  %0 = resnet.convert_layout %a : !dense -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @twice(%a: !halo) -> !pair {
  %0 = resnet.pad %a low [0, 0, 0] high [16, 0, 0] : !halo -> !pair
  resnet.yield %0 : !pair
}
resnet.kernel @bare(%a: !dense) -> !bare {
  %0 = resnet.pad %a low [0, 1, 1] high [0, 1, 1] : !dense -> !bare
  resnet.yield %0 : !bare
}
resnet.kernel @conv(%a: !halo, %w: !filter) -> !dense {
  %0 = resnet.fused_conv2d %a, %w pad [1, 1, 1, 1] : (!halo, !filter) -> !dense
  resnet.yield %0 : !dense
}
resnet.global @w offset 0 dense<1.0> : tensor<16x16x3x3xf32> as !filter
func.func @main(%x: !resnet.buffer<!dense>, %y: !resnet.buffer<!dense> {resnet.output}, %arena: !resnet.arena<19200>, %weights: !resnet.weights<9216>) {
  %w = resnet.view %weights[0] : !resnet.weights<9216> -> !resnet.buffer<!filter>
  %a = resnet.view %arena[0] : !resnet.arena<19200> -> !resnet.buffer<!halo, image_stride = 6464>
  resnet.zero_halo %a : !resnet.buffer<!halo, image_stride = 6464>
  %c = resnet.view %arena[0] : !resnet.arena<19200> -> !resnet.buffer<!halo>
  resnet.launch @load ins(%x : !resnet.buffer<!dense>) outs(%c : !resnet.buffer<!halo>)
  // expected-error @+1 {{memory plan: reads a halo that nothing has zeroed}}
  resnet.launch @conv ins(%c, %w : !resnet.buffer<!halo>, !resnet.buffer<!filter>) outs(%y : !resnet.buffer<!dense>)
  return
}

// -----

!dense = tensor<?x16x8x8xf32>
!halo = tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 0, 0]>>
!filter = tensor<16x16x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
resnet.kernel @load(%a: !dense) -> !halo {
  %0 = resnet.convert_layout %a : !dense -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @conv(%a: !halo, %w: !filter) -> !halo {
  %0 = resnet.fused_conv2d %a, %w pad [1, 1, 1, 1] : (!halo, !filter) -> !halo
  resnet.yield %0 : !halo
}
resnet.global @w offset 0 dense<1.0> : tensor<16x16x3x3xf32> as !filter
func.func @main(%x: !resnet.buffer<!dense>, %arena: !resnet.arena<12800>, %weights: !resnet.weights<9216>) {
  %a = resnet.view %arena[0] : !resnet.arena<12800> -> !resnet.buffer<!halo>
  %b = resnet.view %arena[6400] : !resnet.arena<12800> -> !resnet.buffer<!halo>
  %w = resnet.view %weights[0] : !resnet.weights<9216> -> !resnet.buffer<!filter>
  resnet.zero_halo %a : !resnet.buffer<!halo>
  resnet.launch @load ins(%x : !resnet.buffer<!dense>) outs(%a : !resnet.buffer<!halo>)
  // expected-error @+1 {{memory plan: reads a halo of [1, 1, 1, 1], wider than that of}}
  resnet.launch @conv ins(%a, %w : !resnet.buffer<!halo>, !resnet.buffer<!filter>) outs(%b : !resnet.buffer<!halo>)
  return
}

// -----

// expected-error @+1 {{expected a planned function @main of one block}}
module {
  func.func @main(%x: tensor<?x16xf32>) -> tensor<?x16xf32> {
    return %x : tensor<?x16xf32>
  }
}

// -----

// expected-error @+1 {{memory plan: expected an arena and weights among the arguments}}
func.func @main(%x: !resnet.buffer<tensor<?x16xf32>>) {
  return
}

// -----

// expected-error @+1 {{memory plan: expected outputs to be buffers, got '!resnet.arena<0>'}}
func.func @main(%arena: !resnet.arena<0> {resnet.output}, %weights: !resnet.weights<0>) {
  return
}

// -----

// An output is what some launch writes, and nothing else is.
!features = !resnet.buffer<tensor<?x16xf32>>
resnet.kernel @softmax(%a: tensor<?x16xf32>) -> tensor<?x16xf32> {
  %0 = resnet.softmax %a : tensor<?x16xf32> -> tensor<?x16xf32>
  resnet.yield %0 : tensor<?x16xf32>
}
func.func @main(%x: !features, %y: !features, %arena: !resnet.arena<0>, %weights: !resnet.weights<0>) {
  // expected-error @+1 {{memory plan: writes an input}}
  resnet.launch @softmax ins(%x : !features) outs(%y : !features)
  return
}

// -----

// A stem reads the halo of its image.
!dense = tensor<?x3x32x32xf32>
!image = tensor<?x3x32x32xf32, #resnet.layout<block = 1, halo = [3, 3, 2, 2]>>
!map = tensor<?x16x8x8xf32>
!filter = tensor<16x3x7x7xf32>
resnet.kernel @load(%a: !dense) -> !image {
  %0 = resnet.convert_layout %a : !dense -> !image
  resnet.yield %0 : !image
}
resnet.kernel @stem(%a: !image, %w: !filter) -> !map {
  %0 = resnet.fused_stem %a, %w stride [2, 2] pad [3, 3, 3, 3] pool [3, 3] stride [2, 2] pad [1, 1, 1, 1] : (!image, !filter) -> !map
  resnet.yield %0 : !map
}
resnet.global @w offset 0 dense<1.0> : !filter
func.func @main(%x: !resnet.buffer<!dense>, %y: !resnet.buffer<!map> {resnet.output}, %arena: !resnet.arena<16448>,
                %weights: !resnet.weights<9408>) {
  %a = resnet.view %arena[0] : !resnet.arena<16448> -> !resnet.buffer<!image>
  %w = resnet.view %weights[0] : !resnet.weights<9408> -> !resnet.buffer<!filter>
  resnet.launch @load ins(%x : !resnet.buffer<!dense>) outs(%a : !resnet.buffer<!image>)
  // expected-error @+1 {{memory plan: reads a halo that nothing has zeroed}}
  resnet.launch @stem ins(%a, %w : !resnet.buffer<!image>, !resnet.buffer<!filter>) outs(%y : !resnet.buffer<!map>)
  return
}
