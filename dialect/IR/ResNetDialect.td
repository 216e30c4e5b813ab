// The dialect itself: residual networks at the level of their blocks, and the kernel level below it.

#ifndef RESNET_DIALECT_IR_RESNETDIALECT_TD
#define RESNET_DIALECT_IR_RESNETDIALECT_TD

include "mlir/IR/OpBase.td"

def ResNet_Dialect : Dialect {
  let name = "resnet";
  let cppNamespace = "::resnet";
  let summary = "Residual networks: blocks as operations, and the kernels they become";
  let description = [{
    The *graph level* computes on logical NCHW tensors of f32 with a dynamic batch. A residual block,
    H(x) = F(x) + x, is one operation with regions (`resnet.residual`). How a tensor lies in memory is an
    encoding (`#resnet.layout`, `#resnet.filter_layout`) and changes no value.

    The *kernel level* launches outlined kernels (`resnet.kernel`, `resnet.launch`) in destination style, first
    on tensors, then on views (`resnet.view`) of one planned arena.

    Every constraint is numbered in docs/Spec.md; verifiers name the number where they check it.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

#endif // RESNET_DIALECT_IR_RESNETDIALECT_TD
