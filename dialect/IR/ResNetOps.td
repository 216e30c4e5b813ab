// Operations of the graph level: what a residual network computes, on logical NCHW tensors.

#ifndef RESNET_DIALECT_IR_RESNETOPS_TD
#define RESNET_DIALECT_IR_RESNETOPS_TD

include "dialect/IR/ResNetAttributes.td"
include "dialect/IR/ResNetTypes.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// Tensors by role: rules tensor_c1 (f32 of rank 1, 2 or 4), tensor_c2 (static and not empty behind the batch, bounded) and tensor_c3
// (encodings by role), checked in Layouts.cpp.
class ResNet_TensorOf<list<int> ranks, string check, string description>
    : ConfinedType<TensorRankOf<[F32], ranks>, [CPred<"::resnet::" # check # "(::llvm::cast<::mlir::RankedTensorType>($_self))">],
                   description # " of f32 that keeps tensor_c1 to tensor_c3">;

def ResNet_Tensor : ResNet_TensorOf<[1, 2, 4], "isTensor", "activations or weights">;
def ResNet_Activations : ResNet_TensorOf<[2, 4], "isActivations", "activations [N, F] or [N, C, H, W]">;
def ResNet_Map : ResNet_TensorOf<[4], "isActivations", "activations [N, C, H, W]">;
def ResNet_Features : ResNet_TensorOf<[2], "isActivations", "activations [N, F]">;
def ResNet_Filter : ResNet_TensorOf<[4], "isWeights", "a filter [O, I, KH, KW]">;
def ResNet_Matrix : ResNet_TensorOf<[2], "isWeights", "a weight [O, I]">;
def ResNet_Weights : ResNet_TensorOf<[1, 2, 4], "isWeights", "weights">;
def ResNet_Vector : ResNet_TensorOf<[1], "isWeights", "a vector [C]">;

class ResNet_Op<string mnemonic, list<Trait> traits = []> : Op<ResNet_Dialect, mnemonic, traits>;

// A pure operation with one result whose type follows from its operands and attributes; encodings are left open.
class ResNet_PureOp<string mnemonic, list<Trait> traits = []>
    : ResNet_Op<mnemonic, !listconcat([Pure, InferTypeOpAdaptorWithIsCompatible], traits)>;

// Sliding windows. Arrays are [y, x]; padding is [top, left, bottom, right].
def ResNet_Pair : DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">;
def ResNet_Padding : DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">;

def ConstantOp : ResNet_Op<"constant", [Pure, ConstantLike]> {
  let summary = "weights or another constant tensor";
  let description = [{
    Holds its elements as a `dense_resource` (weights) or `dense` (small values). The result has the value's shape; it may
    carry an encoding, which says how the compiled library stores the elements and changes none of them.

    ```mlir
    %w = resnet.constant dense<1.0> : tensor<64xf32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs ResNet_Weights:$result);
  let assemblyFormat = "custom<ConstantValue>($value, type($result)) attr-dict";
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Conv2dOp : ResNet_PureOp<"conv2d"> {
  let summary = "2-D convolution (cross-correlation)";
  let description = [{
    `out[n, o, y, x] = bias[o] + sum over i, ky, kx of filter[o, i, ky, kx] *
    input[n, g*I/groups + i, y*stride_y + ky*dilation_y - top, x*stride_x + kx*dilation_x - left]` with zeros outside the
    input; `g = o / (O/groups)`. Filters are [O, I/groups, KH, KW].

    ```mlir
    %y = resnet.conv2d %x, %w, %b stride [2, 2] pad [3, 3, 3, 3]
        : (tensor<?x3x224x224xf32>, tensor<64x3x7x7xf32>, tensor<64xf32>) -> tensor<?x64x112x112xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input, ResNet_Filter:$filter, Optional<ResNet_Vector>:$bias,
                       ResNet_Pair:$strides, ResNet_Padding:$padding, ResNet_Pair:$dilations,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs ResNet_Map:$result);
  let assemblyFormat = [{
    $input `,` $filter (`,` $bias^)? custom<Window>($strides, $padding, $dilations) (`groups` $groups^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def BatchNormOp : ResNet_PureOp<"batch_norm"> {
  let summary = "batch normalisation with running statistics (inference)";
  let description = [{
    `out[n, c, ...] = (input[n, c, ...] - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + offset[c]`
    (Ioffe and Szegedy, 2015).

    ```mlir
    %y = resnet.batch_norm %x, %scale, %offset, %mean, %variance epsilon 1.000000e-05
        : (tensor<?x64x8x8xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<?x64x8x8xf32>
    ```
  }];
  let arguments = (ins ResNet_Activations:$input, ResNet_Vector:$scale, ResNet_Vector:$offset, ResNet_Vector:$mean,
                       ResNet_Vector:$variance, DefaultValuedAttr<F32Attr, "1.0e-5f">:$epsilon);
  let results = (outs ResNet_Activations:$result);
  let assemblyFormat = [{
    $input `,` $scale `,` $offset `,` $mean `,` $variance (`epsilon` $epsilon^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def GroupNormOp : ResNet_PureOp<"group_norm"> {
  let summary = "normalisation by the statistics of each group of channels of each image";
  let description = [{
    `out[n, c, y, x] = (input[n, c, y, x] - mean[n, g]) / sqrt(variance[n, g] + epsilon) * scale[c] + offset[c]` with
    `g = c / (C/groups)`; mean and variance are those of all elements of group g of image n, the variance divided by their
    number (Wu and He, 2018). With as many groups as channels it is instance normalisation.

    ```mlir
    %y = resnet.group_norm %x, %scale, %offset groups 32 epsilon 1.000000e-05
        : (tensor<?x64x8x8xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<?x64x8x8xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input, ResNet_Vector:$scale, ResNet_Vector:$offset, I64Attr:$groups,
                       DefaultValuedAttr<F32Attr, "1.0e-5f">:$epsilon);
  let results = (outs ResNet_Map:$result);
  let assemblyFormat = [{
    $input `,` $scale `,` $offset `groups` $groups (`epsilon` $epsilon^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def AddOp : ResNet_PureOp<"add", [Commutative]> {
  let summary = "element-wise sum of two tensors of the same shape";
  let description = [{
    ```mlir
    %y = resnet.add %a, %b : (tensor<?x64x8x8xf32>, tensor<?x64x8x8xf32>) -> tensor<?x64x8x8xf32>
    ```
  }];
  let arguments = (ins ResNet_Activations:$lhs, ResNet_Activations:$rhs);
  let results = (outs ResNet_Activations:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def MulOp : ResNet_PureOp<"mul"> {
  let summary = "element-wise product, of a map and a gate too";
  let description = [{
    `out[n, c, y, x] = lhs[n, c, y, x] * rhs[n, c, y, x]`; where `rhs` is [N, C, 1, 1], `* rhs[n, c, 0, 0]`: the gate of
    squeeze-and-excitation (Hu et al., 2018).

    ```mlir
    %y = resnet.mul %x, %gate : (tensor<?x64x8x8xf32>, tensor<?x64x1x1xf32>) -> tensor<?x64x8x8xf32>
    ```
  }];
  let arguments = (ins ResNet_Activations:$lhs, ResNet_Activations:$rhs);
  let results = (outs ResNet_Activations:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasCanonicalizeMethod = 1;
  let extraClassDeclaration = [{
    /// True where `rhs` is one factor a channel of a map: [N, C, 1, 1].
    bool hasGate();
  }];
}

def ExpandOp : ResNet_PureOp<"expand"> {
  let summary = "a map of one element repeated to rows and columns";
  let description = [{
    `out[n, c, y, x] = input[n, c, 0, 0]`; `size` is [H, W].

    ```mlir
    %y = resnet.expand %x size [8, 8] : tensor<?x64x1x1xf32> -> tensor<?x64x8x8xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input, DenseI64ArrayAttr:$size);
  let results = (outs ResNet_Map:$result);
  let assemblyFormat = "$input `size` custom<Integers>($size) attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
}

def ConcatOp : ResNet_PureOp<"concat"> {
  let summary = "the channels of several maps behind each other";
  let description = [{
    ```mlir
    %y = resnet.concat %a, %b : (tensor<?x32x8x8xf32>, tensor<?x16x8x8xf32>) -> tensor<?x48x8x8xf32>
    ```
  }];
  let arguments = (ins Variadic<ResNet_Map>:$inputs);
  let results = (outs ResNet_Map:$result);
  let assemblyFormat = "$inputs attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def MaxPool2dOp : ResNet_PureOp<"max_pool2d"> {
  let summary = "maximum of each window; padding never wins";
  let description = [{
    With `ceil_mode` the last window may begin inside the input or its leading padding and hang over the end.

    ```mlir
    %y = resnet.max_pool2d %x kernel [3, 3] stride [2, 2] pad [1, 1, 1, 1]
        : tensor<?x64x112x112xf32> -> tensor<?x64x56x56xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input, DenseI64ArrayAttr:$kernel, ResNet_Pair:$strides, ResNet_Padding:$padding,
                       ResNet_Pair:$dilations, UnitAttr:$ceil_mode);
  let results = (outs ResNet_Map:$result);
  let assemblyFormat = [{
    $input `kernel` custom<Integers>($kernel) custom<Window>($strides, $padding, $dilations) (`ceil_mode` $ceil_mode^)?
    attr-dict `:` type($input) `->` type($result)
  }];
  let hasFolder = 1;
}

def AvgPool2dOp : ResNet_PureOp<"avg_pool2d"> {
  let summary = "mean of each window";
  let description = [{
    The divisor counts the window's positions inside the input; with `count_include_pad` also those inside the padding (but
    never those that `ceil_mode` adds behind it).

    ```mlir
    %y = resnet.avg_pool2d %x kernel [2, 2] stride [2, 2] ceil_mode
        : tensor<?x64x15x15xf32> -> tensor<?x64x8x8xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input, DenseI64ArrayAttr:$kernel, ResNet_Pair:$strides, ResNet_Padding:$padding,
                       UnitAttr:$ceil_mode, UnitAttr:$count_include_pad);
  let results = (outs ResNet_Map:$result);
  let assemblyFormat = [{
    $input `kernel` custom<Integers>($kernel) custom<Window>($strides, $padding) (`ceil_mode` $ceil_mode^)?
    (`count_include_pad` $count_include_pad^)? attr-dict `:` type($input) `->` type($result)
  }];
  let hasCanonicalizeMethod = 1;
  let hasFolder = 1;
}

def GlobalAvgPoolOp : ResNet_PureOp<"global_avg_pool"> {
  let summary = "mean of each channel's map";
  let description = [{
    ```mlir
    %y = resnet.global_avg_pool %x : tensor<?x512x7x7xf32> -> tensor<?x512x1x1xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input);
  let results = (outs ResNet_Map:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def GlobalMaxPoolOp : ResNet_PureOp<"global_max_pool"> {
  let summary = "maximum of each channel's map";
  let description = [{
    ```mlir
    %y = resnet.global_max_pool %x : tensor<?x512x7x7xf32> -> tensor<?x512x1x1xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input);
  let results = (outs ResNet_Map:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def FlattenOp : ResNet_PureOp<"flatten"> {
  let summary = "[N, C, H, W] as [N, C*H*W]";
  let description = [{
    ```mlir
    %y = resnet.flatten %x : tensor<?x512x1x1xf32> -> tensor<?x512xf32>
    ```
  }];
  let arguments = (ins ResNet_Activations:$input);
  let results = (outs ResNet_Features:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}

def ReshapeOp : ResNet_PureOp<"reshape"> {
  let summary = "the elements of each image, in their order, in another shape";
  let description = [{
    `shape` is the result's behind the batch: [F], or [C, H, W].

    ```mlir
    %y = resnet.reshape %x [1, 1, 64] : tensor<?x64x1x1xf32> -> tensor<?x1x1x64xf32>
    ```
  }];
  let arguments = (ins ResNet_Activations:$input, DenseI64ArrayAttr:$shape);
  let results = (outs ResNet_Activations:$result);
  let assemblyFormat = "$input custom<Integers>($shape) attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}

def LinearOp : ResNet_PureOp<"linear"> {
  let summary = "fully connected layer";
  let description = [{
    `out[n, o] = bias[o] + sum over i of weight[o, i] * input[n, i]`.

    ```mlir
    %y = resnet.linear %x, %w, %b : (tensor<?x512xf32>, tensor<1000x512xf32>, tensor<1000xf32>) -> tensor<?x1000xf32>
    ```
  }];
  let arguments = (ins ResNet_Features:$input, ResNet_Matrix:$weight, Optional<ResNet_Vector>:$bias);
  let results = (outs ResNet_Features:$result);
  let assemblyFormat = "$input `,` $weight (`,` $bias^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def SoftmaxOp : ResNet_PureOp<"softmax"> {
  let summary = "softmax over the features of each image";
  let description = [{
    `out[n, i] = exp(input[n, i] - m[n]) / sum over j of exp(input[n, j] - m[n])` with `m[n]` the largest input of image n;
    with `log`, the natural logarithm of that.

    ```mlir
    %y = resnet.softmax %x : tensor<?x10xf32> -> tensor<?x10xf32>
    ```
  }];
  let arguments = (ins ResNet_Features:$input, UnitAttr:$log);
  let results = (outs ResNet_Features:$result);
  let assemblyFormat = "$input (`log` $log^)? attr-dict `:` type($input) `->` type($result)";
}

def PadOp : ResNet_PureOp<"pad"> {
  let summary = "adds elements around channels, rows and columns";
  let description = [{
    `low` and `high` are [c, y, x]. The new elements are `value`, or of the input: with `mode edge` its nearest, with
    `mode reflect` those mirrored at its first and last, which are not repeated.

    ```mlir
    %y = resnet.pad %x low [0, 1, 1] high [0, 1, 1] value 1.000000e+00 : tensor<?x3x8x8xf32> -> tensor<?x3x10x10xf32>
    %z = resnet.pad %x low [0, 3, 3] high [0, 3, 3] mode reflect : tensor<?x3x8x8xf32> -> tensor<?x3x14x14xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                       DefaultValuedAttr<F32Attr, "0.0f">:$value,
                       DefaultValuedAttr<ResNet_PadModeAttr, "::resnet::PadMode::Constant">:$mode);
  let results = (outs ResNet_Map:$result);
  let assemblyFormat = [{
    $input `low` custom<Integers>($low) `high` custom<Integers>($high) (`mode` $mode^)? (`value` $value^)? attr-dict
    `:` type($input) `->` type($result)
  }];
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}

def SliceOp : ResNet_PureOp<"slice"> {
  let summary = "every stride-th channel, row and column of a range";
  let description = [{
    `out[n, c, y, x] = input[n, offset_c + c*stride_c, offset_y + y*stride_y, offset_x + x*stride_x]`; arrays are [c, y, x].

    ```mlir
    %y = resnet.slice %x offsets [0, 0, 0] sizes [16, 16, 16] strides [1, 2, 2]
        : tensor<?x16x32x32xf32> -> tensor<?x16x16x16xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input, DenseI64ArrayAttr:$offsets, DenseI64ArrayAttr:$sizes,
                       DenseI64ArrayAttr:$strides);
  let results = (outs ResNet_Map:$result);
  let assemblyFormat = [{
    $input `offsets` custom<Integers>($offsets) `sizes` custom<Integers>($sizes) `strides` custom<Integers>($strides)
    attr-dict `:` type($input) `->` type($result)
  }];
  let hasFolder = 1;
}

def SubsampleOp : ResNet_PureOp<"subsample"> {
  let summary = "the parameter-free shortcut: every stride-th pixel, new channels zero (option A)";
  let description = [{
    `out[n, c, y, x] = input[n, c - before, y*stride_y, x*stride_x]`, zero for channels outside the input.
    He et al., "Deep Residual Learning for Image Recognition", 2015, section 4.1, option A.

    ```mlir
    %y = resnet.subsample %x stride [2, 2] channel_padding [8, 8] : tensor<?x16x32x32xf32> -> tensor<?x32x16x16xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input, ResNet_Pair:$strides,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0}">:$channel_padding);
  let results = (outs ResNet_Map:$result);
  let assemblyFormat = [{
    $input `stride` custom<Integers>($strides) `channel_padding` custom<Integers>($channel_padding) attr-dict
    `:` type($input) `->` type($result)
  }];
  let hasFolder = 1;
}

def TransposeOp : ResNet_PureOp<"transpose"> {
  let summary = "permutes dimensions";
  let description = [{
    `result dimension i is input dimension permutation[i]`; the batch stays first. Imports of NHWC models begin with one.

    ```mlir
    %y = resnet.transpose %x [0, 3, 1, 2] : tensor<?x32x32x3xf32> -> tensor<?x3x32x32xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs ResNet_Map:$result);
  let assemblyFormat = "$input custom<Integers>($permutation) attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}

def DropoutOp : ResNet_PureOp<"dropout"> {
  let summary = "identity at inference";
  let description = [{
    ```mlir
    %y = resnet.dropout %x ratio 5.000000e-01 : tensor<?x512xf32> -> tensor<?x512xf32>
    ```
  }];
  let arguments = (ins ResNet_Activations:$input, DefaultValuedAttr<F32Attr, "0.5f">:$ratio);
  let results = (outs ResNet_Activations:$result);
  let assemblyFormat = "$input (`ratio` $ratio^)? attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
}

def ResidualOp : ResNet_Op<"residual", [SingleBlockImplicitTerminator<"YieldOp">,
                                        RecursiveMemoryEffects, NoRegionArguments]> {
  let summary = "a residual block: activation(F(x) + shortcut(x))";
  let description = [{
    `body` is the residual function F. `shortcut` is the projection or subsampling on the other path; an empty region is the
    identity. Both read x as the operand itself; they may use constants from above and x, and nothing else.
    The activation is applied to the sum (`none` for pre-activation blocks, He et al. 2016).

    ```mlir
    %y = resnet.residual %x activation relu {
      %f = resnet.conv2d %x, %w pad [1, 1, 1, 1]
          : (tensor<?x64x8x8xf32>, tensor<64x64x3x3xf32>) -> tensor<?x64x8x8xf32>
      resnet.yield %f : tensor<?x64x8x8xf32>
    } : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xf32>
    ```
  }];
  let arguments = (ins ResNet_Map:$input,
                       DefaultValuedAttr<ResNet_ActivationAttr, "::resnet::Activation::None">:$activation);
  let regions = (region SizedRegion<1>:$body, AnyRegion:$shortcut);
  let results = (outs ResNet_Map:$result);
  let hasCanonicalizeMethod = 1;
  let assemblyFormat = [{
    $input (`activation` $activation^)? $body (`shortcut` $shortcut^)? attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// True where the shortcut is x itself.
    bool hasIdentityShortcut() { return getShortcut().empty(); }
  }];
}

def YieldOp : ResNet_Op<"yield", [Pure, Terminator, ReturnLike, ParentOneOf<["ResidualOp", "KernelOp"]>]> {
  let summary = "ends a region and gives its value";
  let arguments = (ins Variadic<ResNet_Tensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{ }]>];
}

include "dialect/IR/ResNetActivationOps.td"
include "dialect/IR/ResNetFusedOps.td"
include "dialect/IR/ResNetKernelOps.td"

#endif // RESNET_DIALECT_IR_RESNETOPS_TD
