// RUN: resnet-opt %s -split-input-file --resnet-validate --resnet-assign-layouts | FileCheck %s
// RUN: resnet-opt %s -split-input-file --resnet-assign-layouts -o %t.once
// RUN: resnet-opt %s -split-input-file --resnet-assign-layouts --resnet-assign-layouts | diff %t.once -

// Three channels stay planar; the halo is what the windows touch, here nothing at the bottom and the right.
// CHECK-LABEL: func @main
// CHECK-SAME: (%[[X:.*]]: tensor<?x3x8x8xf32>) -> tensor<?x16x4x4xf32>
func.func @main(%x: tensor<?x3x8x8xf32>) -> tensor<?x16x4x4xf32> {
  // CHECK: %[[W:.*]] = resnet.constant {{.*}} as tensor<16x3x3x3xf32, #resnet.filter_layout<block = 16>>
  %w = resnet.constant dense<0.1> : tensor<16x3x3x3xf32>
  // CHECK: %[[B:.*]] = resnet.constant {{.*}} as tensor<16xf32, #resnet.filter_layout<block = 16>>
  %b = resnet.constant dense<0.1> : tensor<16xf32>
  // CHECK: %[[P:.*]] = resnet.convert_layout %[[X]] : {{.*}} -> tensor<?x3x8x8xf32, #resnet.layout<block = 1, halo = [1, 1, 0, 0]>>
  // CHECK: %[[Y:.*]] = resnet.fused_conv2d %[[P]], %[[W]] bias %[[B]] {{.*}} -> tensor<?x16x4x4xf32, #resnet.layout<block = 16>>
  %y = resnet.fused_conv2d %x, %w bias %b stride [2, 2] pad [1, 1, 1, 1]
      : (tensor<?x3x8x8xf32>, tensor<16x3x3x3xf32>, tensor<16xf32>) -> tensor<?x16x4x4xf32>
  // CHECK: %[[R:.*]] = resnet.convert_layout %[[Y]] : {{.*}} -> tensor<?x16x4x4xf32>
  // CHECK: return %[[R]]
  return %y : tensor<?x16x4x4xf32>
}

// -----

// A stem reads its image as a convolution does: the halo is what the first window touches.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x3x32x32xf32>) -> tensor<?x16x8x8xf32> {
  // CHECK: %[[W:.*]] = resnet.constant {{.*}} as tensor<16x3x7x7xf32, #resnet.filter_layout<block = 16>>
  %w = resnet.constant dense<0.1> : tensor<16x3x7x7xf32>
  // CHECK: %[[B:.*]] = resnet.constant {{.*}} as tensor<16xf32, #resnet.filter_layout<block = 16>>
  %b = resnet.constant dense<0.1> : tensor<16xf32>
  // CHECK: %[[P:.*]] = resnet.convert_layout {{.*}} -> tensor<?x3x32x32xf32, #resnet.layout<block = 1, halo = [3, 3, 2, 2]>>
  // CHECK: resnet.fused_stem %[[P]], %[[W]] bias %[[B]] {{.*}} -> tensor<?x16x8x8xf32, #resnet.layout<block = 16>>
  %y = resnet.fused_stem %x, %w bias %b activation relu stride [2, 2] pad [3, 3, 3, 3] pool [3, 3] stride [2, 2] pad [1, 1, 1, 1]
      : (tensor<?x3x32x32xf32>, tensor<16x3x7x7xf32>, tensor<16xf32>) -> tensor<?x16x8x8xf32>
  return %y : tensor<?x16x8x8xf32>
}

// -----

// An addend that is subsampled as it is read keeps its producer's layout, halo and all.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x8x8xf32>) -> tensor<?x32x4x4xf32> {
  %v = resnet.constant dense<0.1> : tensor<16x16x1x1xf32>
  %w = resnet.constant dense<0.1> : tensor<32x16x3x3xf32>
  // CHECK: %[[A:.*]] = resnet.fused_conv2d {{.*}} -> tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 0, 0]>>
  %a = resnet.fused_conv2d %x, %v : (tensor<?x16x8x8xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x8x8xf32>
  // CHECK: resnet.fused_conv2d %[[A]], %{{.*}} addend %[[A]] subsample [2, 2] channel_padding [8, 8]
  // CHECK-SAME: -> tensor<?x32x4x4xf32, #resnet.layout<block = 16>>
  %b = resnet.fused_conv2d %a, %w addend %a subsample [2, 2] channel_padding [8, 8] stride [2, 2] pad [1, 1, 1, 1]
      : (tensor<?x16x8x8xf32>, tensor<32x16x3x3xf32>, tensor<?x16x8x8xf32>) -> tensor<?x32x4x4xf32>
  return %b : tensor<?x32x4x4xf32>
}

