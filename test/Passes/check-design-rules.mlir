// RUN: resnet-opt %s -split-input-file --resnet-check-design-rules -o /dev/null 2>&1 | FileCheck %s --implicit-check-not=remark:

!map = tensor<?x4x8x8xf32>
!half = tensor<?x8x4x4xf32>
!v4 = tensor<4xf32>
!v8 = tensor<8xf32>

// A network that follows the rules: no remark. The first block may widen, for a stem has its own width.
func.func @by_the_rules(%x: tensor<?x2x8x8xf32>) -> !half {
  %v = resnet.constant dense<1.0> : !v4
  %u = resnet.constant dense<1.0> : !v8
  %w0 = resnet.constant dense<1.0> : tensor<4x2x1x1xf32>
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %p = resnet.constant dense<1.0> : tensor<8x4x1x1xf32>
  %first = resnet.residual %x activation relu {
    %0 = resnet.conv2d %x, %w0 : (tensor<?x2x8x8xf32>, tensor<4x2x1x1xf32>) -> !map
    %1 = resnet.batch_norm %0, %v, %v, %v, %v : (!map, !v4, !v4, !v4, !v4) -> !map
    resnet.yield %1 : !map
  } shortcut {
    %0 = resnet.conv2d %x, %w0 : (tensor<?x2x8x8xf32>, tensor<4x2x1x1xf32>) -> !map
    resnet.yield %0 : !map
  } : tensor<?x2x8x8xf32> -> !map
  %identity = resnet.residual %first activation relu {
    %0 = resnet.conv2d %first, %w : (!map, tensor<4x4x1x1xf32>) -> !map
    %1 = resnet.batch_norm %0, %v, %v, %v, %v : (!map, !v4, !v4, !v4, !v4) -> !map
    %2 = resnet.relu %1 : !map -> !map
    resnet.yield %2 : !map
  } : !map -> !map
  %halved = resnet.residual %identity activation relu {
    %0 = resnet.conv2d %identity, %p stride [2, 2] : (!map, tensor<8x4x1x1xf32>) -> !half
    %1 = resnet.batch_norm %0, %u, %u, %u, %u : (!half, !v8, !v8, !v8, !v8) -> !half
    resnet.yield %1 : !half
  } shortcut {
    %0 = resnet.subsample %identity stride [2, 2] channel_padding [2, 2] : !map -> !half
    resnet.yield %0 : !half
  } : !map -> !half
  return %halved : !half
}

// -----

!map = tensor<?x4x8x8xf32>
!v4 = tensor<4xf32>

