// RUN: resnet-opt %s --resnet-validate --resnet-kernel-pipeline --resnet-memory-pipeline | FileCheck %s
// RUN: resnet-opt %s --resnet-kernel-pipeline --resnet-memory-pipeline --resnet-llvm-pipeline | FileCheck %s --check-prefix=LLVM
// RUN: resnet-opt %s --resnet-kernel-pipeline=block=8 --resnet-validate --resnet-memory-pipeline | FileCheck %s --check-prefix=EIGHT

// A bottleneck whose reduce and projection are one convolution: seven kernels, the projection a view of the merged result.
// CHECK: resnet.kernel @copy_3_8x8
// CHECK: resnet.kernel @conv2d_3x3_3x16_8x8_relu
// CHECK: resnet.kernel @max_pool2d_3x3_16_8x8
// CHECK: resnet.kernel @conv2d_1x1_16x80_8x8_relu
// CHECK: resnet.kernel @conv2d_3x3_16x16_8x8_relu
// CHECK: resnet.kernel @conv2d_1x1_16x64_8x8_add_relu
// CHECK: resnet.kernel @head_64x10_8x8_softmax
// CHECK-NOT: resnet.kernel
// CHECK-LABEL: func @main
// CHECK-COUNT-7: resnet.launch
// CHECK-NOT: resnet.launch
// EIGHT: tensor<?x16x8x8xf32, #resnet.layout<block = 8, halo = [1, 1, 1, 1]>>
// LLVM-LABEL: llvm.func @resnet_main
// LLVM-COUNT-8: llvm.call @resnet_runtime_step
func.func @main(%x: tensor<?x3x8x8xf32> {resnet.name = "input"}) -> (tensor<?x10xf32> {resnet.name = "output"}) {
  %w0 = resnet.constant dense<0.1> : tensor<16x3x3x3xf32>
  %w1 = resnet.constant dense<0.1> : tensor<80x16x1x1xf32>
  %w2 = resnet.constant dense<0.1> : tensor<16x16x3x3xf32>
  %w3 = resnet.constant dense<0.1> : tensor<64x16x1x1xf32>
  %w4 = resnet.constant dense<0.1> : tensor<10x64xf32>
  %0 = resnet.fused_conv2d %x, %w0 activation relu pad [1, 1, 1, 1] : (tensor<?x3x8x8xf32>, tensor<16x3x3x3xf32>) -> tensor<?x16x8x8xf32>
  %1 = resnet.max_pool2d %0 kernel [3, 3] pad [1, 1, 1, 1] : tensor<?x16x8x8xf32> -> tensor<?x16x8x8xf32>
  %2 = resnet.fused_conv2d %1, %w1 activation relu activated_channels 16
      : (tensor<?x16x8x8xf32>, tensor<80x16x1x1xf32>) -> tensor<?x80x8x8xf32>
  %3 = resnet.slice %2 offsets [0, 0, 0] sizes [16, 8, 8] strides [1, 1, 1] : tensor<?x80x8x8xf32> -> tensor<?x16x8x8xf32>
  %4 = resnet.slice %2 offsets [16, 0, 0] sizes [64, 8, 8] strides [1, 1, 1] : tensor<?x80x8x8xf32> -> tensor<?x64x8x8xf32>
  %5 = resnet.fused_conv2d %3, %w2 activation relu pad [1, 1, 1, 1]
      : (tensor<?x16x8x8xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x8x8xf32>
  %6 = resnet.fused_conv2d %5, %w3 addend %4 activation relu
      : (tensor<?x16x8x8xf32>, tensor<64x16x1x1xf32>, tensor<?x64x8x8xf32>) -> tensor<?x64x8x8xf32>
  %7 = resnet.fused_head %6, %w4 softmax : (tensor<?x64x8x8xf32>, tensor<10x64xf32>) -> tensor<?x10xf32>
  return %7 : tensor<?x10xf32>
}
