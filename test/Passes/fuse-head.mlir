// RUN: resnet-opt %s --resnet-fuse-head | FileCheck %s
// RUN: resnet-opt %s --resnet-fuse-head --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s --check-prefix=LOC

// CHECK-LABEL: func @head_with_softmax
// CHECK-SAME: (%[[X:[^:]*]]: {{[^,]*}}, %[[W:[^:]*]]: {{[^,]*}}, %[[B:[^:]*]]:
func.func @head_with_softmax(%x: tensor<?x64x7x7xf32>, %w: tensor<10x64xf32>, %b: tensor<10xf32>) -> tensor<?x10xf32> {
  // CHECK-NEXT: resnet.fused_head %[[X]], %[[W]], %[[B]] softmax :
  // CHECK-NEXT: return
  // LOC: resnet.fused_head {{.*}} loc(fused["pool", "flatten", "fc", "softmax"])
  %0 = resnet.global_avg_pool %x : tensor<?x64x7x7xf32> -> tensor<?x64x1x1xf32> loc("pool")
  %1 = resnet.flatten %0 : tensor<?x64x1x1xf32> -> tensor<?x64xf32> loc("flatten")
  %2 = resnet.linear %1, %w, %b : (tensor<?x64xf32>, tensor<10x64xf32>, tensor<10xf32>) -> tensor<?x10xf32> loc("fc")
  %3 = resnet.softmax %2 : tensor<?x10xf32> -> tensor<?x10xf32> loc("softmax")
  return %3 : tensor<?x10xf32>
}

// CHECK-LABEL: func @head_without_bias
func.func @head_without_bias(%x: tensor<?x64x7x7xf32>, %w: tensor<10x64xf32>) -> tensor<?x10xf32> {
  // CHECK-NEXT: resnet.fused_head %{{[^,]*}}, %{{[^,]*}} :
  %0 = resnet.global_avg_pool %x : tensor<?x64x7x7xf32> -> tensor<?x64x1x1xf32>
  %1 = resnet.flatten %0 : tensor<?x64x1x1xf32> -> tensor<?x64xf32>
  %2 = resnet.linear %1, %w : (tensor<?x64xf32>, tensor<10x64xf32>) -> tensor<?x10xf32>
  return %2 : tensor<?x10xf32>
}

// CHECK-LABEL: func @no_softmax_logits_read_twice
func.func @no_softmax_logits_read_twice(%x: tensor<?x64x7x7xf32>, %w: tensor<10x64xf32>) -> (tensor<?x10xf32>, tensor<?x10xf32>) {
  // CHECK-NEXT: %[[L:.*]] = resnet.fused_head %{{[^,]*}}, %{{[^,]*}} :
  // CHECK-NEXT: resnet.softmax %[[L]]
  %0 = resnet.global_avg_pool %x : tensor<?x64x7x7xf32> -> tensor<?x64x1x1xf32>
  %1 = resnet.flatten %0 : tensor<?x64x1x1xf32> -> tensor<?x64xf32>
  %2 = resnet.linear %1, %w : (tensor<?x64xf32>, tensor<10x64xf32>) -> tensor<?x10xf32>
  %3 = resnet.softmax %2 : tensor<?x10xf32> -> tensor<?x10xf32>
  return %2, %3 : tensor<?x10xf32>, tensor<?x10xf32>
}

// CHECK-LABEL: func @no_fusion_features_read_twice
func.func @no_fusion_features_read_twice(%x: tensor<?x64x7x7xf32>, %w: tensor<10x64xf32>) -> (tensor<?x64xf32>, tensor<?x10xf32>) {
  // CHECK-NOT: resnet.fused_head
  // CHECK: return
  %0 = resnet.global_avg_pool %x : tensor<?x64x7x7xf32> -> tensor<?x64x1x1xf32>
  %1 = resnet.flatten %0 : tensor<?x64x1x1xf32> -> tensor<?x64xf32>
  %2 = resnet.linear %1, %w : (tensor<?x64xf32>, tensor<10x64xf32>) -> tensor<?x10xf32>
  return %1, %2 : tensor<?x64xf32>, tensor<?x10xf32>
}