// A pre-activation block is normalised before its convolutions, also where the normalisation is shared with the shortcut and lies
// outside. The layers of an attention, on one pixel or a row of channels, need none, and IBN normalises halves.
func.func @preactivation_attention_and_halves(%x: !map) -> !map {
  %v = resnet.constant dense<1.0> : !v4
  %h = resnet.constant dense<1.0> : tensor<2xf32>
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %e = resnet.constant dense<1.0> : tensor<1x1x1x3xf32>
  %0 = resnet.batch_norm %x, %v, %v, %v, %v : (!map, !v4, !v4, !v4, !v4) -> !map
  %1 = resnet.relu %0 : !map -> !map
  %2 = resnet.residual %1 {
    %3 = resnet.conv2d %1, %w : (!map, tensor<4x4x1x1xf32>) -> !map
    %4 = resnet.global_avg_pool %3 : !map -> tensor<?x4x1x1xf32>
    %5 = resnet.conv2d %4, %w : (tensor<?x4x1x1xf32>, tensor<4x4x1x1xf32>) -> tensor<?x4x1x1xf32>
    %row = resnet.reshape %5 [1, 1, 4] : tensor<?x4x1x1xf32> -> tensor<?x1x1x4xf32>
    %eca = resnet.conv2d %row, %e pad [0, 1, 0, 1] : (tensor<?x1x1x4xf32>, tensor<1x1x1x3xf32>) -> tensor<?x1x1x4xf32>
    %pixel = resnet.reshape %eca [4, 1, 1] : tensor<?x1x1x4xf32> -> tensor<?x4x1x1xf32>
    %6 = resnet.sigmoid %pixel : tensor<?x4x1x1xf32> -> tensor<?x4x1x1xf32>
    %7 = resnet.mul %3, %6 : (!map, tensor<?x4x1x1xf32>) -> !map
    %8 = resnet.conv2d %7, %w : (!map, tensor<4x4x1x1xf32>) -> !map
    %9 = resnet.slice %8 offsets [0, 0, 0] sizes [2, 8, 8] strides [1, 1, 1] : !map -> tensor<?x2x8x8xf32>
    %10 = resnet.group_norm %9, %h, %h groups 2 : (tensor<?x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x8x8xf32>
    %11 = resnet.slice %8 offsets [2, 0, 0] sizes [2, 8, 8] strides [1, 1, 1] : !map -> tensor<?x2x8x8xf32>
    %12 = resnet.concat %10, %11 : (tensor<?x2x8x8xf32>, tensor<?x2x8x8xf32>) -> !map
    resnet.yield %12 : !map
  } : !map -> !map
  return %2 : !map
}

// -----

!map = tensor<?x4x8x8xf32>
!v4 = tensor<4xf32>

func.func @each_rule(%x: !map) -> tensor<?x6x4x4xf32> {
  %v = resnet.constant dense<1.0> : !v4
  %w = resnet.constant dense<1.0> : tensor<4x4x1x1xf32>
  %q = resnet.constant dense<1.0> : tensor<6x4x1x1xf32>
  %r = resnet.constant dense<1.0> : tensor<6x6x1x1xf32>
  // CHECK: check-design-rules.mlir:[[#@LINE+1]]:{{.*}}: remark: design rule 'normalised': 2 of 2 convolutions without a normalisation
  %0 = resnet.residual %x activation relu {
    %a = resnet.conv2d %x, %w : (!map, tensor<4x4x1x1xf32>) -> !map
    %b = resnet.conv2d %a, %w : (!map, tensor<4x4x1x1xf32>) -> !map
    resnet.yield %b : !map
  } : !map -> !map
  // CHECK: remark: loc("layer1.0"): design rule 'identity': a shortcut that computes from 4 channels of 8x8 to the same; expected the identity
  %1 = resnet.residual %0 activation relu {
    %a = resnet.conv2d %0, %w : (!map, tensor<4x4x1x1xf32>) -> !map
    %b = resnet.batch_norm %a, %v, %v, %v, %v : (!map, !v4, !v4, !v4, !v4) -> !map
    resnet.yield %b : !map
  } shortcut {
    %a = resnet.conv2d %0, %w : (!map, tensor<4x4x1x1xf32>) -> !map
    resnet.yield %a : !map
  } : !map -> !map loc("layer1.0")
  // CHECK: remark: loc("layer1.1"): design rule 'same-map': a block from 4 channels of 8x8 to 6 channels of 8x8; expected 4 channels
  // CHECK: remark: loc("layer1.1"): design rule 'normalised': 1 of 1 convolutions without a normalisation
  %2 = resnet.residual %1 {
    %a = resnet.conv2d %1, %q : (!map, tensor<6x4x1x1xf32>) -> tensor<?x6x8x8xf32>
    resnet.yield %a : tensor<?x6x8x8xf32>
  } shortcut {
    %a = resnet.subsample %1 stride [1, 1] channel_padding [1, 1] : !map -> tensor<?x6x8x8xf32>
    resnet.yield %a : tensor<?x6x8x8xf32>
  } : !map -> tensor<?x6x8x8xf32> loc("layer1.1")
  // CHECK: remark: loc("layer2.0"): design rule 'half-map': a block from 6 channels of 8x8 to 6 channels of 4x4; expected 12 channels
  // CHECK: remark: loc("layer2.0"): design rule 'normalised': 1 of 1 convolutions without a normalisation
  %3 = resnet.residual %2 {
    %a = resnet.conv2d %2, %r stride [2, 2] : (tensor<?x6x8x8xf32>, tensor<6x6x1x1xf32>) -> tensor<?x6x4x4xf32>
    resnet.yield %a : tensor<?x6x4x4xf32>
  } shortcut {
    %a = resnet.subsample %2 stride [2, 2] channel_padding [0, 0] : tensor<?x6x8x8xf32> -> tensor<?x6x4x4xf32>
    resnet.yield %a : tensor<?x6x4x4xf32>
  } : tensor<?x6x8x8xf32> -> tensor<?x6x4x4xf32> loc("layer2.0")
  return %3 : tensor<?x6x4x4xf32>
}
