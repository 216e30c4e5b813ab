// RUN: resnet-opt %s --canonicalize --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

!map = tensor<?x4x8x8xf32>
!one = tensor<?x4x1x1xf32>

// CHECK-LABEL: func @relu_of_clip_from_zero
func.func @relu_of_clip_from_zero(%x: !map) -> !map {
  // CHECK-NEXT: %[[Y:.*]] = resnet.clip %{{.*}} min 0.000000e+00 max 6.000000e+00
  // CHECK-NEXT: return %[[Y]]
  %0 = resnet.clip %x min 0.0 max 6.0 : !map -> !map
  %1 = resnet.relu %0 : !map -> !map
  return %1 : !map
}

// CHECK-LABEL: func @relu_of_clip_from_below_zero
func.func @relu_of_clip_from_below_zero(%x: !map) -> !map {
  // CHECK-NEXT: resnet.clip
  // CHECK-NEXT: resnet.relu
  %0 = resnet.clip %x min -1.0 max 6.0 : !map -> !map
  %1 = resnet.relu %0 : !map -> !map
  return %1 : !map
}

// CHECK-LABEL: func @clip_of_relu
func.func @clip_of_relu(%x: !map) -> !map {
  // CHECK-NEXT: resnet.clip %{{.*}} min 0.000000e+00 max 6.000000e+00 : {{.*}} loc(fused["relu", "clip"])
  // CHECK-NEXT: return
  %0 = resnet.relu %x : !map -> !map loc("relu")
  %1 = resnet.clip %0 max 6.0 : !map -> !map loc("clip")
  return %1 : !map
}

// CHECK-LABEL: func @clip_of_clip
func.func @clip_of_clip(%x: !map) -> !map {
  // CHECK-NEXT: resnet.clip %{{.*}} min -1.000000e+00 max 2.000000e+00 :
  // CHECK-NEXT: return
  %0 = resnet.clip %x min -1.0 max 3.0 : !map -> !map
  %1 = resnet.clip %0 min -2.0 max 2.0 : !map -> !map
  return %1 : !map
}

// CHECK-LABEL: func @clip_of_disjoint_clip
func.func @clip_of_disjoint_clip(%x: !map) -> !map {
  // CHECK-NEXT: resnet.clip %{{.*}} min 4.000000e+00 max 4.000000e+00 :
  // CHECK-NEXT: return
  %0 = resnet.clip %x min -1.0 max 3.0 : !map -> !map
  %1 = resnet.clip %0 min 4.0 max 5.0 : !map -> !map
  return %1 : !map
}

// CHECK-LABEL: func @clip_inside_clip
func.func @clip_inside_clip(%x: !map) -> !map {
  // CHECK-NEXT: %[[Y:.*]] = resnet.clip %{{.*}} min -1.000000e+00 max 3.000000e+00 :
  // CHECK-NEXT: return %[[Y]]
  %0 = resnet.clip %x min -1.0 max 3.0 : !map -> !map
  %1 = resnet.clip %0 min -1.0 max 4.0 : !map -> !map
  return %1 : !map
}

// CHECK-LABEL: func @clip_without_limits
// CHECK-SAME: (%[[X:[^:]*]]:
func.func @clip_without_limits(%x: !map) -> !map {
  // CHECK-NEXT: return %[[X]]
  %0 = resnet.clip %x : !map -> !map
  return %0 : !map
}

// CHECK-LABEL: func @clip_to_infinity
func.func @clip_to_infinity(%x: !map) -> !map {
  // CHECK-NEXT: resnet.clip %{{.*}} min 0x7F800000
  %0 = resnet.clip %x min 0x7F800000 : !map -> !map
  return %0 : !map
}

// CHECK-LABEL: func @clip_from_zero
func.func @clip_from_zero(%x: !map) -> !map {
  // CHECK-NEXT: resnet.relu
  %0 = resnet.clip %x min 0.0 : !map -> !map
  return %0 : !map
}

