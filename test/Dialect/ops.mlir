// RUN: resnet-opt %s --verify-roundtrip -o - | FileCheck %s

// CHECK-LABEL: func @constant
func.func @constant() -> (tensor<64xf32>, tensor<16x16x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>) {
  // CHECK: resnet.constant dense<1.000000e+00> : tensor<64xf32>
  %0 = resnet.constant dense<1.0> : tensor<64xf32>
  // CHECK: resnet.constant dense<5.000000e-01> : tensor<16x16x3x3xf32> as tensor<16x16x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
  %1 = resnet.constant dense<0.5> : tensor<16x16x3x3xf32> as tensor<16x16x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
  return %0, %1 : tensor<64xf32>, tensor<16x16x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
}

// CHECK-LABEL: func @conv2d
func.func @conv2d(%x: tensor<?x3x224x224xf32>, %w: tensor<64x3x7x7xf32>, %b: tensor<64xf32>) -> tensor<?x64x112x112xf32> {
  // CHECK: resnet.conv2d %{{.*}}, %{{.*}}, %{{.*}} stride [2, 2] pad [3, 3, 3, 3] :
  %y = resnet.conv2d %x, %w, %b stride [2, 2] pad [3, 3, 3, 3]
      : (tensor<?x3x224x224xf32>, tensor<64x3x7x7xf32>, tensor<64xf32>) -> tensor<?x64x112x112xf32>
  return %y : tensor<?x64x112x112xf32>
}

// CHECK-LABEL: func @conv2d_grouped_without_bias
func.func @conv2d_grouped_without_bias(%x: tensor<?x32x8x8xf32>, %w: tensor<64x1x3x3xf32>) -> tensor<?x64x4x4xf32> {
  // CHECK: resnet.conv2d %{{.*}}, %{{.*}} dilation [2, 2] groups 32 :
  %y = resnet.conv2d %x, %w dilation [2, 2] groups 32 : (tensor<?x32x8x8xf32>, tensor<64x1x3x3xf32>) -> tensor<?x64x4x4xf32>
  return %y : tensor<?x64x4x4xf32>
}

// CHECK-LABEL: func @pools
func.func @pools(%x: tensor<?x64x15x15xf32>) -> (tensor<?x64x8x8xf32>, tensor<?x64x8x8xf32>, tensor<?x64x1x1xf32>) {
  // CHECK: resnet.max_pool2d %{{.*}} kernel [3, 3] stride [2, 2] pad [1, 1, 1, 1] :
  %0 = resnet.max_pool2d %x kernel [3, 3] stride [2, 2] pad [1, 1, 1, 1] : tensor<?x64x15x15xf32> -> tensor<?x64x8x8xf32>
  // CHECK: resnet.avg_pool2d %{{.*}} kernel [2, 2] stride [2, 2] ceil_mode count_include_pad :
  %1 = resnet.avg_pool2d %x kernel [2, 2] stride [2, 2] ceil_mode count_include_pad : tensor<?x64x15x15xf32> -> tensor<?x64x8x8xf32>
  // CHECK: resnet.global_avg_pool
  %2 = resnet.global_avg_pool %x : tensor<?x64x15x15xf32> -> tensor<?x64x1x1xf32>
  return %0, %1, %2 : tensor<?x64x8x8xf32>, tensor<?x64x8x8xf32>, tensor<?x64x1x1xf32>
}

// CHECK-LABEL: func @head
func.func @head(%x: tensor<?x512x1x1xf32>, %w: tensor<10x512xf32>, %b: tensor<10xf32>) -> tensor<?x10xf32> {
  %0 = resnet.flatten %x : tensor<?x512x1x1xf32> -> tensor<?x512xf32>
  // CHECK: resnet.dropout %{{.*}} ratio 2.500000e-01
  %1 = resnet.dropout %0 ratio 0.25 : tensor<?x512xf32> -> tensor<?x512xf32>
  // CHECK: resnet.linear %{{.*}}, %{{.*}}, %{{.*}} :
  %2 = resnet.linear %1, %w, %b : (tensor<?x512xf32>, tensor<10x512xf32>, tensor<10xf32>) -> tensor<?x10xf32>
  // CHECK: resnet.softmax
  %3 = resnet.softmax %2 : tensor<?x10xf32> -> tensor<?x10xf32>
  return %3 : tensor<?x10xf32>
}

// CHECK-LABEL: func @shape_operations
func.func @shape_operations(%x: tensor<?x32x32x16xf32>) -> tensor<?x34x10x10xf32> {
  // CHECK: resnet.transpose %{{.*}} [0, 3, 1, 2] :
  %0 = resnet.transpose %x [0, 3, 1, 2] : tensor<?x32x32x16xf32> -> tensor<?x16x32x32xf32>
  // CHECK: resnet.slice %{{.*}} offsets [0, 0, 0] sizes [16, 16, 16] strides [1, 2, 2] :
  %1 = resnet.slice %0 offsets [0, 0, 0] sizes [16, 16, 16] strides [1, 2, 2] : tensor<?x16x32x32xf32> -> tensor<?x16x16x16xf32>
  // CHECK: resnet.subsample %{{.*}} stride [2, 2] channel_padding [8, 8] :
  %2 = resnet.subsample %1 stride [2, 2] channel_padding [8, 8] : tensor<?x16x16x16xf32> -> tensor<?x32x8x8xf32>
  // CHECK: resnet.pad %{{.*}} low [1, 1, 1] high [1, 1, 1] value 1.000000e+00 :
  %3 = resnet.pad %2 low [1, 1, 1] high [1, 1, 1] value 1.0 : tensor<?x32x8x8xf32> -> tensor<?x34x10x10xf32>
  return %3 : tensor<?x34x10x10xf32>
}

