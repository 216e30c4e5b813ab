// Operations on every element by itself. Included by ResNetOps.td.

#ifndef RESNET_DIALECT_IR_RESNETACTIVATIONOPS_TD
#define RESNET_DIALECT_IR_RESNETACTIVATIONOPS_TD

// An element of the result is a function of one element of the input.
class ResNet_UnaryOp<string mnemonic> : ResNet_PureOp<mnemonic> {
  let arguments = (ins ResNet_Activations:$input);
  let results = (outs ResNet_Activations:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def ReluOp : ResNet_UnaryOp<"relu"> {
  let summary = "max(x, 0)";
  let description = [{
    ```mlir
    %y = resnet.relu %x : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xf32>
    ```
  }];
  let hasFolder = 1;
}

def SigmoidOp : ResNet_UnaryOp<"sigmoid"> {
  let summary = "1 / (1 + exp(-x))";
  let description = [{
    ```mlir
    %y = resnet.sigmoid %x : tensor<?x64x1x1xf32> -> tensor<?x64x1x1xf32>
    ```
  }];
}

def SiluOp : ResNet_UnaryOp<"silu"> {
  let summary = "x * sigmoid(x), also called Swish";
  let description = [{
    ```mlir
    %y = resnet.silu %x : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xf32>
    ```
  }];
}

def HardSigmoidOp : ResNet_UnaryOp<"hard_sigmoid"> {
  let summary = "sigmoid by three straight lines";
  let description = [{
    `slope * x + offset`, at least 0 and at most 1. Omitted, the slope is 1/6 and the offset 1/2 (Howard et al., 2019).

    ```mlir
    %y = resnet.hard_sigmoid %x : tensor<?x64x1x1xf32> -> tensor<?x64x1x1xf32>
    %z = resnet.hard_sigmoid %x slope 2.000000e-01 : tensor<?x64x1x1xf32> -> tensor<?x64x1x1xf32>
    ```
  }];
  let arguments = (ins ResNet_Activations:$input, DefaultValuedAttr<F32Attr, "1.0f / 6.0f">:$slope,
                       DefaultValuedAttr<F32Attr, "0.5f">:$offset);
  let assemblyFormat = "$input (`slope` $slope^)? (`offset` $offset^)? attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def HardSwishOp : ResNet_UnaryOp<"hard_swish"> {
  let summary = "x * hard_sigmoid(x) with slope 1/6 and offset 1/2";
  let description = [{
    ```mlir
    %y = resnet.hard_swish %x : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xf32>
    ```
  }];
}

def ClipOp : ResNet_UnaryOp<"clip"> {
  let summary = "x, at least min and at most max";
  let description = [{
    Omitted, `min` is minus infinity and `max` infinity. ReLU6 is `min 0 max 6`.

    ```mlir
    %y = resnet.clip %x min 0.000000e+00 max 6.000000e+00 : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xf32>
    ```
  }];
  let arguments = (ins ResNet_Activations:$input,
                       DefaultValuedAttr<F32Attr, "-std::numeric_limits<float>::infinity()">:$min,
                       DefaultValuedAttr<F32Attr, "std::numeric_limits<float>::infinity()">:$max);
  let assemblyFormat = "$input (`min` $min^)? (`max` $max^)? attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}

def FakeQuantizeOp : ResNet_UnaryOp<"fake_quantize"> {
  let summary = "x rounded to what an integer type of this scale and zero point can hold";
  let description = [{
    `(clamp(round(input / scale) + zero_point, lo, hi) - zero_point) * scale`, the quotient in f32, ties rounded to even: what
    QuantizeLinear and DequantizeLinear after each other compute. `range` is [lo, hi].

    ```mlir
    %y = resnet.fake_quantize %x scale 2.500000e-01 zero_point 3 range [-128, 127]
        : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xf32>
    ```
  }];
  let arguments = (ins ResNet_Activations:$input, F32Attr:$scale, I64Attr:$zero_point, DenseI64ArrayAttr:$range);
  let assemblyFormat = [{
    $input `scale` $scale `zero_point` $zero_point `range` custom<Integers>($range) attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // RESNET_DIALECT_IR_RESNETACTIVATIONOPS_TD
