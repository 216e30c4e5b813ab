// The smallest model whose library has a convolution. Its specification's key, which tests of schedules write down:
// conv2d input=16x8x8/16+1,1,1,1 output=16x8x8/16 filter=16x16x3x3/16,16 kernel=3,3 padding=1,1,1,1
func.func @main(%image: tensor<?x16x8x8xf32> {resnet.name = "image"}) -> (tensor<?x16x8x8xf32> {resnet.name = "result"}) {
  %w = resnet.constant dense<0.125> : tensor<16x16x3x3xf32>
  %0 = resnet.conv2d %image, %w pad [1, 1, 1, 1] : (tensor<?x16x8x8xf32>, tensor<16x16x3x3xf32>) -> tensor<?x16x8x8xf32> loc("conv")
  return %0 : tensor<?x16x8x8xf32>
}
