// RUN: resnet-opt %s -split-input-file --resnet-llvm-pipeline | FileCheck %s

!halo = tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 0, 0]>>
!out = tensor<?x16x4x4xf32, #resnet.layout<block = 16>>
!part = tensor<?x16x2x2xf32>
!filter = tensor<16x16x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>

// Kernels and globals are erased: code generation has read them.
// CHECK-NOT: resnet.
// CHECK-DAG: llvm.func @resnet_runtime_step(!llvm.ptr, i32)
// CHECK-DAG: llvm.func @resnet_runtime_zero_halo(!llvm.ptr, !llvm.ptr, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64)
// CHECK-DAG: llvm.func @load_launch(!llvm.ptr, i64, !llvm.ptr, i64, !llvm.ptr, i64) -> i32
// CHECK-DAG: llvm.func @conv_launch(!llvm.ptr, i64, !llvm.ptr, i64, !llvm.ptr, i64, !llvm.ptr, i64) -> i32
resnet.kernel @load(%a: tensor<?x16x8x8xf32>) -> !halo {
  %0 = resnet.convert_layout %a : tensor<?x16x8x8xf32> -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @conv(%a: !halo, %w: !filter) -> !out {
  %0 = resnet.fused_conv2d %a, %w stride [2, 2] pad [1, 1, 1, 1] : (!halo, !filter) -> !out
  resnet.yield %0 : !out
}
resnet.global @unused offset 0 dense<1.0> : tensor<16xf32>
resnet.global @w offset 64 dense<1.0> : tensor<16x16x3x3xf32> as !filter

// CHECK-LABEL: llvm.func @resnet_main
// CHECK-SAME: (%[[CTX:.*]]: !llvm.ptr, %[[IN:.*]]: !llvm.ptr, %[[OUT:.*]]: !llvm.ptr, %[[ARENA:.*]]: !llvm.ptr, %[[WEIGHTS:.*]]: !llvm.ptr, %[[BATCH:.*]]: i64) -> i32
func.func @main(%x: !resnet.buffer<tensor<?x16x8x8xf32>>, %y: !resnet.buffer<tensor<?x16x8x8xf32>>,
                %z: !resnet.buffer<tensor<?x256xf32>> {resnet.output}, %arena: !resnet.arena<6400>, %weights: !resnet.weights<9280>) {
  // The second input is the second pointer of the array.
  // CHECK: %[[Y_SLOT:.*]] = llvm.getelementptr %[[IN]][1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
  // CHECK: %[[Y:.*]] = llvm.load %[[Y_SLOT]]
  // CHECK: %[[Z_SLOT:.*]] = llvm.getelementptr %[[OUT]][0]
  // CHECK: %[[Z:.*]] = llvm.load %[[Z_SLOT]]
  // An offset into the arena is an image's share.
  // CHECK: %[[O:.*]] = llvm.mlir.constant(1024 : i64)
  // CHECK: %[[ON:.*]] = llvm.mul %[[O]], %[[BATCH]] overflow<nsw>
  // CHECK: %[[A:.*]] = llvm.getelementptr %[[ARENA]][%[[ON]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  %a = resnet.view %arena[1024] : !resnet.arena<6400> -> !resnet.buffer<!halo>
  // A step begins with what prepares its launch.
  // CHECK: %[[STEP0:.*]] = llvm.mlir.constant(0 : i32)
  // CHECK: llvm.call @resnet_runtime_step(%[[CTX]], %[[STEP0]])
  // CHECK: %[[STRIDE:.*]] = llvm.mlir.constant(5184 : i64)
  // CHECK: llvm.mlir.constant(1 : i64)
  // CHECK: llvm.mlir.constant(16 : i64)
  // CHECK: llvm.mlir.constant(8 : i64)
  // CHECK: llvm.mlir.constant(8 : i64)
  // CHECK: llvm.mlir.constant(1 : i64)
  // CHECK: llvm.mlir.constant(1 : i64)
  // CHECK: llvm.mlir.constant(0 : i64)
  // CHECK: llvm.mlir.constant(0 : i64)
  // CHECK: llvm.call @resnet_runtime_zero_halo(%[[CTX]], %[[A]], %[[BATCH]], %[[STRIDE]],
  resnet.zero_halo %a : !resnet.buffer<!halo>
  // CHECK-NOT: resnet_runtime_step
  // CHECK: %[[FROM:.*]] = llvm.mlir.constant(4096 : i64)
  // CHECK: %[[TO:.*]] = llvm.mlir.constant(5184 : i64)
  // CHECK: %[[R0:.*]] = llvm.call @load_launch(%[[CTX]], %[[BATCH]], %[[Y]], %[[FROM]], %[[A]], %[[TO]])
  // CHECK: %[[BAD0:.*]] = llvm.icmp "ne" %[[R0]], %{{.*}} : i32
  // CHECK: llvm.cond_br %[[BAD0]], ^[[FAIL:.*]](%[[R0]] : i32), ^[[NEXT:.*]]
  resnet.launch @load ins(%y : !resnet.buffer<tensor<?x16x8x8xf32>>) outs(%a : !resnet.buffer<!halo>)
  // CHECK: ^[[NEXT]]:
  // CHECK: %[[WO:.*]] = llvm.mlir.constant(64 : i64)
  // CHECK: %[[W:.*]] = llvm.getelementptr %[[WEIGHTS]][%[[WO]]]
  %w = resnet.view %weights[64] : !resnet.weights<9280> -> !resnet.buffer<!filter>
  %v = resnet.view %z[0] : !resnet.buffer<tensor<?x256xf32>> -> !resnet.buffer<!out, image_stride = 1024>
  // CHECK: llvm.call @resnet_runtime_step
  // Weights have no image stride.
  // CHECK: %[[S0:.*]] = llvm.mlir.constant(5184 : i64)
  // CHECK: %[[S1:.*]] = llvm.mlir.constant(0 : i64)
  // CHECK: %[[S2:.*]] = llvm.mlir.constant(1024 : i64)
  // CHECK: llvm.call @conv_launch(%[[CTX]], %[[BATCH]], %[[A]], %[[S0]], %[[W]], %[[S1]], %[[Z]], %[[S2]])
  resnet.launch @conv ins(%a, %w : !resnet.buffer<!halo>, !resnet.buffer<!filter>) outs(%v : !resnet.buffer<!out, image_stride = 1024>)
  // The end of the last step, and success.
  // CHECK: %[[LAST:.*]] = llvm.mlir.constant(2 : i32)
  // CHECK: llvm.call @resnet_runtime_step(%[[CTX]], %[[LAST]])
  // CHECK: %[[OK:.*]] = llvm.mlir.constant(0 : i32)
  // CHECK: llvm.return %[[OK]]
  // CHECK: ^[[FAIL]](%[[CODE:.*]]: i32):
  // CHECK: llvm.return %[[CODE]]
  return
}

// -----

// A view of a view is at the sum of the offsets, and keeps the distance of the viewed buffer's images. Only arena offsets scale
// with the batch.
resnet.kernel @pad(%a: tensor<?x16x2x2xf32>) -> tensor<?x16x2x2xf32> {
  %0 = resnet.pad %a low [0, 0, 0] high [0, 0, 0] : tensor<?x16x2x2xf32> -> tensor<?x16x2x2xf32>
  resnet.yield %0 : tensor<?x16x2x2xf32>
}
!part = !resnet.buffer<tensor<?x16x2x2xf32>, image_stride = 512>
!whole = !resnet.buffer<tensor<?x32x2x2xf32>>
// CHECK-LABEL: llvm.func @resnet_main
func.func @main(%x: !whole, %y: !resnet.buffer<tensor<?x16x2x2xf32>> {resnet.output}, %arena: !resnet.arena<0>, %weights: !resnet.weights<0>) {
  // CHECK: %[[X:.*]] = llvm.load
  // CHECK: %[[O:.*]] = llvm.mlir.constant(256 : i64)
  // CHECK-NOT: llvm.mul
  // CHECK: %[[V:.*]] = llvm.getelementptr %[[X]][%[[O]]]
  %v = resnet.view %x[256] : !whole -> !part
  // CHECK: %[[S:.*]] = llvm.mlir.constant(512 : i64)
  // CHECK: llvm.call @pad_launch(%{{.*}}, %{{.*}}, %[[V]], %[[S]],
  resnet.launch @pad ins(%v : !part) outs(%y : !resnet.buffer<tensor<?x16x2x2xf32>>)
  return
}
