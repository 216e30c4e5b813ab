// Operations that fusions make; each is computed by one kernel. Included by ResNetOps.td.

#ifndef RESNET_DIALECT_IR_RESNETFUSEDOPS_TD
#define RESNET_DIALECT_IR_RESNETFUSEDOPS_TD

def FusedConv2dOp : ResNet_PureOp<"fused_conv2d", [AttrSizedOperandSegments]> {
  let summary = "convolution with bias, a shortcut's sum and activations in its epilogue";
  let description = [{
    `out = activation(conv2d(input, filter) + bias + addend)`. With `activated_channels` the activation covers only the output
    channels below that number: a block's reduce and its projection merged into one convolution. With `addend_strides` and
    `addend_channel_padding` the addend is read as `resnet.subsample` would make it: option A's shortcut, never materialised.

    A pre-activation network normalises that sum for its next convolution and keeps it for its next shortcut. With `post` the
    result is `post_activation(out * post_scale[o] + post_shift[o])`; with `keeps_sum` it is that in its first O channels and
    the sum in O more: two outputs in one tensor, whose slices are views of memory. The addend may be such a tensor too; its
    sum is what is added, and the whole can be written over it.

    ```mlir
    %y = resnet.fused_conv2d %x, %w bias %b addend %s activation relu pad [1, 1, 1, 1]
        : (tensor<?x64x8x8xf32>, tensor<64x64x3x3xf32>, tensor<64xf32>, tensor<?x64x8x8xf32>) -> tensor<?x64x8x8xf32>
    %z = resnet.fused_conv2d %f, %v addend %s subsample [2, 2] channel_padding [32, 32] pad [1, 1, 1, 1]
        : (tensor<?x128x4x4xf32>, tensor<128x128x3x3xf32>, tensor<?x64x8x8xf32>) -> tensor<?x128x4x4xf32>
    %t = resnet.fused_conv2d %x, %w addend %s post %scale, %shift post_activation relu keeps_sum pad [1, 1, 1, 1]
        : (tensor<?x64x8x8xf32>, tensor<64x64x3x3xf32>, tensor<64xf32>, tensor<64xf32>, tensor<?x64x8x8xf32>)
        -> tensor<?x128x8x8xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input, ResNet_Filter:$filter, Optional<ResNet_Vector>:$bias,
                       Optional<ResNet_Vector>:$post_scale, Optional<ResNet_Vector>:$post_shift, Optional<ResNet_Map>:$addend,
                       DefaultValuedAttr<ResNet_ActivationAttr, "::resnet::Activation::None">:$activation,
                       OptionalAttr<I64Attr>:$activated_channels,
                       ResNet_Pair:$strides, ResNet_Padding:$padding, ResNet_Pair:$dilations,
                       DefaultValuedAttr<I64Attr, "1">:$groups, ResNet_Pair:$addend_strides,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0}">:$addend_channel_padding,
                       DefaultValuedAttr<ResNet_ActivationAttr, "::resnet::Activation::None">:$post_activation,
                       UnitAttr:$keeps_sum);
  let results = (outs ResNet_Map:$result);
  let assemblyFormat = [{
    $input `,` $filter (`bias` $bias^)? (`addend` $addend^)? (`subsample` $addend_strides^)?
    (`channel_padding` $addend_channel_padding^)? (`activation` $activation^)? (`activated_channels` $activated_channels^)?
    (`post` $post_scale^ `,` $post_shift)? (`post_activation` $post_activation^)? (`keeps_sum` $keeps_sum^)?
    custom<Window>($strides, $padding, $dilations) (`groups` $groups^)? attr-dict `:` functional-type(operands, results)
  }];
  // A convolution whose addend is read as it is and whose sum is all that there is.
  let builders = [OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$input, "::mlir::Value":$filter, "::mlir::Value":$bias,
                                 "::mlir::Value":$addend, "::resnet::Activation":$activation,
                                 "::mlir::IntegerAttr":$activated_channels, "::llvm::ArrayRef<int64_t>":$strides,
                                 "::llvm::ArrayRef<int64_t>":$padding, "::llvm::ArrayRef<int64_t>":$dilations,
                                 "int64_t":$groups), [{
    build($_builder, $_state, result, input, filter, bias, /*post_scale=*/{}, /*post_shift=*/{}, addend, activation,
          activated_channels, strides, padding, dilations, groups);
  }]>];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// True where the addend is not read element by element.
    bool subsamplesAddend();
    /// Channels of the convolution and its sum: the result has twice as many with `keeps_sum`.
    int64_t getSumChannels() { return getFilter().getType().getDimSize(0); }
    /// True where the addend is the sum in a result of such an operation.
    bool addsKeptSum();
  }];
}

def FusedStemOp : ResNet_PureOp<"fused_stem"> {
  let summary = "a network's stem: convolution, activation and max pool in one kernel";
  let description = [{
    `out = max_pool2d(activation(conv2d(input, filter) + bias))`. The map between the two windows is never in memory. `pool`
    begins the second window: its kernel, stride and padding, which never wins.

    ```mlir
    %y = resnet.fused_stem %x, %w bias %b activation relu stride [2, 2] pad [3, 3, 3, 3]
        pool [3, 3] stride [2, 2] pad [1, 1, 1, 1]
        : (tensor<?x3x224x224xf32>, tensor<64x3x7x7xf32>, tensor<64xf32>) -> tensor<?x64x56x56xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input, ResNet_Filter:$filter, Optional<ResNet_Vector>:$bias,
                       DefaultValuedAttr<ResNet_ActivationAttr, "::resnet::Activation::None">:$activation,
                       ResNet_Pair:$strides, ResNet_Padding:$padding, DenseI64ArrayAttr:$pool_kernel,
                       ResNet_Pair:$pool_strides, ResNet_Padding:$pool_padding);
  let results = (outs ResNet_Map:$result);
  let assemblyFormat = [{
    $input `,` $filter (`bias` $bias^)? (`activation` $activation^)? custom<Window>($strides, $padding)
    `pool` custom<Integers>($pool_kernel) custom<Window>($pool_strides, $pool_padding) attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Rows and columns of the convolution's map, which the pool reads.
    ::std::array<int64_t, 2> getConvolvedMap();
  }];
}

def FusedElementwiseOp : ResNet_PureOp<"fused_elementwise", [AttrSizedOperandSegments]> {
  let summary = "scale and shift of each channel, gate, sum and activation in one pass over memory";
  let description = [{
    `out[n, c, ...] = activation((input[n, c, ...] * scale[c] + shift[c]) * gate[n, c, 0, 0] + addend[n, c, ...])`; scale and
    shift come together, and only a map has a gate.

    ```mlir
    %y = resnet.fused_elementwise %x scale %a, %b activation relu
        : (tensor<?x64x8x8xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<?x64x8x8xf32>
    %z = resnet.fused_elementwise %x gate %g addend %s activation relu
        : (tensor<?x64x8x8xf32>, tensor<?x64x1x1xf32>, tensor<?x64x8x8xf32>) -> tensor<?x64x8x8xf32>
    ```
  }];
  let arguments = (ins ResNet_Activations:$input, Optional<ResNet_Vector>:$scale, Optional<ResNet_Vector>:$shift,
                       Optional<ResNet_Map>:$gate, Optional<ResNet_Activations>:$addend,
                       DefaultValuedAttr<ResNet_ActivationAttr, "::resnet::Activation::None">:$activation);
  let results = (outs ResNet_Activations:$result);
  let assemblyFormat = [{
    $input (`scale` $scale^ `,` $shift)? (`gate` $gate^)? (`addend` $addend^)? (`activation` $activation^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def FusedHeadOp : ResNet_PureOp<"fused_head"> {
  let summary = "the classifier: global average pool, fully connected layer and softmax in one kernel";
  let description = [{
    `out = linear(flatten(global_avg_pool(input)), weight, bias)`, then softmax where `softmax` is given, its logarithm where
    `softmax log` is.

    ```mlir
    %y = resnet.fused_head %x, %w, %b softmax
        : (tensor<?x512x7x7xf32>, tensor<10x512xf32>, tensor<10xf32>) -> tensor<?x10xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input, ResNet_Matrix:$weight, Optional<ResNet_Vector>:$bias, UnitAttr:$softmax,
                       UnitAttr:$log);
  let results = (outs ResNet_Features:$result);
  let assemblyFormat = [{
    $input `,` $weight (`,` $bias^)? (`softmax` $softmax^)? (`log` $log^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def ConvertLayoutOp : ResNet_PureOp<"convert_layout"> {
  let summary = "copies a tensor into another layout";
  let description = [{
    The identity on values; operand and result differ in their encoding.

    ```mlir
    %y = resnet.convert_layout %x
        : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>
    ```
  }];
  let arguments = (ins ResNet_Activations:$input);
  let results = (outs ResNet_Activations:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}

#endif // RESNET_DIALECT_IR_RESNETFUSEDOPS_TD