// -----

// An image without padding is read where it lies.
// CHECK-LABEL: func @main
// CHECK-SAME: (%[[X:.*]]: tensor<?x3x8x8xf32>)
func.func @main(%x: tensor<?x3x8x8xf32>) -> tensor<?x16x6x6xf32> {
  %w = resnet.constant dense<0.1> : tensor<16x3x3x3xf32>
  // CHECK-NOT: convert_layout %[[X]]
  // CHECK: resnet.fused_conv2d %[[X]],
  %y = resnet.fused_conv2d %x, %w : (tensor<?x3x8x8xf32>, tensor<16x3x3x3xf32>) -> tensor<?x16x6x6xf32>
  return %y : tensor<?x16x6x6xf32>
}

// -----

// An NHWC image is transposed straight into what the convolution reads.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x8x8x3xf32>) -> tensor<?x16x8x8xf32> {
  %w = resnet.constant dense<0.1> : tensor<16x3x3x3xf32>
  // CHECK: resnet.transpose {{.*}} -> tensor<?x3x8x8xf32, #resnet.layout<block = 1, halo = [1, 1, 1, 1]>>
  %t = resnet.transpose %x [0, 3, 1, 2] : tensor<?x8x8x3xf32> -> tensor<?x3x8x8xf32>
  // CHECK-NEXT: resnet.fused_conv2d
  %y = resnet.fused_conv2d %t, %w pad [1, 1, 1, 1] : (tensor<?x3x8x8xf32>, tensor<16x3x3x3xf32>) -> tensor<?x16x8x8xf32>
  return %y : tensor<?x16x8x8xf32>
}

// -----

