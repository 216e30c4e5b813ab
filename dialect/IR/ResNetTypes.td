// Types of the kernel level: the arena, the packed weights, and buffers that are views of either.

#ifndef RESNET_DIALECT_IR_RESNETTYPES_TD
#define RESNET_DIALECT_IR_RESNETTYPES_TD

include "dialect/IR/ResNetDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/CommonTypeConstraints.td"

class ResNet_Type<string name, string typeMnemonic> : TypeDef<ResNet_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def ResNet_ArenaType : ResNet_Type<"Arena", "arena"> {
  let summary = "the memory that holds a run's activations";
  let description = [{
    `bytes` are an image's; a run on a batch of N has N times as many. An offset into the arena is an image's too:
    the view at offset `o` of a batch of N begins at byte `o * N`. So one plan holds for every batch.
  }];
  let parameters = (ins "int64_t":$bytes);
  let assemblyFormat = "`<` $bytes `>`";
  let genVerifyDecl = 1;
}

def ResNet_WeightsType : ResNet_Type<"Weights", "weights"> {
  let summary = "the packed weights of a model, read-only";
  let parameters = (ins "int64_t":$bytes);
  let assemblyFormat = "`<` $bytes `>`";
  let genVerifyDecl = 1;
}

def ResNet_BufferType : ResNet_Type<"Buffer", "buffer"> {
  let summary = "a tensor's place in memory";
  let description = [{
    The tensor's shape and layout, and the distance between images in bytes where it is not the layout's own
    (a view of some channels of a larger buffer).

    ```mlir
    !resnet.buffer<tensor<?x64x56x56xf32, #resnet.layout<block = 16>>>
    !resnet.buffer<tensor<?x64x56x56xf32, #resnet.layout<block = 16>>, image_stride = 4014080>
    ```
  }];
  let parameters = (ins "::mlir::RankedTensorType":$tensor, DefaultValuedParameter<"int64_t", "0">:$imageStride);
  let assemblyFormat = "`<` $tensor (`,` `image_stride` `=` $imageStride^)? `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Bytes between two images: imageStride, or the layout's own size of an image where that is 0.
    int64_t getImageBytes();
  }];
}

#endif // RESNET_DIALECT_IR_RESNETTYPES_TD
