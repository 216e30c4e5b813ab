// RUN: resnet-opt %s -split-input-file --pass-pipeline="builtin.module(resnet-lower-to-llvm{separate-steps=2})" | FileCheck %s

!map = tensor<?x16x4x4xf32, #resnet.layout<block = 16>>
!halo = tensor<?x16x4x4xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>

resnet.kernel @load(%a: tensor<?x16x4x4xf32>) -> !map {
  %0 = resnet.convert_layout %a : tensor<?x16x4x4xf32> -> !map
  resnet.yield %0 : !map
}
resnet.kernel @widen(%a: !map) -> !halo {
  %0 = resnet.convert_layout %a : !map -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @copy(%a: !halo) -> !halo {
  %0 = resnet.convert_layout %a : !halo -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @store(%a: !halo) -> tensor<?x16x4x4xf32> {
  %0 = resnet.convert_layout %a : !halo -> tensor<?x16x4x4xf32>
  resnet.yield %0 : tensor<?x16x4x4xf32>
}

// CHECK-LABEL: llvm.func @resnet_main
// CHECK-SAME: (%[[CTX:.*]]: !llvm.ptr, %[[IN:.*]]: !llvm.ptr, %[[OUT:.*]]: !llvm.ptr, %[[ARENA:.*]]: !llvm.ptr, %{{.*}}: !llvm.ptr, %[[BATCH:.*]]: i64) -> i32

func.func @main(%x: !resnet.buffer<tensor<?x16x4x4xf32>>, %y: !resnet.buffer<tensor<?x16x4x4xf32>> {resnet.output},
                %arena: !resnet.arena<6656>, %weights: !resnet.weights<0>) {
  // Only the first steps use %a: it lies behind the arena of all images, once.
  // CHECK: %[[X:.*]] = llvm.load
  // CHECK: %[[S:.*]] = llvm.mlir.constant(6656 : i64)
  // CHECK: %[[ALL:.*]] = llvm.mul %[[S]], %[[BATCH]]
  // CHECK: %[[BEHIND:.*]] = llvm.add %{{.*}}, %[[ALL]]
  // CHECK: %[[A:.*]] = llvm.getelementptr %[[ARENA]][%[[BEHIND]]]
  %a = resnet.view %arena[0] : !resnet.arena<6656> -> !resnet.buffer<!map>
  // CHECK: %[[B:.*]] = llvm.getelementptr %[[ARENA]]
  %b = resnet.view %arena[2048] : !resnet.arena<6656> -> !resnet.buffer<!halo>
  %c = resnet.view %arena[4352] : !resnet.arena<6656> -> !resnet.buffer<!halo>
  // CHECK: llvm.br ^[[LOOP:.*]](%{{.*}} : i64)
  // CHECK: ^[[LOOP]](%[[IMAGE:.*]]: i64):
  // CHECK: %[[ONE:.*]] = llvm.mlir.constant(1 : i64)
  // CHECK: %[[XI:.*]] = llvm.getelementptr %[[X]][%{{.*}}]
  // CHECK: llvm.call @load_launch(%[[CTX]], %[[ONE]], %[[XI]], %{{.*}}, %[[A]], %{{.*}})
  resnet.launch @load ins(%x : !resnet.buffer<tensor<?x16x4x4xf32>>) outs(%a : !resnet.buffer<!map>)
  // What later steps read is in the arena of all images.
  // CHECK: %[[BH:.*]] = llvm.getelementptr %[[B]]
  // CHECK: llvm.call @resnet_runtime_zero_halo(%[[CTX]], %[[BH]],
  resnet.zero_halo %b : !resnet.buffer<!halo>
  // CHECK: %[[BI:.*]] = llvm.getelementptr %[[B]]
  // CHECK: llvm.call @widen_launch(%[[CTX]], %{{.*}}, %[[A]], %{{.*}}, %[[BI]], %{{.*}})
  resnet.launch @widen ins(%a : !resnet.buffer<!map>) outs(%b : !resnet.buffer<!halo>)
  // CHECK: %[[NEXT:.*]] = llvm.add %[[IMAGE]], %{{.*}}
  // CHECK: %[[MORE:.*]] = llvm.icmp "slt" %[[NEXT]], %[[BATCH]]
  // CHECK: llvm.cond_br %[[MORE]], ^[[LOOP]](%[[NEXT]] : i64), ^[[REST:.*]]
  // CHECK: ^[[REST]]:
  // A halo that the plan does not zero may have been the first steps', elsewhere.
  // CHECK: llvm.call @resnet_runtime_zero_halo(%[[CTX]], %{{.*}}, %[[BATCH]],
  // CHECK: llvm.call @copy_launch(%[[CTX]], %[[BATCH]], %[[B]],
  resnet.launch @copy ins(%b : !resnet.buffer<!halo>) outs(%c : !resnet.buffer<!halo>)
  // CHECK-NOT: resnet_runtime_zero_halo
  // CHECK: llvm.call @store_launch(%[[CTX]], %[[BATCH]],
  resnet.launch @store ins(%c : !resnet.buffer<!halo>) outs(%y : !resnet.buffer<tensor<?x16x4x4xf32>>)
  return
}

// -----

!map = tensor<?x16x4x4xf32, #resnet.layout<block = 16>>

resnet.kernel @load(%a: tensor<?x16x4x4xf32>) -> tensor<?x16x4x4xf32> {
  %0 = resnet.convert_layout %a : tensor<?x16x4x4xf32> -> tensor<?x16x4x4xf32>
  resnet.yield %0 : tensor<?x16x4x4xf32>
}

// All steps are first ones: the loop ends before the function does.
// CHECK-LABEL: llvm.func @resnet_main
// CHECK: llvm.call @load_launch
// CHECK: llvm.icmp "slt"
// CHECK: llvm.return
func.func @main(%x: !resnet.buffer<tensor<?x16x4x4xf32>>, %y: !resnet.buffer<tensor<?x16x4x4xf32>> {resnet.output},
                %arena: !resnet.arena<0>, %weights: !resnet.weights<0>) {
  resnet.launch @load ins(%x : !resnet.buffer<tensor<?x16x4x4xf32>>) outs(%y : !resnet.buffer<tensor<?x16x4x4xf32>>)
  return
}
