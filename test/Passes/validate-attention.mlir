// RUN: resnet-opt %s --resnet-validate --resnet-import-pipeline --resnet-graph-pipeline | FileCheck %s

// Attention, normalisation by groups, every activation and fake quantisation through all passes of the graph level, each validated
// by execution.

!map = tensor<?x2x4x4xf32>
!one = tensor<?x2x1x1xf32>
!w = tensor<2x2x1x1xf32>
!v = tensor<2xf32>

// CHECK-LABEL: func @main
func.func @main(%image: !map) -> tensor<?x3xf32> {
  %a = resnet.constant dense<[[[[0.5]], [[-1.0]]], [[[0.25]], [[0.75]]]]> : !w
  %b = resnet.constant dense<[[[[-0.5]], [[1.5]]], [[[1.0]], [[0.5]]]]> : !w
  %k = resnet.constant dense<[[[[0.5, -1.0, 0.25]]]]> : tensor<1x1x1x3xf32>
  %p = resnet.constant dense<[0.5, 2.0]> : !v
  %q = resnet.constant dense<[-0.25, 0.125]> : !v
  %l = resnet.constant dense<[[1.0, -1.0], [0.5, 2.0], [-2.0, 0.25]]> : tensor<3x2xf32>

  // A stem with a reflected border and swish as its two operations.
  // CHECK: resnet.pad %{{.*}} mode reflect
  // CHECK: resnet.fused_conv2d %{{.*}} activation silu :
  %0 = resnet.pad %image low [0, 1, 1] high [0, 1, 1] mode reflect : !map -> tensor<?x2x6x6xf32>
  %s = resnet.constant dense<[[[[0.1, 0.2, -0.1], [0.3, 0.5, 0.2], [-0.2, 0.1, 0.4]], [[0.2, 0.1, 0.1], [-0.3, 0.4, 0.2], [0.1, 0.1, -0.5]]],
                              [[[0.3, -0.2, 0.1], [0.1, 0.6, 0.2], [0.2, -0.1, 0.1]], [[0.1, 0.3, 0.2], [0.2, -0.4, 0.1], [0.3, 0.1, 0.2]]]]>
      : tensor<2x2x3x3xf32>
  %1 = resnet.conv2d %0, %s : (tensor<?x2x6x6xf32>, tensor<2x2x3x3xf32>) -> !map
  %2 = resnet.sigmoid %1 : !map -> !map
  %3 = resnet.mul %2, %1 : (!map, !map) -> !map

  // Squeeze-and-excitation with its gate expanded, and a projection.
  // CHECK: resnet.fused_conv2d %{{.*}} activation sigmoid :
  // CHECK: resnet.fused_elementwise %{{.*}} gate %{{.*}} addend %{{.*}} activation relu6 :
  %4 = resnet.conv2d %3, %a : (!map, !w) -> !map
  %5 = resnet.batch_norm %4, %p, %q, %q, %p : (!map, !v, !v, !v, !v) -> !map
  %6 = resnet.global_avg_pool %5 : !map -> !one
  %7 = resnet.conv2d %6, %b, %q : (!one, !w, !v) -> !one
  %8 = resnet.relu %7 : !one -> !one
  %9 = resnet.conv2d %8, %a : (!one, !w) -> !one
  %10 = resnet.sigmoid %9 : !one -> !one
  %11 = resnet.expand %10 size [4, 4] : !one -> !map
  %12 = resnet.mul %11, %5 : (!map, !map) -> !map
  %13 = resnet.conv2d %3, %b : (!map, !w) -> !map
  %14 = resnet.add %12, %13 : (!map, !map) -> !map
  %15 = resnet.clip %14 min 0.0 max 6.0 : !map -> !map

  // ECA beside an identity.
  // CHECK: resnet.reshape
  // CHECK: resnet.fused_conv2d %{{.*}} activation hard_sigmoid pad [0, 1, 0, 1] :
  // CHECK: resnet.fused_elementwise %{{.*}} gate %{{.*}} addend %{{.*}} activation hard_swish :
  %16 = resnet.conv2d %15, %b : (!map, !w) -> !map
  %17 = resnet.global_max_pool %16 : !map -> !one
  %18 = resnet.reshape %17 [1, 1, 2] : !one -> tensor<?x1x1x2xf32>
  %19 = resnet.conv2d %18, %k pad [0, 1, 0, 1] : (tensor<?x1x1x2xf32>, tensor<1x1x1x3xf32>) -> tensor<?x1x1x2xf32>
  %20 = resnet.hard_sigmoid %19 : tensor<?x1x1x2xf32> -> tensor<?x1x1x2xf32>
  %21 = resnet.reshape %20 [2, 1, 1] : tensor<?x1x1x2xf32> -> !one
  %22 = resnet.mul %16, %21 : (!map, !one) -> !map
  %23 = resnet.add %22, %15 : (!map, !map) -> !map
  %24 = resnet.hard_swish %23 : !map -> !map

  // IBN, and a quantised identity.
  // CHECK: resnet.group_norm
  // CHECK: resnet.fused_elementwise %{{.*}} scale
  // CHECK: resnet.concat
  // CHECK: resnet.fake_quantize
  %25 = resnet.conv2d %24, %a : (!map, !w) -> !map
  %26 = resnet.slice %25 offsets [0, 0, 0] sizes [1, 4, 4] strides [1, 1, 1] : !map -> tensor<?x1x4x4xf32>
  %27 = resnet.slice %25 offsets [1, 0, 0] sizes [1, 4, 4] strides [1, 1, 1] : !map -> tensor<?x1x4x4xf32>
  %c = resnet.constant dense<2.0> : tensor<1xf32>
  %28 = resnet.group_norm %26, %c, %c groups 1 : (tensor<?x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1x4x4xf32>
  %29 = resnet.batch_norm %27, %c, %c, %c, %c : (tensor<?x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1x4x4xf32>
  %30 = resnet.concat %28, %29 : (tensor<?x1x4x4xf32>, tensor<?x1x4x4xf32>) -> !map
  %31 = resnet.add %30, %24 : (!map, !map) -> !map
  %32 = resnet.fake_quantize %31 scale 0.0625 zero_point 10 range [0, 255] : !map -> !map

  // CHECK: resnet.fused_head %{{.*}} softmax log :
  %33 = resnet.global_avg_pool %32 : !map -> !one
  %34 = resnet.flatten %33 : !one -> tensor<?x2xf32>
  %35 = resnet.linear %34, %l : (tensor<?x2xf32>, tensor<3x2xf32>) -> tensor<?x3xf32>
  %36 = resnet.softmax %35 log : tensor<?x3xf32> -> tensor<?x3xf32>
  return %36 : tensor<?x3xf32>
}
