// Attributes: activations, modes of padding, and the layouts that encode how tensors lie in memory.

#ifndef RESNET_DIALECT_IR_RESNETATTRIBUTES_TD
#define RESNET_DIALECT_IR_RESNETATTRIBUTES_TD

include "dialect/IR/ResNetDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/TensorEncoding.td"
include "mlir/IR/EnumAttr.td"

def ResNet_Activation : I32Enum<"Activation", "function applied to every element after a sum", [
    I32EnumCase<"None", 0, "none">, I32EnumCase<"Relu", 1, "relu">, I32EnumCase<"Relu6", 2, "relu6">,
    I32EnumCase<"Sigmoid", 3, "sigmoid">, I32EnumCase<"Silu", 4, "silu">, I32EnumCase<"HardSigmoid", 5, "hard_sigmoid">,
    I32EnumCase<"HardSwish", 6, "hard_swish">]> {
  let cppNamespace = "::resnet";
}
def ResNet_ActivationAttr : EnumAttr<ResNet_Dialect, ResNet_Activation, "activation"> {
  let assemblyFormat = "$value";
}

def ResNet_PadMode : I32Enum<"PadMode", "where padded elements come from", [
    I32EnumCase<"Constant", 0, "constant">, I32EnumCase<"Reflect", 1, "reflect">, I32EnumCase<"Edge", 2, "edge">]> {
  let cppNamespace = "::resnet";
}
def ResNet_PadModeAttr : EnumAttr<ResNet_Dialect, ResNet_PadMode, "pad_mode"> {
  let assemblyFormat = "$value";
}

class ResNet_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<ResNet_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def ResNet_LayoutAttr : ResNet_Attr<"Layout", "layout", [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "memory layout of activations: blocked channels and a halo of zeros";
  let description = [{
    One image [C, H, W] lies as `[ceil(C/block)][top+H+bottom][left+W+right][block]`; images follow one another.
    `block = 1` without halo is dense NCHW and is what a tensor without encoding has; `block = C` is NHWC.
    Channels between C and the next multiple of `block` are zero, and so is the halo.

    ```mlir
    tensor<?x64x56x56xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>   // halo: top, left, bottom, right
    ```
  }];
  let parameters = (ins "int64_t":$block, OptionalArrayRefParameter<"int64_t", "top, left, bottom, right">:$halo);
  let assemblyFormat = "`<` `block` `=` $block (`,` `halo` `=` `[` $halo^ `]`)? `>`";
  let genVerifyDecl = 1;
}

def ResNet_FilterLayoutAttr : ResNet_Attr<"FilterLayout", "filter_layout",
                                         [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "memory layout of a packed filter";
  let description = [{
    A filter OIHW lies as `[ceil(O/block)][window][KH][KW][block]`, where the `window` is the range of input channels
    that a block of output channels reads: all of them where `groups = 1`. A depthwise filter lies as
    `[ceil(O/block)][KH][KW][block]`. Rows and lanes without a channel are zero. A rank-2 weight [O, I] is a 1x1 filter; a
    vector [O] is `[ceil(O/block)][block]`.

    ```mlir
    tensor<64x64x3x3xf32, #resnet.filter_layout<block = 16, input_block = 16>>
    ```
  }];
  let parameters = (ins "int64_t":$block, DefaultValuedParameter<"int64_t", "1">:$inputBlock,
                        DefaultValuedParameter<"int64_t", "1">:$groups);
  let assemblyFormat = "`<` custom<FilterLayout>($block, $inputBlock, $groups) `>`";
  let genVerifyDecl = 1;
}

#endif // RESNET_DIALECT_IR_RESNETATTRIBUTES_TD
