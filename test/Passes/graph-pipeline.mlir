// RUN: resnet-opt %s --resnet-import-pipeline | FileCheck %s --check-prefix=IMPORT
// RUN: resnet-opt %s --resnet-import-pipeline --resnet-graph-pipeline | FileCheck %s --check-prefix=GRAPH
// RUN: resnet-opt %s --resnet-validate --resnet-import-pipeline --resnet-graph-pipeline -o /dev/null

// A small network with everything that the pipelines rewrite: padding apart from its convolution, a bottleneck whose reduce and
// projection share strides, an option-A block, a pre-activation block, and a classifier written as convolution.

// IMPORT-LABEL: func @main
// IMPORT: resnet.conv2d %{{.*}} stride [2, 2] pad [1, 1, 1, 1] :
// IMPORT: resnet.residual %{{.*}} activation relu {
// IMPORT: } shortcut {
// IMPORT: resnet.residual %{{.*}} activation relu {
// IMPORT: } shortcut {
// IMPORT: resnet.subsample %{{.*}} stride [2, 2] channel_padding [8, 8]
// IMPORT: resnet.residual %{{.*}} {
// IMPORT: resnet.batch_norm
// IMPORT: resnet.yield
// IMPORT: resnet.global_avg_pool
// IMPORT: resnet.linear