// CHECK-LABEL: func @fake_quantize_twice
func.func @fake_quantize_twice(%x: !map) -> !map {
  // CHECK-NEXT: %[[Y:.*]] = resnet.fake_quantize
  // CHECK-NEXT: return %[[Y]]
  %0 = resnet.fake_quantize %x scale 0.1 zero_point 3 range [-128, 127] : !map -> !map
  %1 = resnet.fake_quantize %0 scale 0.1 zero_point 3 range [-128, 127] : !map -> !map
  return %1 : !map
}

// CHECK-LABEL: func @fake_quantize_to_other_steps
func.func @fake_quantize_to_other_steps(%x: !map) -> !map {
  // CHECK-COUNT-3: resnet.fake_quantize
  %0 = resnet.fake_quantize %x scale 0.1 zero_point 3 range [-128, 127] : !map -> !map
  %1 = resnet.fake_quantize %0 scale 0.2 zero_point 3 range [-128, 127] : !map -> !map
  %2 = resnet.fake_quantize %1 scale 0.2 zero_point 3 range [-64, 127] : !map -> !map
  return %2 : !map
}

// CHECK-LABEL: func @expanded_gate
// CHECK-SAME: (%[[X:[^:]*]]: {{[^,]*}}, %[[G:[^:]*]]:
func.func @expanded_gate(%x: !map, %g: !one) -> (!map, !map) {
  // CHECK-NEXT: %[[A:.*]] = resnet.mul %[[X]], %[[G]] :
  // CHECK-NEXT: %[[B:.*]] = resnet.mul %[[X]], %[[G]] :
  // CHECK-NEXT: return %[[A]], %[[B]]
  %0 = resnet.expand %g size [8, 8] : !one -> !map
  %1 = resnet.mul %x, %0 : (!map, !map) -> !map
  %2 = resnet.mul %0, %x : (!map, !map) -> !map
  return %1, %2 : !map, !map
}

// The result keeps the size of an expanded map.
// CHECK-LABEL: func @two_expanded_gates
// CHECK-SAME: (%[[G:[^:]*]]: {{[^,]*}}, %[[H:[^:]*]]:
func.func @two_expanded_gates(%g: !one, %h: !one) -> !map {
  // CHECK-NEXT: %[[E:.*]] = resnet.expand %[[G]]
  // CHECK-NEXT: resnet.mul %[[E]], %[[H]] : (tensor<?x4x8x8xf32>, tensor<?x4x1x1xf32>) -> tensor<?x4x8x8xf32>
  %0 = resnet.expand %g size [8, 8] : !one -> !map
  %1 = resnet.expand %h size [8, 8] : !one -> !map
  %2 = resnet.mul %0, %1 : (!map, !map) -> !map
  return %2 : !map
}

// CHECK-LABEL: func @expanded_map_with_a_gate
func.func @expanded_map_with_a_gate(%g: !one, %h: !one) -> !map {
  // CHECK-NEXT: resnet.expand
  // CHECK-NEXT: resnet.mul %{{.*}} : (tensor<?x4x8x8xf32>, tensor<?x4x1x1xf32>) -> tensor<?x4x8x8xf32>
  %0 = resnet.expand %g size [8, 8] : !one -> !map
  %1 = resnet.mul %0, %h : (!map, !one) -> !map
  return %1 : !map
}

// CHECK-LABEL: func @expansion_to_its_own_size
// CHECK-SAME: (%[[G:[^:]*]]:
func.func @expansion_to_its_own_size(%g: !one) -> !one {
  // CHECK-NEXT: return %[[G]]
  %0 = resnet.expand %g size [1, 1] : !one -> !one
  return %0 : !one
}

// CHECK-LABEL: func @concat_of_one
// CHECK-SAME: (%[[X:[^:]*]]:
func.func @concat_of_one(%x: !map) -> !map {
  // CHECK-NEXT: return %[[X]]
  %0 = resnet.concat %x : (!map) -> !map
  return %0 : !map
}

