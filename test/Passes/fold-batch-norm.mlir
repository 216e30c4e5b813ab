// RUN: resnet-opt %s --resnet-fold-batch-norm | FileCheck %s

// With epsilon 0 and variance 4: a factor of scale / 2, a shift of offset - mean * scale / 2.

// CHECK-LABEL: func @into_the_conv_before
// CHECK-SAME: (%[[X:.*]]: tensor<?x1x4x4xf32>)
func.func @into_the_conv_before(%x: tensor<?x1x4x4xf32>) -> tensor<?x2x4x4xf32> {
  // CHECK-DAG: %[[W:.*]] = resnet.constant dense<{{\[\[\[\[}}1.000000e+00]]], {{\[\[\[}}6.000000e+00]]]]> : tensor<2x1x1x1xf32>
  // CHECK-DAG: %[[B:.*]] = resnet.constant dense<[-5.000000e+00, -1.000000e+01]> : tensor<2xf32>
  // CHECK: %[[Y:.*]] = resnet.conv2d %[[X]], %[[W]], %[[B]] :
  // CHECK-NEXT: return %[[Y]]
  %w = resnet.constant dense<[[[[1.0]]], [[[3.0]]]]> : tensor<2x1x1x1xf32>
  %scale = resnet.constant dense<[2.0, 4.0]> : tensor<2xf32>
  %offset = resnet.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %mean = resnet.constant dense<6.0> : tensor<2xf32>
  %variance = resnet.constant dense<4.0> : tensor<2xf32>
  %0 = resnet.conv2d %x, %w : (tensor<?x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<?x2x4x4xf32>
  %1 = resnet.batch_norm %0, %scale, %offset, %mean, %variance epsilon 0.0
      : (tensor<?x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x4x4xf32>
  return %1 : tensor<?x2x4x4xf32>
}

// CHECK-LABEL: func @bias_is_scaled_too
func.func @bias_is_scaled_too(%x: tensor<?x1x4x4xf32>) -> tensor<?x2x2x2xf32> {
  // CHECK-DAG: resnet.constant dense<[-3.000000e+00, -4.000000e+00]> : tensor<2xf32>
  // CHECK: resnet.conv2d %{{.*}} stride [2, 2] pad [1, 1, 1, 1] :
  // CHECK-NEXT: return
  %w = resnet.constant dense<1.0> : tensor<2x1x3x3xf32>
  %b = resnet.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %scale = resnet.constant dense<[2.0, 4.0]> : tensor<2xf32>
  %offset = resnet.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %mean = resnet.constant dense<6.0> : tensor<2xf32>
  %variance = resnet.constant dense<4.0> : tensor<2xf32>
  %0 = resnet.conv2d %x, %w, %b stride [2, 2] pad [1, 1, 1, 1]
      : (tensor<?x1x4x4xf32>, tensor<2x1x3x3xf32>, tensor<2xf32>) -> tensor<?x2x2x2xf32>
  %1 = resnet.batch_norm %0, %scale, %offset, %mean, %variance epsilon 0.0
      : (tensor<?x2x2x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x2x2xf32>
  return %1 : tensor<?x2x2x2xf32>
}

// CHECK-LABEL: func @inside_a_residual_block
func.func @inside_a_residual_block(%x: tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32> {
  // CHECK-NOT: resnet.batch_norm
  // CHECK: resnet.residual
  // CHECK-NOT: resnet.batch_norm
  // CHECK: %[[F:.*]] = resnet.conv2d
  // CHECK-NEXT: resnet.yield %[[F]]
  %w = resnet.constant dense<1.0> : tensor<2x2x1x1xf32>
  %v = resnet.constant dense<2.0> : tensor<2xf32>
  %0 = resnet.residual %x activation relu {
    %1 = resnet.conv2d %x, %w : (tensor<?x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<?x2x4x4xf32>
    %2 = resnet.batch_norm %1, %v, %v, %v, %v
        : (tensor<?x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x4x4xf32>
    resnet.yield %2 : tensor<?x2x4x4xf32>
  } : tensor<?x2x4x4xf32> -> tensor<?x2x4x4xf32>
  return %0 : tensor<?x2x4x4xf32>
}

// CHECK-LABEL: func @a_filter_that_two_convs_share
func.func @a_filter_that_two_convs_share(%x: tensor<?x1x4x4xf32>) -> (tensor<?x1x4x4xf32>, tensor<?x1x4x4xf32>) {
  // CHECK-DAG: %[[OLD:.*]] = resnet.constant dense<3.000000e+00> : tensor<1x1x1x1xf32>
  // CHECK-DAG: %[[NEW:.*]] = resnet.constant dense<6.000000e+00> : tensor<1x1x1x1xf32>
  // CHECK-DAG: resnet.conv2d %{{.*}}, %[[NEW]], %{{.*}} :
  // CHECK-DAG: resnet.conv2d %{{.*}}, %[[OLD]] :
  %w = resnet.constant dense<3.0> : tensor<1x1x1x1xf32>
  %scale = resnet.constant dense<2.0> : tensor<1xf32>
  %one = resnet.constant dense<1.0> : tensor<1xf32>
  %0 = resnet.conv2d %x, %w : (tensor<?x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x4x4xf32>
  %1 = resnet.batch_norm %0, %scale, %one, %one, %one epsilon 0.0
      : (tensor<?x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1x4x4xf32>
  %2 = resnet.conv2d %1, %w : (tensor<?x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x4x4xf32>
  return %1, %2 : tensor<?x1x4x4xf32>, tensor<?x1x4x4xf32>
}

// CHECK-LABEL: func @into_the_grouped_conv_after
func.func @into_the_grouped_conv_after(%x: tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32> {
  // CHECK-DAG: resnet.constant dense<{{\[\[\[\[}}3.000000e+00]]], {{\[\[\[}}1.000000e+01]]]]> : tensor<2x1x1x1xf32>
  // CHECK-DAG: resnet.constant dense<[-1.500000e+01, -5.000000e+01]> : tensor<2xf32>
  // CHECK: resnet.conv2d %{{.*}} groups 2 :
  // CHECK-NEXT: return
  %w = resnet.constant dense<[[[[3.0]]], [[[5.0]]]]> : tensor<2x1x1x1xf32>
  %scale = resnet.constant dense<[2.0, 4.0]> : tensor<2xf32>
  %offset = resnet.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %mean = resnet.constant dense<6.0> : tensor<2xf32>
  %variance = resnet.constant dense<4.0> : tensor<2xf32>
  %0 = resnet.batch_norm %x, %scale, %offset, %mean, %variance epsilon 0.0
      : (tensor<?x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x4x4xf32>
  %1 = resnet.conv2d %0, %w groups 2 : (tensor<?x2x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<?x2x4x4xf32>
  return %1 : tensor<?x2x4x4xf32>
}

// CHECK-LABEL: func @keep_norm_before_padding
func.func @keep_norm_before_padding(%x: tensor<?x1x4x4xf32>) -> tensor<?x1x4x4xf32> {
  // CHECK: resnet.batch_norm
  // CHECK-NEXT: resnet.conv2d
  %w = resnet.constant dense<1.0> : tensor<1x1x3x3xf32>
  %v = resnet.constant dense<2.0> : tensor<1xf32>
  %0 = resnet.batch_norm %x, %v, %v, %v, %v
      : (tensor<?x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1x4x4xf32>
  %1 = resnet.conv2d %0, %w pad [1, 1, 1, 1] : (tensor<?x1x4x4xf32>, tensor<1x1x3x3xf32>) -> tensor<?x1x4x4xf32>
  return %1 : tensor<?x1x4x4xf32>
}

// CHECK-LABEL: func @keep_norm_before_relu
func.func @keep_norm_before_relu(%x: tensor<?x1x4x4xf32>) -> tensor<?x1x4x4xf32> {
  // CHECK: resnet.batch_norm
  // CHECK-NEXT: resnet.relu
  // CHECK-NEXT: resnet.conv2d
  %w = resnet.constant dense<1.0> : tensor<1x1x1x1xf32>
  %v = resnet.constant dense<2.0> : tensor<1xf32>
  %0 = resnet.batch_norm %x, %v, %v, %v, %v
      : (tensor<?x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1x4x4xf32>
  %1 = resnet.relu %0 : tensor<?x1x4x4xf32> -> tensor<?x1x4x4xf32>
  %2 = resnet.conv2d %1, %w : (tensor<?x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x4x4xf32>
  return %2 : tensor<?x1x4x4xf32>
}

// CHECK-LABEL: func @keep_norm_with_another_reader
func.func @keep_norm_with_another_reader(%x: tensor<?x1x4x4xf32>) -> (tensor<?x1x4x4xf32>, tensor<?x1x4x4xf32>) {
  // CHECK: resnet.batch_norm
  // CHECK-NEXT: resnet.conv2d
  %w = resnet.constant dense<1.0> : tensor<1x1x1x1xf32>
  %v = resnet.constant dense<2.0> : tensor<1xf32>
  %0 = resnet.batch_norm %x, %v, %v, %v, %v
      : (tensor<?x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1x4x4xf32>
  %1 = resnet.conv2d %0, %w : (tensor<?x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x4x4xf32>
  return %0, %1 : tensor<?x1x4x4xf32>, tensor<?x1x4x4xf32>
}

// CHECK-LABEL: func @keep_norm_of_a_conv_with_another_reader
func.func @keep_norm_of_a_conv_with_another_reader(%x: tensor<?x1x4x4xf32>) -> (tensor<?x1x4x4xf32>, tensor<?x1x4x4xf32>) {
  // CHECK: resnet.conv2d
  // CHECK-NEXT: resnet.batch_norm
  %w = resnet.constant dense<1.0> : tensor<1x1x1x1xf32>
  %v = resnet.constant dense<2.0> : tensor<1xf32>
  %0 = resnet.conv2d %x, %w : (tensor<?x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x4x4xf32>
  %1 = resnet.batch_norm %0, %v, %v, %v, %v
      : (tensor<?x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1x4x4xf32>
  return %0, %1 : tensor<?x1x4x4xf32>, tensor<?x1x4x4xf32>
}

// CHECK-LABEL: func @keep_norm_after_a_sum
func.func @keep_norm_after_a_sum(%x: tensor<?x1x4x4xf32>) -> tensor<?x1x4x4xf32> {
  // CHECK: resnet.add
  // CHECK-NEXT: resnet.batch_norm
  %w = resnet.constant dense<1.0> : tensor<1x1x1x1xf32>
  %v = resnet.constant dense<2.0> : tensor<1xf32>
  %0 = resnet.conv2d %x, %w : (tensor<?x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x4x4xf32>
  %1 = resnet.add %0, %x : (tensor<?x1x4x4xf32>, tensor<?x1x4x4xf32>) -> tensor<?x1x4x4xf32>
  %2 = resnet.batch_norm %1, %v, %v, %v, %v
      : (tensor<?x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1x4x4xf32>
  return %2 : tensor<?x1x4x4xf32>
}

// CHECK-LABEL: func @keep_norm_with_computed_statistics
func.func @keep_norm_with_computed_statistics(%x: tensor<?x1x4x4xf32>, %v: tensor<1xf32>) -> tensor<?x1x4x4xf32> {
  // CHECK: resnet.conv2d
  // CHECK-NEXT: resnet.batch_norm
  %w = resnet.constant dense<1.0> : tensor<1x1x1x1xf32>
  %0 = resnet.conv2d %x, %w : (tensor<?x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x4x4xf32>
  %1 = resnet.batch_norm %0, %v, %v, %v, %v
      : (tensor<?x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1x4x4xf32>
  return %1 : tensor<?x1x4x4xf32>
}

// CHECK-LABEL: func @keep_norm_that_divides_by_zero
func.func @keep_norm_that_divides_by_zero(%x: tensor<?x1x4x4xf32>) -> tensor<?x1x4x4xf32> {
  // CHECK: resnet.conv2d
  // CHECK-NEXT: resnet.batch_norm
  %w = resnet.constant dense<1.0> : tensor<1x1x1x1xf32>
  %v = resnet.constant dense<0.0> : tensor<1xf32>
  %0 = resnet.conv2d %x, %w : (tensor<?x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x4x4xf32>
  %1 = resnet.batch_norm %0, %v, %v, %v, %v epsilon 0.0
      : (tensor<?x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1x4x4xf32>
  return %1 : tensor<?x1x4x4xf32>
}

// 1e30 / sqrt(1e-30) is finite in f64 and infinite in f32.
// CHECK-LABEL: func @keep_norm_whose_factor_overflows
func.func @keep_norm_whose_factor_overflows(%x: tensor<?x1x4x4xf32>) -> tensor<?x1x4x4xf32> {
  // CHECK: resnet.conv2d
  // CHECK-NEXT: resnet.batch_norm
  %w = resnet.constant dense<1.0> : tensor<1x1x1x1xf32>
  %scale = resnet.constant dense<1.0e30> : tensor<1xf32>
  %zero = resnet.constant dense<0.0> : tensor<1xf32>
  %variance = resnet.constant dense<1.0e-30> : tensor<1xf32>
  %0 = resnet.conv2d %x, %w : (tensor<?x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x4x4xf32>
  %1 = resnet.batch_norm %0, %scale, %zero, %zero, %variance epsilon 0.0
      : (tensor<?x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1x4x4xf32>
  return %1 : tensor<?x1x4x4xf32>
}

// The product overflows, not the factor.
// CHECK-LABEL: func @keep_norm_whose_shift_through_the_filter_overflows
func.func @keep_norm_whose_shift_through_the_filter_overflows(%x: tensor<?x1x4x4xf32>) -> tensor<?x1x4x4xf32> {
  // CHECK: resnet.batch_norm
  // CHECK-NEXT: resnet.conv2d
  %w = resnet.constant dense<1.0e20> : tensor<1x1x1x1xf32>
  %one = resnet.constant dense<1.0> : tensor<1xf32>
  %offset = resnet.constant dense<1.0e20> : tensor<1xf32>
  %0 = resnet.batch_norm %x, %one, %offset, %one, %one
      : (tensor<?x1x4x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x1x4x4xf32>
  %1 = resnet.conv2d %0, %w : (tensor<?x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<?x1x4x4xf32>
  return %1 : tensor<?x1x4x4xf32>
}

// CHECK-LABEL: func @no_fold_through_fake_quantize
func.func @no_fold_through_fake_quantize(%x: tensor<?x2x8x8xf32>) -> tensor<?x2x8x8xf32> {
  // CHECK: resnet.conv2d
  // CHECK-NEXT: resnet.fake_quantize
  // CHECK-NEXT: resnet.batch_norm
  %w = resnet.constant dense<1.0> : tensor<2x2x1x1xf32>
  %v = resnet.constant dense<1.0> : tensor<2xf32>
  %0 = resnet.conv2d %x, %w : (tensor<?x2x8x8xf32>, tensor<2x2x1x1xf32>) -> tensor<?x2x8x8xf32>
  %1 = resnet.fake_quantize %0 scale 0.5 zero_point 0 range [-128, 127] : tensor<?x2x8x8xf32> -> tensor<?x2x8x8xf32>
  %2 = resnet.batch_norm %1, %v, %v, %v, %v : (tensor<?x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x8x8xf32>
  return %2 : tensor<?x2x8x8xf32>
}

// A normalisation without its own scale and offset, which are applied after it: factor 2, shift 1, then factor 3, shift 4.
// CHECK-LABEL: func @into_the_normalisation_before
// CHECK-SAME: (%[[X:.*]]: tensor<?x2x8x8xf32>)
func.func @into_the_normalisation_before(%x: tensor<?x2x8x8xf32>) -> tensor<?x2x8x8xf32> {
  // CHECK-DAG: %[[S:.*]] = resnet.constant dense<6.000000e+00> : tensor<2xf32>
  // CHECK-DAG: %[[O:.*]] = resnet.constant dense<7.000000e+00> : tensor<2xf32>
  // CHECK: %[[Y:.*]] = resnet.batch_norm %[[X]], %[[S]], %[[O]], %{{.*}}, %{{.*}} epsilon 0.000000e+00 :
  // CHECK-NEXT: return %[[Y]]
  %zero = resnet.constant dense<0.0> : tensor<2xf32>
  %one = resnet.constant dense<1.0> : tensor<2xf32>
  %two = resnet.constant dense<2.0> : tensor<2xf32>
  %three = resnet.constant dense<3.0> : tensor<2xf32>
  %four = resnet.constant dense<4.0> : tensor<2xf32>
  %0 = resnet.batch_norm %x, %two, %one, %zero, %one epsilon 0.0
      : (tensor<?x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x8x8xf32>
  %1 = resnet.batch_norm %0, %three, %four, %zero, %one epsilon 0.0
      : (tensor<?x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x8x8xf32>
  return %1 : tensor<?x2x8x8xf32>
}

// CHECK-LABEL: func @into_the_group_norm_before
func.func @into_the_group_norm_before(%x: tensor<?x2x8x8xf32>) -> tensor<?x2x8x8xf32> {
  // CHECK-DAG: %[[S:.*]] = resnet.constant dense<[2.000000e+00, 6.000000e+00]> : tensor<2xf32>
  // CHECK-DAG: %[[O:.*]] = resnet.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
  // CHECK: resnet.group_norm %{{.*}}, %[[S]], %[[O]] groups 1 :
  // CHECK-NEXT: return
  %zero = resnet.constant dense<0.0> : tensor<2xf32>
  %one = resnet.constant dense<1.0> : tensor<2xf32>
  %s = resnet.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %t = resnet.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = resnet.group_norm %x, %s, %one groups 1 : (tensor<?x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x8x8xf32>
  %1 = resnet.batch_norm %0, %t, %t, %one, %one epsilon 0.0
      : (tensor<?x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x8x8xf32>
  return %1 : tensor<?x2x8x8xf32>
}

// CHECK-LABEL: func @no_fold_into_a_normalisation_read_twice
func.func @no_fold_into_a_normalisation_read_twice(%x: tensor<?x2x8x8xf32>) -> (tensor<?x2x8x8xf32>, tensor<?x2x8x8xf32>) {
  // CHECK: resnet.group_norm
  // CHECK: resnet.batch_norm
  %v = resnet.constant dense<1.0> : tensor<2xf32>
  %0 = resnet.group_norm %x, %v, %v groups 1 : (tensor<?x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x8x8xf32>
  %1 = resnet.batch_norm %0, %v, %v, %v, %v : (tensor<?x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x8x8xf32>
  return %0, %1 : tensor<?x2x8x8xf32>, tensor<?x2x8x8xf32>
}

// CHECK-LABEL: func @no_fold_into_computed_scales
func.func @no_fold_into_computed_scales(%x: tensor<?x2x8x8xf32>, %s: tensor<2xf32>) -> tensor<?x2x8x8xf32> {
  // CHECK: resnet.group_norm
  // CHECK-NEXT: resnet.batch_norm
  %v = resnet.constant dense<1.0> : tensor<2xf32>
  %0 = resnet.group_norm %x, %s, %s groups 1 : (tensor<?x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x8x8xf32>
  %1 = resnet.batch_norm %0, %v, %v, %v, %v : (tensor<?x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x2x8x8xf32>
  return %1 : tensor<?x2x8x8xf32>
}
