// RUN: resnet-opt %s -split-input-file --resnet-validate --resnet-memory-pipeline | FileCheck %s
// RUN: resnet-opt %s -split-input-file --resnet-validate --resnet-memory-pipeline=no-reuse | FileCheck %s --check-prefix=OWN

!map = tensor<?x16x8x8xf32, #resnet.layout<block = 16>>
!halo = tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!filter = tensor<16x16x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>

resnet.kernel @load(%a: tensor<?x16x8x8xf32>) -> !halo {
  %0 = resnet.convert_layout %a : tensor<?x16x8x8xf32> -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @conv(%a: !halo, %w: !filter) -> !halo {
  %0 = resnet.fused_conv2d %a, %w pad [1, 1, 1, 1] : (!halo, !filter) -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @sum(%a: !halo, %w: !filter, %s: !halo) -> !halo attributes {in_place = 2 : i64} {
  %0 = resnet.fused_conv2d %a, %w addend %s pad [1, 1, 1, 1] : (!halo, !filter, !halo) -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @store(%a: !halo) -> tensor<?x16x8x8xf32> {
  %0 = resnet.convert_layout %a : !halo -> tensor<?x16x8x8xf32>
  resnet.yield %0 : tensor<?x16x8x8xf32>
}

// A residual block needs two buffers: the sum lies over the shortcut. Equal constants are stored once.
// CHECK: resnet.global @constant offset 0 {{.*}}dense<1.000000e-01>
// CHECK: resnet.global @constant_1 offset 9216 {{.*}}dense<2.000000e-01>
// CHECK-NOT: resnet.global
// CHECK-LABEL: func @main
// CHECK-SAME: (%[[X:.*]]: !resnet.buffer<tensor<?x16x8x8xf32>> {resnet.name = "x"}, %[[Y:.*]]: !resnet.buffer<tensor<?x16x8x8xf32>> {resnet.name = "y", resnet.output}, %[[ARENA:.*]]: !resnet.arena<12800>, %[[WEIGHTS:.*]]: !resnet.weights<18432>)
// OWN-LABEL: func @main
// OWN-SAME: !resnet.arena<19200>
// OWN-COUNT-3: resnet.zero_halo
func.func @main(%x: tensor<?x16x8x8xf32> {resnet.name = "x"}) -> (tensor<?x16x8x8xf32> {resnet.name = "y"}) {
  %w = resnet.constant dense<0.1> : tensor<16x16x3x3xf32> as !filter
  %v = resnet.constant dense<0.2> : tensor<16x16x3x3xf32> as !filter
  %u = resnet.constant dense<0.1> : tensor<16x16x3x3xf32> as !filter
  // CHECK-NEXT: %[[A:.*]] = resnet.view %[[ARENA]][0]
  // CHECK-NEXT: resnet.zero_halo %[[A]]
  // CHECK-NEXT: resnet.launch @load ins(%[[X]] : {{.*}}) outs(%[[A]] :
  %d0 = resnet.empty : !halo
  %0 = resnet.launch @load ins(%x : tensor<?x16x8x8xf32>) outs(%d0 : !halo) -> !halo
  // CHECK-NEXT: %[[W:.*]] = resnet.view %[[WEIGHTS]][0]
  // CHECK-NEXT: %[[B:.*]] = resnet.view %[[ARENA]][6400]
  // CHECK-NEXT: resnet.zero_halo %[[B]]
  // CHECK-NEXT: resnet.launch @conv ins(%[[A]], %[[W]] : {{.*}}) outs(%[[B]] :
  %d1 = resnet.empty : !halo
  %1 = resnet.launch @conv ins(%0, %w : !halo, !filter) outs(%d1 : !halo) -> !halo
  // CHECK-NEXT: %[[V:.*]] = resnet.view %[[WEIGHTS]][9216]
  // CHECK-NEXT: resnet.launch @sum ins(%[[B]], %[[V]], %[[A]] : {{.*}}) outs(%[[A]] :
  %2 = resnet.launch @sum ins(%1, %v, %0 : !halo, !filter, !halo) outs(%0 : !halo) -> !halo
  // The bytes of the first convolution are used again, and their halo is still zero.
  // CHECK-NEXT: %[[U:.*]] = resnet.view %[[WEIGHTS]][0]
  // CHECK-NEXT: %[[C:.*]] = resnet.view %[[ARENA]][6400]
  // CHECK-NEXT: resnet.launch @conv ins(%[[A]], %[[U]] : {{.*}}) outs(%[[C]] :
  %d3 = resnet.empty : !halo
  %3 = resnet.launch @conv ins(%2, %u : !halo, !filter) outs(%d3 : !halo) -> !halo
  // The last kernel writes the output.
  // CHECK-NEXT: resnet.launch @store ins(%[[C]] : {{.*}}) outs(%[[Y]] :
  // CHECK-NEXT: return
  %d4 = resnet.empty : tensor<?x16x8x8xf32>
  %4 = resnet.launch @store ins(%3 : !halo) outs(%d4 : tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  return %4 : tensor<?x16x8x8xf32>
}

// -----

!wide = tensor<?x48x2x2xf32, #resnet.layout<block = 16>>
!part = tensor<?x16x2x2xf32, #resnet.layout<block = 16>>

resnet.kernel @load(%a: tensor<?x48x2x2xf32>) -> !wide {
  %0 = resnet.convert_layout %a : tensor<?x48x2x2xf32> -> !wide
  resnet.yield %0 : !wide
}
resnet.kernel @pool(%a: !part) -> !part {
  %0 = resnet.max_pool2d %a kernel [1, 1] : !part -> !part
  resnet.yield %0 : !part
}
resnet.kernel @store(%a: !part) -> tensor<?x16x2x2xf32> {
  %0 = resnet.convert_layout %a : !part -> tensor<?x16x2x2xf32>
  resnet.yield %0 : tensor<?x16x2x2xf32>
}
resnet.kernel @sum(%a: !part, %b: !part) -> !part {
  %0 = resnet.fused_elementwise %a addend %b : (!part, !part) -> !part
  resnet.yield %0 : !part
}

// A slice is a view of its source, which lives as long as the view; a flatten of the output is one, too.
// CHECK-LABEL: func @main
// CHECK-SAME: %[[OUT:[^:]*]]: !resnet.buffer<tensor<?x64xf32>> {resnet.output}, %[[ARENA:[^:]*]]: !resnet.arena<1280>
// OWN-LABEL: func @main
// OWN-SAME: !resnet.arena<1280>
func.func @main(%x: tensor<?x48x2x2xf32>) -> tensor<?x64xf32> {
  // CHECK: %[[A:.*]] = resnet.view %[[ARENA]][0]
  // CHECK: resnet.launch @load
  %d0 = resnet.empty : !wide
  %0 = resnet.launch @load ins(%x : tensor<?x48x2x2xf32>) outs(%d0 : !wide) -> !wide
  // CHECK: %[[V:.*]] = resnet.view %[[A]][512] : {{.*}} -> !resnet.buffer<tensor<?x16x2x2xf32, #resnet.layout<block = 16>>, image_stride = 768>
  %v = resnet.slice %0 offsets [32, 0, 0] sizes [16, 2, 2] strides [1, 1, 1] : !wide -> !part
  // CHECK: %[[B:.*]] = resnet.view %[[ARENA]][768]
  // CHECK: resnet.launch @pool ins(%[[V]] : {{.*}}) outs(%[[B]] :
  %d1 = resnet.empty : !part
  %1 = resnet.launch @pool ins(%v : !part) outs(%d1 : !part) -> !part
  // CHECK: %[[C:.*]] = resnet.view %[[ARENA]][1024]
  // CHECK: resnet.launch @sum ins(%[[B]], %[[V]] : {{.*}}) outs(%[[C]] :
  %d2 = resnet.empty : !part
  %2 = resnet.launch @sum ins(%1, %v : !part, !part) outs(%d2 : !part) -> !part
  // CHECK: %[[D:.*]] = resnet.view %[[OUT]][0] : {{.*}} -> !resnet.buffer<tensor<?x16x2x2xf32>, image_stride = 256>
  // CHECK: resnet.launch @store ins(%[[C]] : {{.*}}) outs(%[[D]] :
  %d3 = resnet.empty : tensor<?x16x2x2xf32>
  %3 = resnet.launch @store ins(%2 : !part) outs(%d3 : tensor<?x16x2x2xf32>) -> tensor<?x16x2x2xf32>
  %f = resnet.flatten %3 : tensor<?x16x2x2xf32> -> tensor<?x64xf32>
  return %f : tensor<?x64xf32>
}

// -----

resnet.kernel @softmax(%a: tensor<?x20xf32>) -> tensor<?x20xf32> {
  %0 = resnet.softmax %a : tensor<?x20xf32> -> tensor<?x20xf32>
  resnet.yield %0 : tensor<?x20xf32>
}

// A chain needs two buffers of 128 bytes (80 rounded up), however long it is; without reuse one a launch. A dead result has a place too.
// CHECK-LABEL: func @main
// CHECK-SAME: !resnet.arena<256>
// OWN-LABEL: func @main
// OWN-SAME: !resnet.arena<512>
func.func @main(%x: tensor<?x20xf32>) -> tensor<?x20xf32> {
  // CHECK: resnet.view %{{.*}}[0]
  // OWN: resnet.view %{{.*}}[0]
  %d = resnet.empty : tensor<?x20xf32>
  %0 = resnet.launch @softmax ins(%x : tensor<?x20xf32>) outs(%d : tensor<?x20xf32>) -> tensor<?x20xf32>
  // CHECK: resnet.view %{{.*}}[128]
  // OWN: resnet.view %{{.*}}[128]
  %1 = resnet.launch @softmax ins(%0 : tensor<?x20xf32>) outs(%d : tensor<?x20xf32>) -> tensor<?x20xf32>
  // CHECK: resnet.view %{{.*}}[0]
  // OWN: resnet.view %{{.*}}[256]
  %2 = resnet.launch @softmax ins(%1 : tensor<?x20xf32>) outs(%d : tensor<?x20xf32>) -> tensor<?x20xf32>
  // CHECK: resnet.view %{{.*}}[128]
  // OWN: resnet.view %{{.*}}[384]
  %dead = resnet.launch @softmax ins(%2 : tensor<?x20xf32>) outs(%d : tensor<?x20xf32>) -> tensor<?x20xf32>
  %3 = resnet.launch @softmax ins(%2 : tensor<?x20xf32>) outs(%d : tensor<?x20xf32>) -> tensor<?x20xf32>
  return %3 : tensor<?x20xf32>
}

// -----

!halo = tensor<?x32x6x6xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!half = tensor<?x16x6x6xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
!other = tensor<?x32x7x7xf32, #resnet.layout<block = 16, halo = [0, 0, 1, 1]>>
!filter = tensor<32x32x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
!halving = tensor<16x32x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
!doubling = tensor<32x16x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>

resnet.kernel @load(%a: tensor<?x32x6x6xf32>) -> !halo {
  %0 = resnet.convert_layout %a : tensor<?x32x6x6xf32> -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @conv(%a: !halo, %w: !filter) -> !halo {
  %0 = resnet.fused_conv2d %a, %w pad [1, 1, 1, 1] : (!halo, !filter) -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @grow(%a: !halo) -> !other {
  %0 = resnet.pad %a low [0, 0, 0] high [0, 1, 1] : !halo -> !other
  resnet.yield %0 : !other
}
resnet.kernel @shrink(%a: !other) -> !halo {
  %0 = resnet.slice %a offsets [0, 0, 0] sizes [32, 6, 6] strides [1, 1, 1] : !other -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @halve(%a: !halo, %w: !halving) -> !half {
  %0 = resnet.fused_conv2d %a, %w pad [1, 1, 1, 1] : (!halo, !halving) -> !half
  resnet.yield %0 : !half
}
resnet.kernel @double(%a: !half, %w: !doubling) -> !halo {
  %0 = resnet.fused_conv2d %a, %w pad [1, 1, 1, 1] : (!half, !doubling) -> !halo
  resnet.yield %0 : !halo
}
resnet.kernel @store(%a: !halo) -> tensor<?x32x6x6xf32> {
  %0 = resnet.convert_layout %a : !halo -> tensor<?x32x6x6xf32>
  resnet.yield %0 : tensor<?x32x6x6xf32>
}

// A map with its halo elsewhere writes where halos were zero: those are zeroed anew. Fewer channels of one map keep it.
// CHECK-LABEL: func @main
// CHECK-SAME: !resnet.arena<16384>
func.func @main(%x: tensor<?x32x6x6xf32>) -> tensor<?x32x6x6xf32> {
  %w = resnet.constant dense<0.1> : tensor<32x32x3x3xf32> as !filter
  %v = resnet.constant dense<0.1> : tensor<16x32x3x3xf32> as !halving
  %u = resnet.constant dense<0.1> : tensor<32x16x3x3xf32> as !doubling
  // CHECK: %[[A:.*]] = resnet.view %{{.*}}[0]
  // CHECK-NEXT: resnet.zero_halo %[[A]]
  // CHECK-NEXT: resnet.launch @load
  %d = resnet.empty : !halo
  %0 = resnet.launch @load ins(%x : tensor<?x32x6x6xf32>) outs(%d : !halo) -> !halo
  // CHECK: %[[B:.*]] = resnet.view %{{.*}}[8192]
  // CHECK-NEXT: resnet.zero_halo %[[B]]
  // CHECK-NEXT: resnet.launch @conv
  %1 = resnet.launch @conv ins(%0, %w : !halo, !filter) outs(%d : !halo) -> !halo
  // CHECK: %[[C:.*]] = resnet.view %{{.*}}[0]
  // CHECK-NEXT: resnet.zero_halo %[[C]]
  // CHECK-NEXT: resnet.launch @grow
  %e = resnet.empty : !other
  %2 = resnet.launch @grow ins(%1 : !halo) outs(%e : !other) -> !other
  // CHECK: %[[D:.*]] = resnet.view %{{.*}}[8192]
  // CHECK-NEXT: resnet.launch @shrink
  %3 = resnet.launch @shrink ins(%2 : !other) outs(%d : !halo) -> !halo
  // CHECK: %[[E:.*]] = resnet.view %{{.*}}[0]
  // CHECK-NEXT: resnet.zero_halo %[[E]]
  // CHECK-NEXT: resnet.launch @conv
  %4 = resnet.launch @conv ins(%3, %w : !halo, !filter) outs(%d : !halo) -> !halo
  // CHECK: %[[F:.*]] = resnet.view %{{.*}}[8192]
  // CHECK-NEXT: resnet.launch @halve
  %f = resnet.empty : !half
  %5 = resnet.launch @halve ins(%4, %v : !halo, !halving) outs(%f : !half) -> !half
  // CHECK: %[[G:.*]] = resnet.view %{{.*}}[0]
  // CHECK-NEXT: resnet.launch @double
  %6 = resnet.launch @double ins(%5, %u : !half, !doubling) outs(%d : !halo) -> !halo
  %g = resnet.empty : tensor<?x32x6x6xf32>
  %7 = resnet.launch @store ins(%6 : !halo) outs(%g : tensor<?x32x6x6xf32>) -> tensor<?x32x6x6xf32>
  return %7 : tensor<?x32x6x6xf32>
}