// CHECK-LABEL: func @reshape_and_back
// CHECK-SAME: (%[[G:[^:]*]]:
func.func @reshape_and_back(%g: !one) -> !one {
  // CHECK-NEXT: return %[[G]]
  %0 = resnet.reshape %g [1, 1, 4] : !one -> tensor<?x1x1x4xf32>
  %1 = resnet.reshape %0 [4, 1, 1] : tensor<?x1x1x4xf32> -> !one
  return %1 : !one
}

// CHECK-LABEL: func @reshape_to_features
func.func @reshape_to_features(%g: !one) -> tensor<?x4xf32> {
  // CHECK-NEXT: resnet.flatten %{{.*}} : tensor<?x4x1x1xf32> -> tensor<?x4xf32>
  %0 = resnet.reshape %g [4] : !one -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func @flatten_of_reshape
func.func @flatten_of_reshape(%g: !one) -> tensor<?x4xf32> {
  // CHECK-NEXT: resnet.flatten %{{.*}} : tensor<?x4x1x1xf32> -> tensor<?x4xf32>
  // CHECK-NEXT: return
  %0 = resnet.reshape %g [1, 1, 4] : !one -> tensor<?x1x1x4xf32>
  %1 = resnet.flatten %0 : tensor<?x1x1x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// CHECK-LABEL: func @reshape_of_flatten
func.func @reshape_of_flatten(%g: !one) -> tensor<?x1x2x2xf32> {
  // CHECK-NEXT: resnet.reshape %{{.*}} [1, 2, 2] : tensor<?x4x1x1xf32> -> tensor<?x1x2x2xf32>
  // CHECK-NEXT: return
  %0 = resnet.flatten %g : !one -> tensor<?x4xf32>
  %1 = resnet.reshape %0 [1, 2, 2] : tensor<?x4xf32> -> tensor<?x1x2x2xf32>
  return %1 : tensor<?x1x2x2xf32>
}

// CHECK-LABEL: func @two_pads_of_edges
func.func @two_pads_of_edges(%x: !map) -> tensor<?x4x10x8xf32> {
  // CHECK-NEXT: resnet.pad %{{.*}} low [0, 1, 0] high [0, 1, 0] mode edge :
  // CHECK-NEXT: return
  %0 = resnet.pad %x low [0, 1, 0] high [0, 0, 0] mode edge : !map -> tensor<?x4x9x8xf32>
  %1 = resnet.pad %0 low [0, 0, 0] high [0, 1, 0] mode edge : tensor<?x4x9x8xf32> -> tensor<?x4x10x8xf32>
  return %1 : tensor<?x4x10x8xf32>
}

// CHECK-LABEL: func @two_reflections
func.func @two_reflections(%x: !map) -> tensor<?x4x10x8xf32> {
  // CHECK-COUNT-2: resnet.pad
  %0 = resnet.pad %x low [0, 1, 0] high [0, 0, 0] mode reflect : !map -> tensor<?x4x9x8xf32>
  %1 = resnet.pad %0 low [0, 1, 0] high [0, 0, 0] mode reflect : tensor<?x4x9x8xf32> -> tensor<?x4x10x8xf32>
  return %1 : tensor<?x4x10x8xf32>
}

// CHECK-LABEL: func @pads_of_two_modes
func.func @pads_of_two_modes(%x: !map) -> tensor<?x4x10x8xf32> {
  // CHECK-COUNT-2: resnet.pad
  %0 = resnet.pad %x low [0, 1, 0] high [0, 0, 0] mode edge : !map -> tensor<?x4x9x8xf32>
  %1 = resnet.pad %0 low [0, 1, 0] high [0, 0, 0] : tensor<?x4x9x8xf32> -> tensor<?x4x10x8xf32>
  return %1 : tensor<?x4x10x8xf32>
}

// CHECK-LABEL: func @elementwise_with_a_gate
func.func @elementwise_with_a_gate(%x: !map, %g: !one) -> !map {
  // CHECK-NEXT: resnet.fused_elementwise
  %0 = resnet.fused_elementwise %x gate %g : (!map, !one) -> !map
  return %0 : !map
}