// CHECK-LABEL: func @no_fusion_pool_read_twice
func.func @no_fusion_pool_read_twice(%x: tensor<?x64x7x7xf32>, %w: tensor<10x64xf32>) -> (tensor<?x64x1x1xf32>, tensor<?x10xf32>) {
  // CHECK-NOT: resnet.fused_head
  // CHECK: return
  %0 = resnet.global_avg_pool %x : tensor<?x64x7x7xf32> -> tensor<?x64x1x1xf32>
  %1 = resnet.flatten %0 : tensor<?x64x1x1xf32> -> tensor<?x64xf32>
  %2 = resnet.linear %1, %w : (tensor<?x64xf32>, tensor<10x64xf32>) -> tensor<?x10xf32>
  return %0, %2 : tensor<?x64x1x1xf32>, tensor<?x10xf32>
}

// CHECK-LABEL: func @no_fusion_without_pool
func.func @no_fusion_without_pool(%x: tensor<?x16x2x2xf32>, %w: tensor<10x64xf32>) -> tensor<?x10xf32> {
  // CHECK-NOT: resnet.fused_head
  // CHECK: return
  %0 = resnet.flatten %x : tensor<?x16x2x2xf32> -> tensor<?x64xf32>
  %1 = resnet.linear %0, %w : (tensor<?x64xf32>, tensor<10x64xf32>) -> tensor<?x10xf32>
  return %1 : tensor<?x10xf32>
}

// CHECK-LABEL: func @no_fusion_of_a_max_pool
func.func @no_fusion_of_a_max_pool(%x: tensor<?x64x7x7xf32>, %w: tensor<10x64xf32>) -> tensor<?x10xf32> {
  // CHECK-NOT: resnet.fused_head
  // CHECK: return
  %0 = resnet.max_pool2d %x kernel [7, 7] : tensor<?x64x7x7xf32> -> tensor<?x64x1x1xf32>
  %1 = resnet.flatten %0 : tensor<?x64x1x1xf32> -> tensor<?x64xf32>
  %2 = resnet.linear %1, %w : (tensor<?x64xf32>, tensor<10x64xf32>) -> tensor<?x10xf32>
  return %2 : tensor<?x10xf32>
}

// CHECK-LABEL: func @head_with_log_softmax
func.func @head_with_log_softmax(%x: tensor<?x64x7x7xf32>, %w: tensor<10x64xf32>) -> tensor<?x10xf32> {
  // CHECK-NEXT: resnet.fused_head %{{[^,]*}}, %{{[^,]*}} softmax log :
  // CHECK-NEXT: return
  %0 = resnet.global_avg_pool %x : tensor<?x64x7x7xf32> -> tensor<?x64x1x1xf32>
  %1 = resnet.flatten %0 : tensor<?x64x1x1xf32> -> tensor<?x64xf32>
  %2 = resnet.linear %1, %w : (tensor<?x64xf32>, tensor<10x64xf32>) -> tensor<?x10xf32>
  %3 = resnet.softmax %2 log : tensor<?x10xf32> -> tensor<?x10xf32>
  return %3 : tensor<?x10xf32>
}

// CHECK-LABEL: func @no_fusion_through_fake_quantize
func.func @no_fusion_through_fake_quantize(%x: tensor<?x64x7x7xf32>, %w: tensor<10x64xf32>) -> tensor<?x10xf32> {
  // CHECK-NOT: resnet.fused_head
  // CHECK: return
  %0 = resnet.global_avg_pool %x : tensor<?x64x7x7xf32> -> tensor<?x64x1x1xf32>
  %1 = resnet.fake_quantize %0 scale 0.5 zero_point 0 range [0, 255] : tensor<?x64x1x1xf32> -> tensor<?x64x1x1xf32>
  %2 = resnet.flatten %1 : tensor<?x64x1x1xf32> -> tensor<?x64xf32>
  %3 = resnet.linear %2, %w : (tensor<?x64xf32>, tensor<10x64xf32>) -> tensor<?x10xf32>
  return %3 : tensor<?x10xf32>
}