// CHECK-LABEL: func @residual
func.func @residual(%x: tensor<?x64x8x8xf32>, %s: tensor<64xf32>) -> tensor<?x128x4x4xf32> {
  %w = resnet.constant dense<1.0> : tensor<64x64x3x3xf32>
  %p = resnet.constant dense<1.0> : tensor<128x64x1x1xf32>
  // CHECK: resnet.residual %{{.*}} activation relu {
  // CHECK:   resnet.yield
  // CHECK: } : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xf32>
  %0 = resnet.residual %x activation relu {
    %f = resnet.conv2d %x, %w pad [1, 1, 1, 1] : (tensor<?x64x8x8xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x8x8xf32>
    %a = resnet.add %f, %f : (tensor<?x64x8x8xf32>, tensor<?x64x8x8xf32>) -> tensor<?x64x8x8xf32>
    resnet.yield %a : tensor<?x64x8x8xf32>
  } : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xf32>
  // CHECK: resnet.residual %{{.*}} {
  // CHECK: } shortcut {
  %1 = resnet.residual %0 {
    %f = resnet.conv2d %0, %p stride [2, 2] : (tensor<?x64x8x8xf32>, tensor<128x64x1x1xf32>) -> tensor<?x128x4x4xf32>
    resnet.yield %f : tensor<?x128x4x4xf32>
  } shortcut {
    %g = resnet.subsample %0 stride [2, 2] channel_padding [32, 32] : tensor<?x64x8x8xf32> -> tensor<?x128x4x4xf32>
    resnet.yield %g : tensor<?x128x4x4xf32>
  } : tensor<?x64x8x8xf32> -> tensor<?x128x4x4xf32>
  return %1 : tensor<?x128x4x4xf32>
}

// CHECK-LABEL: func @fused
func.func @fused(%x: tensor<?x64x8x8xf32>, %w: tensor<64x64x3x3xf32>, %v: tensor<64xf32>, %l: tensor<10x64xf32>, %b: tensor<10xf32>) -> tensor<?x10xf32> {
  // CHECK: resnet.fused_conv2d %{{.*}}, %{{.*}} bias %{{.*}} addend %{{.*}} activation relu activated_channels 32 pad [1, 1, 1, 1] :
  %0 = resnet.fused_conv2d %x, %w bias %v addend %x activation relu activated_channels 32 pad [1, 1, 1, 1]
      : (tensor<?x64x8x8xf32>, tensor<64x64x3x3xf32>, tensor<64xf32>, tensor<?x64x8x8xf32>) -> tensor<?x64x8x8xf32>
  // CHECK: resnet.fused_elementwise %{{.*}} scale %{{.*}}, %{{.*}} addend %{{.*}} activation relu :
  %1 = resnet.fused_elementwise %0 scale %v, %v addend %x activation relu
      : (tensor<?x64x8x8xf32>, tensor<64xf32>, tensor<64xf32>, tensor<?x64x8x8xf32>) -> tensor<?x64x8x8xf32>
  // CHECK: resnet.convert_layout %{{.*}} : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
  %2 = resnet.convert_layout %1 : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
  // CHECK: resnet.fused_head %{{.*}}, %{{.*}}, %{{.*}} softmax :
  %3 = resnet.fused_head %2, %l, %b softmax
      : (tensor<?x64x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>, tensor<10x64xf32>, tensor<10xf32>) -> tensor<?x10xf32>
  return %3 : tensor<?x10xf32>
}

// CHECK-LABEL: func @fused_windows
func.func @fused_windows(%x: tensor<?x3x31x31xf32>, %w: tensor<64x3x7x7xf32>, %b: tensor<64xf32>, %v: tensor<128x64x3x3xf32>, %p: tensor<64x3x1x1xf32>)
    -> tensor<?x128x4x4xf32> {
  // CHECK: %[[S:.*]] = resnet.fused_stem %{{.*}}, %{{.*}} bias %{{.*}} activation relu stride [2, 2] pad [3, 3, 3, 3] pool [3, 3] stride [2, 2] pad [1, 1, 1, 1] :
  %0 = resnet.fused_stem %x, %w bias %b activation relu stride [2, 2] pad [3, 3, 3, 3] pool [3, 3] stride [2, 2] pad [1, 1, 1, 1]
      : (tensor<?x3x31x31xf32>, tensor<64x3x7x7xf32>, tensor<64xf32>) -> tensor<?x64x8x8xf32>
  // CHECK: resnet.fused_stem %{{.*}}, %{{.*}} pool [4, 4] stride [4, 4] :
  %1 = resnet.fused_stem %x, %p pool [4, 4] stride [4, 4] : (tensor<?x3x31x31xf32>, tensor<64x3x1x1xf32>) -> tensor<?x64x7x7xf32>
  // CHECK: resnet.fused_conv2d %[[S]], %{{.*}} addend %[[S]] subsample [2, 2] channel_padding [0, 64] activation relu stride [2, 2] pad [1, 1, 1, 1] :
  %2 = resnet.fused_conv2d %0, %v addend %0 subsample [2, 2] channel_padding [0, 64] activation relu stride [2, 2] pad [1, 1, 1, 1]
      : (tensor<?x64x8x8xf32>, tensor<128x64x3x3xf32>, tensor<?x64x8x8xf32>) -> tensor<?x128x4x4xf32>
  return %2 : tensor<?x128x4x4xf32>
}

// CHECK-LABEL: func @fused_post
func.func @fused_post(%x: tensor<?x16x8x8xf32>, %w: tensor<16x16x3x3xf32>, %v: tensor<16xf32>) -> tensor<?x16x8x8xf32> {
  // CHECK: %[[T:.*]] = resnet.fused_conv2d %{{.*}}, %{{.*}} addend %{{.*}} post %{{.*}}, %{{.*}} post_activation relu keeps_sum pad [1, 1, 1, 1] :
  %0 = resnet.fused_conv2d %x, %w addend %x post %v, %v post_activation relu keeps_sum pad [1, 1, 1, 1]
      : (tensor<?x16x8x8xf32>, tensor<16x16x3x3xf32>, tensor<16xf32>, tensor<16xf32>, tensor<?x16x8x8xf32>) -> tensor<?x32x8x8xf32>
  // CHECK: resnet.fused_conv2d %{{.*}}, %{{.*}} bias %{{.*}} addend %[[T]] post %{{.*}}, %{{.*}} keeps_sum pad [1, 1, 1, 1] :
  %1 = resnet.fused_conv2d %x, %w bias %v addend %0 post %v, %v keeps_sum pad [1, 1, 1, 1]
      : (tensor<?x16x8x8xf32>, tensor<16x16x3x3xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<?x32x8x8xf32>) -> tensor<?x32x8x8xf32>
  // CHECK: resnet.fused_conv2d %{{.*}}, %{{.*}} post %{{.*}}, %{{.*}} pad [1, 1, 1, 1] :
  %2 = resnet.fused_conv2d %x, %w post %v, %v pad [1, 1, 1, 1]
      : (tensor<?x16x8x8xf32>, tensor<16x16x3x3xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x16x8x8xf32>
  return %2 : tensor<?x16x8x8xf32>
}

// CHECK-LABEL: resnet.kernel @relu_16_8x8
resnet.kernel @relu_16_8x8(%arg0: tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> attributes {in_place = 0 : i64} {
  %0 = resnet.relu %arg0 : tensor<?x16x8x8xf32> -> tensor<?x16x8x8xf32>
  resnet.yield %0 : tensor<?x16x8x8xf32>
}

// CHECK-LABEL: func @launch_on_tensors
func.func @launch_on_tensors(%x: tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> {
  // CHECK: resnet.empty : tensor<?x16x8x8xf32>
  %d = resnet.empty : tensor<?x16x8x8xf32>
  // CHECK: resnet.launch @relu_16_8x8 ins(%{{.*}} : tensor<?x16x8x8xf32>) outs(%{{.*}} : tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  %y = resnet.launch @relu_16_8x8 ins(%x : tensor<?x16x8x8xf32>) outs(%d : tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  return %y : tensor<?x16x8x8xf32>
}

// CHECK: resnet.global @bias offset 64 dense<1.000000e+00> : tensor<64xf32>
resnet.global @bias offset 64 dense<1.0> : tensor<64xf32>

// CHECK-LABEL: func @launch_on_buffers
func.func @launch_on_buffers(%in: !resnet.buffer<tensor<?x16x8x8xf32>>, %arena: !resnet.arena<16384>, %weights: !resnet.weights<320>) {
  // CHECK: resnet.view %{{.*}}[4096] : !resnet.arena<16384> -> !resnet.buffer<tensor<?x16x8x8xf32>>
  %0 = resnet.view %arena[4096] : !resnet.arena<16384> -> !resnet.buffer<tensor<?x16x8x8xf32>>
  %1 = resnet.view %weights[64] : !resnet.weights<320> -> !resnet.buffer<tensor<64xf32>>
  resnet.launch @relu_16_8x8 ins(%in : !resnet.buffer<tensor<?x16x8x8xf32>>) outs(%0 : !resnet.buffer<tensor<?x16x8x8xf32>>)
  %2 = resnet.view %arena[8192] : !resnet.arena<16384> -> !resnet.buffer<tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>>
  // CHECK: resnet.zero_halo %{{.*}} :
  resnet.zero_halo %2 : !resnet.buffer<tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>>
  return
}