// The halo is the largest that any consumer needs; a 5x5 and a dilated 3x3 window read two rows.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> {
  %v = resnet.constant dense<0.1> : tensor<16x16x1x1xf32>
  %w = resnet.constant dense<0.1> : tensor<16x16x3x3xf32>
  %u = resnet.constant dense<0.1> : tensor<16x16x5x5xf32>
  // CHECK: resnet.convert_layout {{.*}} -> tensor<?x16x8x8xf32, #resnet.layout<block = 16>>
  // CHECK: %[[A:.*]] = resnet.fused_conv2d {{.*}} -> tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [2, 2, 2, 2]>>
  %a = resnet.fused_conv2d %x, %v : (tensor<?x16x8x8xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x8x8xf32>
  // CHECK: %[[B:.*]] = resnet.fused_conv2d %[[A]], {{.*}} -> tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [2, 2, 2, 2]>>
  %b = resnet.fused_conv2d %a, %w pad [1, 1, 1, 1] : (tensor<?x16x8x8xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x8x8xf32>
  // CHECK: resnet.fused_conv2d %[[A]], {{.*}} -> tensor<?x16x8x8xf32, #resnet.layout<block = 16>>
  %c = resnet.fused_conv2d %a, %u pad [2, 2, 2, 2] : (tensor<?x16x8x8xf32>, tensor<16x16x5x5xf32>) -> tensor<?x16x8x8xf32>
  // CHECK: resnet.fused_conv2d %[[B]],
  %d = resnet.fused_conv2d %b, %w addend %c pad [2, 2, 2, 2] dilation [2, 2]
      : (tensor<?x16x8x8xf32>, tensor<16x16x3x3xf32>, tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  return %d : tensor<?x16x8x8xf32>
}

// -----

// The addend that dies gets the sum's halo, so that the sum can be in place.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> {
  %s = resnet.constant dense<0.1> : tensor<16x16x1x1xf32>
  %w = resnet.constant dense<0.1> : tensor<16x16x3x3xf32>
  // CHECK: %[[A:.*]] = resnet.fused_conv2d {{.*}} stride [2, 2] {{.*}} -> tensor<?x16x4x4xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
  %a = resnet.fused_conv2d %x, %s stride [2, 2] : (tensor<?x16x8x8xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x4x4xf32>
  %b = resnet.fused_conv2d %x, %w stride [2, 2] pad [1, 1, 1, 1]
      : (tensor<?x16x8x8xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x4x4xf32>
  // CHECK: %[[C:.*]] = resnet.fused_conv2d {{.*}} addend %[[A]] {{.*}} -> tensor<?x16x4x4xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
  %c = resnet.fused_conv2d %b, %w addend %a pad [1, 1, 1, 1]
      : (tensor<?x16x4x4xf32>, tensor<16x16x3x3xf32>, tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32>
  %d = resnet.fused_conv2d %c, %w pad [1, 1, 1, 1] : (tensor<?x16x4x4xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x4x4xf32>
  %e = resnet.max_pool2d %d kernel [1, 1] stride [2, 2] : tensor<?x16x4x4xf32> -> tensor<?x16x2x2xf32>
  %f = resnet.pad %e low [0, 3, 3] high [0, 3, 3] : tensor<?x16x2x2xf32> -> tensor<?x16x8x8xf32>
  return %f : tensor<?x16x8x8xf32>
}

// -----

// No halo for a map that a 1x1 convolution of stride 1 writes: it is one long row there. The sum is not in place then.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> {
  %s = resnet.constant dense<0.1> : tensor<16x16x1x1xf32>
  %w = resnet.constant dense<0.1> : tensor<16x16x3x3xf32>
  // CHECK: %[[A:.*]] = resnet.fused_conv2d {{.*}} -> tensor<?x16x8x8xf32, #resnet.layout<block = 16>>
  %a = resnet.fused_conv2d %x, %s : (tensor<?x16x8x8xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x8x8xf32>
  // CHECK: resnet.fused_conv2d {{.*}} addend %[[A]] {{.*}} -> tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
  %c = resnet.fused_conv2d %x, %w addend %a pad [1, 1, 1, 1]
      : (tensor<?x16x8x8xf32>, tensor<16x16x3x3xf32>, tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  %d = resnet.fused_conv2d %c, %w pad [1, 1, 1, 1] : (tensor<?x16x8x8xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x8x8xf32>
  return %d : tensor<?x16x8x8xf32>
}

// -----

// A slice of whole blocks has its source's layout; its consumers' halo is the source's. One that cuts a block has its own.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x8x8xf32>) -> tensor<?x24x8x8xf32> {
  %s = resnet.constant dense<0.1> : tensor<48x16x1x1xf32>
  %w = resnet.constant dense<0.1> : tensor<24x16x3x3xf32>
  // CHECK: resnet.fused_conv2d {{.*}} -> tensor<?x48x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
  %a = resnet.fused_conv2d %x, %s : (tensor<?x16x8x8xf32>, tensor<48x16x1x1xf32>) -> tensor<?x48x8x8xf32>
  // CHECK: resnet.slice {{.*}} -> tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
  %b = resnet.slice %a offsets [16, 0, 0] sizes [16, 8, 8] strides [1, 1, 1] : tensor<?x48x8x8xf32> -> tensor<?x16x8x8xf32>
  // CHECK: resnet.slice {{.*}} -> tensor<?x24x8x8xf32, #resnet.layout<block = 16>>
  %c = resnet.slice %a offsets [8, 0, 0] sizes [24, 8, 8] strides [1, 1, 1] : tensor<?x48x8x8xf32> -> tensor<?x24x8x8xf32>
  %d = resnet.fused_conv2d %b, %w addend %c pad [1, 1, 1, 1]
      : (tensor<?x16x8x8xf32>, tensor<24x16x3x3xf32>, tensor<?x24x8x8xf32>) -> tensor<?x24x8x8xf32>
  return %d : tensor<?x24x8x8xf32>
}

// -----

// One constant in two layouts becomes two; in one layout it stays one.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x3x8x8xf32>, %y: tensor<?x3x8x8xf32>) -> (tensor<?x3x8x8xf32>, tensor<?x3x8x8xf32>) {
  // CHECK: %[[V:.*]] = resnet.constant {{.*}} as tensor<3x3x1x1xf32, #resnet.filter_layout<block = 16>>
  // CHECK: %[[W:.*]] = resnet.constant {{.*}} as tensor<3x3x1x1xf32, #resnet.filter_layout<block = 16, input_block = 16>>
  // CHECK-NOT: resnet.constant
  %w = resnet.constant dense<0.1> : tensor<3x3x1x1xf32>
  // CHECK: resnet.fused_conv2d {{.*}}, %[[V]]
  %0 = resnet.fused_conv2d %x, %w : (tensor<?x3x8x8xf32>, tensor<3x3x1x1xf32>) -> tensor<?x3x8x8xf32>
  // CHECK: resnet.fused_conv2d {{.*}}, %[[W]]
  %1 = resnet.fused_conv2d %0, %w : (tensor<?x3x8x8xf32>, tensor<3x3x1x1xf32>) -> tensor<?x3x8x8xf32>
  // CHECK: resnet.fused_conv2d {{.*}}, %[[V]]
  %2 = resnet.fused_conv2d %y, %w : (tensor<?x3x8x8xf32>, tensor<3x3x1x1xf32>) -> tensor<?x3x8x8xf32>
  return %1, %2 : tensor<?x3x8x8xf32>, tensor<?x3x8x8xf32>
}

// -----

// A depthwise convolution reads blocks even of three channels: each lane its own.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x3x8x8xf32>) -> tensor<?x3x8x8xf32> {
  // CHECK: as tensor<3x1x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16, groups = 3>>
  %w = resnet.constant dense<0.1> : tensor<3x1x3x3xf32>
  // CHECK: resnet.convert_layout {{.*}} -> tensor<?x3x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
  %0 = resnet.fused_conv2d %x, %w pad [1, 1, 1, 1] groups 3 : (tensor<?x3x8x8xf32>, tensor<3x1x3x3xf32>) -> tensor<?x3x8x8xf32>
  return %0 : tensor<?x3x8x8xf32>
}

// -----

// A flatten of single pixels reads blocks, a flatten of maps needs them dense.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x2x2xf32>) -> (tensor<?x16xf32>, tensor<?x64xf32>) {
  // CHECK: %[[M:.*]] = resnet.max_pool2d
  %m = resnet.max_pool2d %x kernel [1, 1] : tensor<?x16x2x2xf32> -> tensor<?x16x2x2xf32>
  // CHECK: %[[P:.*]] = resnet.global_avg_pool %[[M]] {{.*}} -> tensor<?x16x1x1xf32, #resnet.layout<block = 16>>
  %p = resnet.global_avg_pool %m : tensor<?x16x2x2xf32> -> tensor<?x16x1x1xf32>
  // CHECK: resnet.flatten %[[P]]
  %f = resnet.flatten %p : tensor<?x16x1x1xf32> -> tensor<?x16xf32>
  // CHECK: %[[D:.*]] = resnet.convert_layout %[[M]] : {{.*}} -> tensor<?x16x2x2xf32>
  // CHECK: resnet.flatten %[[D]]
  %g = resnet.flatten %m : tensor<?x16x2x2xf32> -> tensor<?x64xf32>
  return %f, %g : tensor<?x16xf32>, tensor<?x64xf32>
}

// -----

// The classifier reads blocks and writes dense features.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x16x4x4xf32>, %y: tensor<?x64xf32>) -> (tensor<?x10xf32>, tensor<?x10xf32>) {
  // CHECK: as tensor<10x16xf32, #resnet.filter_layout<block = 16, input_block = 16>>
  %w = resnet.constant dense<0.1> : tensor<10x16xf32>
  // CHECK: as tensor<10x64xf32, #resnet.filter_layout<block = 16>>
  %v = resnet.constant dense<0.1> : tensor<10x64xf32>
  // CHECK: resnet.fused_head {{.*}}#resnet.layout<block = 16>{{.*}} -> tensor<?x10xf32>
  %h = resnet.fused_head %x, %w : (tensor<?x16x4x4xf32>, tensor<10x16xf32>) -> tensor<?x10xf32>
  // CHECK: resnet.linear {{.*}} : (tensor<?x64xf32>, {{.*}}) -> tensor<?x10xf32>
  %l = resnet.linear %y, %v : (tensor<?x64xf32>, tensor<10x64xf32>) -> tensor<?x10xf32>
  return %h, %l : tensor<?x10xf32>, tensor<?x10xf32>
}

// -----

// A gate is read as it lies, beside maps that get the layout of the result.
// CHECK-LABEL: func @main
// CHECK-SAME: (%[[X:.*]]: tensor<?x24x8x8xf32>, %[[G:.*]]: tensor<?x24x1x1xf32>)
func.func @main(%x: tensor<?x24x8x8xf32>, %g: tensor<?x24x1x1xf32>) -> tensor<?x24x8x8xf32> {
  // CHECK: %[[C:.*]] = resnet.convert_layout %[[X]]
  // CHECK-NEXT: resnet.fused_elementwise %[[C]] gate %[[G]] addend %[[C]] :
  // CHECK-SAME: -> tensor<?x24x8x8xf32, #resnet.layout<block = 16>>
  %y = resnet.fused_elementwise %x gate %g addend %x
      : (tensor<?x24x8x8xf32>, tensor<?x24x1x1xf32>, tensor<?x24x8x8xf32>) -> tensor<?x24x8x8xf32>
  return %y : tensor<?x24x8x8xf32>
}

// -----

// ECA: channels as columns. A pooled map is dense in blocks, so that its reshape moves nothing; a convolution's result is not.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x32x8x8xf32>) -> tensor<?x32x1x1xf32> {
  %w = resnet.constant dense<0.1> : tensor<1x1x1x3xf32>
  // CHECK: %[[P:.*]] = resnet.global_max_pool {{.*}} -> tensor<?x32x1x1xf32, #resnet.layout<block = 16>>
  %p = resnet.global_max_pool %x : tensor<?x32x8x8xf32> -> tensor<?x32x1x1xf32>
  // CHECK-NEXT: %[[R:.*]] = resnet.reshape %[[P]] [1, 1, 32] : {{.*}} -> tensor<?x1x1x32xf32>
  %r = resnet.reshape %p [1, 1, 32] : tensor<?x32x1x1xf32> -> tensor<?x1x1x32xf32>
  // CHECK-NEXT: %[[H:.*]] = resnet.convert_layout %[[R]] : {{.*}} -> tensor<?x1x1x32xf32, #resnet.layout<block = 1, halo = [0, 1, 0, 1]>>
  // CHECK-NEXT: %[[C:.*]] = resnet.fused_conv2d %[[H]]
  %c = resnet.fused_conv2d %r, %w activation sigmoid pad [0, 1, 0, 1] : (tensor<?x1x1x32xf32>, tensor<1x1x1x3xf32>) -> tensor<?x1x1x32xf32>
  // CHECK-NEXT: %[[D:.*]] = resnet.convert_layout %[[C]] : {{.*}} -> tensor<?x1x1x32xf32>
  // CHECK-NEXT: %[[Y:.*]] = resnet.reshape %[[D]] [32, 1, 1]
  // CHECK-NEXT: return %[[Y]]
  %y = resnet.reshape %c [32, 1, 1] : tensor<?x1x1x32xf32> -> tensor<?x32x1x1xf32>
  return %y : tensor<?x32x1x1xf32>
}

// -----

// Halves of whole blocks are views, and what concatenates them reads them as they lie; vectors are packed like the map's channels.
// CHECK-LABEL: func @main
func.func @main(%x: tensor<?x32x8x8xf32>) -> tensor<?x32x8x8xf32> {
  // CHECK: %[[V:.*]] = resnet.constant {{.*}} as tensor<16xf32, #resnet.filter_layout<block = 16>>
  %v = resnet.constant dense<0.5> : tensor<16xf32>
  %w = resnet.constant dense<0.1> : tensor<32x32x1x1xf32>
  %c = resnet.fused_conv2d %x, %w : (tensor<?x32x8x8xf32>, tensor<32x32x1x1xf32>) -> tensor<?x32x8x8xf32>
  // CHECK: %[[A:.*]] = resnet.slice {{.*}} -> tensor<?x16x8x8xf32, #resnet.layout<block = 16>>
  %a = resnet.slice %c offsets [0, 0, 0] sizes [16, 8, 8] strides [1, 1, 1] : tensor<?x32x8x8xf32> -> tensor<?x16x8x8xf32>
  // CHECK: %[[B:.*]] = resnet.slice
  %b = resnet.slice %c offsets [16, 0, 0] sizes [16, 8, 8] strides [1, 1, 1] : tensor<?x32x8x8xf32> -> tensor<?x16x8x8xf32>
  // CHECK-NEXT: %[[N:.*]] = resnet.group_norm %[[A]], %[[V]], %[[V]] groups 16
  %n = resnet.group_norm %a, %v, %v groups 16 : (tensor<?x16x8x8xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x16x8x8xf32>
  // CHECK-NEXT: %[[Y:.*]] = resnet.concat %[[N]], %[[B]] : {{.*}} -> tensor<?x32x8x8xf32, #resnet.layout<block = 16>>
  %y = resnet.concat %n, %b : (tensor<?x16x8x8xf32>, tensor<?x16x8x8xf32>) -> tensor<?x32x8x8xf32>
  return %y : tensor<?x32x8x8xf32>
}
