// Passes of the graph level: logical tensors, from an import to one fused operation a kernel. Included by Passes.td.

def FlattenResiduals : Pass<"resnet-flatten-residuals", "::mlir::func::FuncOp"> {
  let summary = "Replaces residual blocks by their residual function, shortcut, sum and activation";
  let description = [{
    The sum's first operand is F's result, so that later passes know which convolution ends the block.

    ```mlir
    %y = resnet.residual %x activation relu { ...; resnet.yield %f } : ...
    // becomes
    ...
    %s = resnet.add %f, %x : ...
    %y = resnet.relu %s : ...
    ```
  }];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let statistics = [Statistic<"flattened", "flattened", "residual blocks flattened">];
}