// GRAPH-LABEL: func @main
// GRAPH-SAME: (%[[X:[^:]*]]:
// GRAPH: %[[STEM:.*]] = resnet.fused_conv2d %[[X]], {{.*}} activation relu stride [2, 2] pad [1, 1, 1, 1] :
// GRAPH: %[[M:.*]] = resnet.fused_conv2d %[[STEM]], {{.*}} activation relu activated_channels 16 :
// GRAPH-DAG: %[[R:.*]] = resnet.slice %[[M]] offsets [0, 0, 0] sizes [16, 8, 8]
// GRAPH-DAG: %[[P:.*]] = resnet.slice %[[M]] offsets [16, 0, 0] sizes [16, 8, 8]
// GRAPH: %[[B1:.*]] = resnet.fused_conv2d %[[R]], {{.*}} addend %[[P]] activation relu pad [1, 1, 1, 1] :
// GRAPH-NOT: resnet.subsample
// GRAPH: %[[T:.*]] = resnet.fused_conv2d %[[B1]], {{.*}} addend %[[B1]] subsample [2, 2] channel_padding [8, 8] activation relu post {{.*}} post_activation relu keeps_sum stride [2, 2] pad [1, 1, 1, 1] :
// GRAPH-DAG: %[[N:.*]] = resnet.slice %[[T]] offsets [0, 0, 0] sizes [32, 4, 4]
// GRAPH-DAG: %[[B2:.*]] = resnet.slice %[[T]] offsets [32, 0, 0] sizes [32, 4, 4]
// GRAPH: %[[B3:.*]] = resnet.fused_conv2d %[[N]], {{.*}} addend %[[B2]] pad [1, 1, 1, 1] :
// GRAPH: resnet.fused_head %[[B3]],
// GRAPH-NEXT: return
func.func @main(%x: tensor<?x3x16x16xf32> {resnet.name = "input"}) -> (tensor<?x4xf32> {resnet.name = "logits"}) {
  %ws = resnet.constant dense<0.0625> : tensor<16x3x3x3xf32>
  %w1 = resnet.constant dense<0.125> : tensor<16x16x1x1xf32>
  %wp = resnet.constant dense<0.25> : tensor<16x16x1x1xf32>
  %w2 = resnet.constant dense<0.03125> : tensor<16x16x3x3xf32>
  %wo = resnet.constant dense<0.03125> : tensor<32x16x3x3xf32>
  %wv = resnet.constant dense<0.0078125> : tensor<32x32x3x3xf32>
  %wf = resnet.constant dense<0.125> : tensor<4x32x1x1xf32>
  %g = resnet.constant dense<[0.5, 1.0, 1.5, 2.0, 0.5, 1.0, 1.5, 2.0, 0.5, 1.0, 1.5, 2.0, 0.5, 1.0, 1.5, 2.0]> : tensor<16xf32>
  %o = resnet.constant dense<0.25> : tensor<16xf32>
  %v = resnet.constant dense<2.0> : tensor<16xf32>
  %h = resnet.constant dense<0.75> : tensor<32xf32>
  %0 = resnet.pad %x low [0, 1, 1] high [0, 1, 1] : tensor<?x3x16x16xf32> -> tensor<?x3x18x18xf32>
  %1 = resnet.conv2d %0, %ws stride [2, 2] : (tensor<?x3x18x18xf32>, tensor<16x3x3x3xf32>) -> tensor<?x16x8x8xf32>
  %2 = resnet.batch_norm %1, %g, %o, %o, %v : (tensor<?x16x8x8xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x16x8x8xf32>
  %3 = resnet.relu %2 : tensor<?x16x8x8xf32> -> tensor<?x16x8x8xf32>
  %4 = resnet.conv2d %3, %w1 : (tensor<?x16x8x8xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x8x8xf32>
  %5 = resnet.batch_norm %4, %g, %o, %o, %v : (tensor<?x16x8x8xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x16x8x8xf32>
  %6 = resnet.relu %5 : tensor<?x16x8x8xf32> -> tensor<?x16x8x8xf32>
  %7 = resnet.conv2d %6, %w2 pad [1, 1, 1, 1] : (tensor<?x16x8x8xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x8x8xf32>
  %8 = resnet.conv2d %3, %wp : (tensor<?x16x8x8xf32>, tensor<16x16x1x1xf32>) -> tensor<?x16x8x8xf32>
  %9 = resnet.batch_norm %8, %g, %o, %o, %v : (tensor<?x16x8x8xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x16x8x8xf32>
  %10 = resnet.add %7, %9 : (tensor<?x16x8x8xf32>, tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  %11 = resnet.relu %10 : tensor<?x16x8x8xf32> -> tensor<?x16x8x8xf32>
  %12 = resnet.conv2d %11, %wo stride [2, 2] pad [1, 1, 1, 1] : (tensor<?x16x8x8xf32>, tensor<32x16x3x3xf32>) -> tensor<?x32x4x4xf32>
  %13 = resnet.slice %11 offsets [0, 0, 0] sizes [16, 4, 4] strides [1, 2, 2] : tensor<?x16x8x8xf32> -> tensor<?x16x4x4xf32>
  %14 = resnet.pad %13 low [8, 0, 0] high [8, 0, 0] : tensor<?x16x4x4xf32> -> tensor<?x32x4x4xf32>
  %15 = resnet.add %12, %14 : (tensor<?x32x4x4xf32>, tensor<?x32x4x4xf32>) -> tensor<?x32x4x4xf32>
  %16 = resnet.relu %15 : tensor<?x32x4x4xf32> -> tensor<?x32x4x4xf32>
  %17 = resnet.batch_norm %16, %h, %h, %h, %h : (tensor<?x32x4x4xf32>, tensor<32xf32>, tensor<32xf32>, tensor<32xf32>, tensor<32xf32>) -> tensor<?x32x4x4xf32>
  %18 = resnet.relu %17 : tensor<?x32x4x4xf32> -> tensor<?x32x4x4xf32>
  %19 = resnet.conv2d %18, %wv pad [1, 1, 1, 1] : (tensor<?x32x4x4xf32>, tensor<32x32x3x3xf32>) -> tensor<?x32x4x4xf32>
  %20 = resnet.add %16, %19 : (tensor<?x32x4x4xf32>, tensor<?x32x4x4xf32>) -> tensor<?x32x4x4xf32>
  %21 = resnet.avg_pool2d %20 kernel [4, 4] : tensor<?x32x4x4xf32> -> tensor<?x32x1x1xf32>
  %22 = resnet.conv2d %21, %wf : (tensor<?x32x1x1xf32>, tensor<4x32x1x1xf32>) -> tensor<?x4x1x1xf32>
  %23 = resnet.flatten %22 : tensor<?x4x1x1xf32> -> tensor<?x4xf32>
  %24 = resnet.dropout %23 : tensor<?x4xf32> -> tensor<?x4xf32>
  return %24 : tensor<?x4xf32>
}
