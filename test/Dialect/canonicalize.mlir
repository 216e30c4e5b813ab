// RUN: resnet-opt %s --canonicalize --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// CHECK-LABEL: func @average_of_the_whole_map
func.func @average_of_the_whole_map(%x: tensor<?x4x7x5xf32>) -> tensor<?x4x1x1xf32> {
  // CHECK: resnet.global_avg_pool
  %0 = resnet.avg_pool2d %x kernel [7, 5] : tensor<?x4x7x5xf32> -> tensor<?x4x1x1xf32>
  return %0 : tensor<?x4x1x1xf32>
}

// CHECK-LABEL: func @average_of_a_part
func.func @average_of_a_part(%x: tensor<?x4x7x5xf32>) -> tensor<?x4x1x1xf32> {
  // CHECK: resnet.avg_pool2d
  %0 = resnet.avg_pool2d %x kernel [6, 5] stride [2, 1] : tensor<?x4x7x5xf32> -> tensor<?x4x1x1xf32>
  return %0 : tensor<?x4x1x1xf32>
}

// CHECK-LABEL: func @average_of_the_whole_map_and_padding
func.func @average_of_the_whole_map_and_padding(%x: tensor<?x4x7x5xf32>) -> tensor<?x4x1x1xf32> {
  // CHECK: resnet.avg_pool2d
  %0 = resnet.avg_pool2d %x kernel [7, 5] stride [2, 1] pad [1, 0, 0, 0] count_include_pad : tensor<?x4x7x5xf32> -> tensor<?x4x1x1xf32>
  return %0 : tensor<?x4x1x1xf32>
}

// CHECK-LABEL: func @two_pads
func.func @two_pads(%x: tensor<?x4x7x5xf32>) -> tensor<?x5x10x8xf32> {
  // CHECK-NEXT: resnet.pad %{{.*}} low [0, 1, 2] high [1, 2, 1] value 1.000000e+00 : tensor<?x4x7x5xf32> -> tensor<?x5x10x8xf32> loc(fused["inner", "outer"])
  // CHECK-NEXT: return
  %0 = resnet.pad %x low [0, 1, 1] high [0, 1, 1] value 1.0 : tensor<?x4x7x5xf32> -> tensor<?x4x9x7xf32> loc("inner")
  %1 = resnet.pad %0 low [0, 0, 1] high [1, 1, 0] value 1.0 : tensor<?x4x9x7xf32> -> tensor<?x5x10x8xf32> loc("outer")
  return %1 : tensor<?x5x10x8xf32>
}

// CHECK-LABEL: func @two_pads_of_other_zeros
func.func @two_pads_of_other_zeros(%x: tensor<?x4x7x5xf32>) -> tensor<?x4x9x5xf32> {
  // CHECK-COUNT-2: resnet.pad
  %0 = resnet.pad %x low [0, 1, 0] high [0, 0, 0] value 0.0 : tensor<?x4x7x5xf32> -> tensor<?x4x8x5xf32>
  %1 = resnet.pad %0 low [0, 1, 0] high [0, 0, 0] value -0.0 : tensor<?x4x8x5xf32> -> tensor<?x4x9x5xf32>
  return %1 : tensor<?x4x9x5xf32>
}

// CHECK-LABEL: func @two_transposes
func.func @two_transposes(%x: tensor<?x4x2x3xf32>) -> tensor<?x3x4x2xf32> {
  // CHECK-NEXT: resnet.transpose %{{.*}} [0, 3, 1, 2] : tensor<?x4x2x3xf32> -> tensor<?x3x4x2xf32>
  // CHECK-NEXT: return
  %0 = resnet.transpose %x [0, 2, 3, 1] : tensor<?x4x2x3xf32> -> tensor<?x2x3x4xf32>
  %1 = resnet.transpose %0 [0, 2, 3, 1] : tensor<?x2x3x4xf32> -> tensor<?x3x4x2xf32>
  return %1 : tensor<?x3x4x2xf32>
}

// CHECK-LABEL: func @two_conversions
func.func @two_conversions(%x: tensor<?x4xf32>) -> tensor<?x4xf32, #resnet.layout<block = 4>> {
  // CHECK-NEXT: resnet.convert_layout %{{.*}} : tensor<?x4xf32> -> tensor<?x4xf32, #resnet.layout<block = 4>>
  // CHECK-NEXT: return
  %0 = resnet.convert_layout %x : tensor<?x4xf32> -> tensor<?x4xf32, #resnet.layout<block = 16>>
  %1 = resnet.convert_layout %0 : tensor<?x4xf32, #resnet.layout<block = 16>> -> tensor<?x4xf32, #resnet.layout<block = 4>>
  return %1 : tensor<?x4xf32, #resnet.layout<block = 4>>
}

// CHECK-LABEL: func @shortcut_that_yields_the_input
func.func @shortcut_that_yields_the_input(%x: tensor<?x4x2x3xf32>) -> tensor<?x4x2x3xf32> {
  // CHECK: resnet.residual
  // CHECK-NOT: shortcut
  // CHECK: return
  %0 = resnet.residual %x {
    %f = resnet.relu %x : tensor<?x4x2x3xf32> -> tensor<?x4x2x3xf32>
    resnet.yield %f : tensor<?x4x2x3xf32>
  } shortcut {
    resnet.yield %x : tensor<?x4x2x3xf32>
  } : tensor<?x4x2x3xf32> -> tensor<?x4x2x3xf32>
  return %0 : tensor<?x4x2x3xf32>
}

// CHECK-LABEL: func @shortcut_that_computes
func.func @shortcut_that_computes(%x: tensor<?x4x2x3xf32>) -> tensor<?x4x2x3xf32> {
  // CHECK: shortcut
  %0 = resnet.residual %x {
    resnet.yield %x : tensor<?x4x2x3xf32>
  } shortcut {
    %f = resnet.relu %x : tensor<?x4x2x3xf32> -> tensor<?x4x2x3xf32>
    resnet.yield %f : tensor<?x4x2x3xf32>
  } : tensor<?x4x2x3xf32> -> tensor<?x4x2x3xf32>
  return %0 : tensor<?x4x2x3xf32>
}

// CHECK-LABEL: func @constant_goes_right
// CHECK-SAME: %[[X:.*]]: tensor
func.func @constant_goes_right(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // CHECK: %[[C:.*]] = resnet.constant
  // CHECK: resnet.add %[[X]], %[[C]]
  %c = resnet.constant dense<1.0> : tensor<2x4xf32>
  %0 = resnet.add %c, %x : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// Uniqued by value and type: an encoding makes another constant.
// CHECK-LABEL: func @equal_constants
func.func @equal_constants() -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32, #resnet.filter_layout<block = 16>>) {
  // CHECK-DAG: %[[PACKED:.*]] = resnet.constant dense<1.000000e+00> : tensor<4xf32> as tensor<4xf32, #resnet.filter_layout<block = 16>>
  // CHECK-DAG: %[[C:.*]] = resnet.constant dense<1.000000e+00> : tensor<4xf32> loc
  // CHECK: return %[[C]], %[[C]], %[[PACKED]]
  %0 = resnet.constant dense<1.0> : tensor<4xf32>
  %1 = resnet.constant dense<1.0> : tensor<4xf32>
  %2 = resnet.constant dense<1.0> : tensor<4xf32> as tensor<4xf32, #resnet.filter_layout<block = 16>>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32, #resnet.filter_layout<block = 16>>
}
