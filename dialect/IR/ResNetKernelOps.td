// Operations of the kernel level: outlined kernels, launches in destination style, views of the arena. Included by ResNetOps.td.

#ifndef RESNET_DIALECT_IR_RESNETKERNELOPS_TD
#define RESNET_DIALECT_IR_RESNETKERNELOPS_TD

include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/CallInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"

def ResNet_Place : AnyTypeOf<[ResNet_Tensor, ResNet_BufferType], "tensor or buffer">;

def KernelOp : ResNet_Op<"kernel", [IsolatedFromAbove, FunctionOpInterface, HasParent<"::mlir::ModuleOp">,
                                    SingleBlock]> {
  let summary = "one outlined kernel";
  let description = [{
    The body is one operation of the graph level and the yield of its result: that operation, its types and layouts are the
    kernel's whole specification. Equal bodies are one kernel. `in_place` names the argument whose buffer the
    result overwrites.

    ```mlir
    resnet.kernel @relu_16_8x8(%arg0: tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32> {
      %0 = resnet.relu %arg0 : tensor<?x16x8x8xf32> -> tensor<?x16x8x8xf32>
      resnet.yield %0 : tensor<?x16x8x8xf32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs,
                       OptionalAttr<I64Attr>:$in_place);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The one operation that the kernel computes.
    ::mlir::Operation &getComputation() { return getBody().front().front(); }
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
  }];
}

def EmptyOp : ResNet_Op<"empty", [Pure]> {
  let summary = "a destination of which nothing is known but its type";
  let description = [{
    ```mlir
    %d = resnet.empty : tensor<?x16x8x8xf32>
    ```
  }];
  let results = (outs ResNet_Tensor:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def LaunchOp : ResNet_Op<"launch", [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
                                    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a kernel into a destination";
  let description = [{
    On tensors the result is the destination's new value. On buffers the kernel writes the destination and there is no
    result; where the kernel is `in_place`, that input and the destination are the same memory.

    ```mlir
    %y = resnet.launch @relu_16_8x8 ins(%x : tensor<?x16x8x8xf32>) outs(%d : tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<ResNet_Place>:$inputs, ResNet_Place:$destination);
  let results = (outs Optional<ResNet_Tensor>:$result);
  let assemblyFormat = [{
    $kernel `ins` `(` ($inputs^ `:` type($inputs))? `)` `outs` `(` $destination `:` type($destination) `)` attr-dict
    (`->` type($result)^)?
  }];
  let hasVerifier = 1;
}

def GlobalOp : ResNet_Op<"global", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "a constant's place in the packed weights";
  let description = [{
    ```mlir
    resnet.global @stem_filter offset 0 dense<1.0> : tensor<64xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$offset, ElementsAttr:$value, TypeAttrOf<ResNet_Weights>:$type);
  let assemblyFormat = "$sym_name `offset` $offset custom<GlobalValue>($value, $type) attr-dict";
  let hasVerifier = 1;
}

def ViewOp : ResNet_Op<"view", [Pure]> {
  let summary = "a buffer at a planned place of the arena or the weights";
  let description = [{
    `offset` is in bytes: an image's share in the arena (see `!resnet.arena`), absolute in the weights.

    ```mlir
    %b = resnet.view %arena[4096] : !resnet.arena<8192> -> !resnet.buffer<tensor<?x16x8x8xf32>>
    ```
  }];
  let arguments = (ins AnyTypeOf<[ResNet_ArenaType, ResNet_WeightsType, ResNet_BufferType]>:$memory, I64Attr:$offset);
  let results = (outs ResNet_BufferType:$result);
  let assemblyFormat = "$memory `[` $offset `]` attr-dict `:` type($memory) `->` qualified(type($result))";
  let hasVerifier = 1;
}

def ZeroHaloOp : ResNet_Op<"zero_halo", [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "writes zeros around a buffer's map";
  let description = [{
    ```mlir
    resnet.zero_halo %b : !resnet.buffer<tensor<?x16x8x8xf32, #resnet.layout<block = 16, halo = [1, 1, 1, 1]>>>
    ```
  }];
  let arguments = (ins ResNet_BufferType:$buffer);
  let assemblyFormat = "$buffer attr-dict `:` qualified(type($buffer))";
  let hasVerifier = 1;
}

#endif // RESNET_DIALECT_IR_RESNETKERNELOPS_TD
