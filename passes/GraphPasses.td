// Passes of the graph level: logical tensors, from an import to one fused operation a kernel, in the order of the pipelines.
// Included by Passes.td.

def NormalizeImports : Pass<"resnet-normalize-imports", "::mlir::func::FuncOp"> {
  let summary = "Brings what exporters write into the forms that the later passes know";
  let description = [{
    Option A's shortcut (a strided slice, then a pad of channels) becomes one `subsample`; zeros around a map that only
    convolutions read become their padding; an average pool of the whole map becomes `global_avg_pool`; dropout, doubled
    flattens and cancelling transposes vanish; a 1x1 convolution of a 1x1 map that is then flattened becomes `linear`; `x * sigmoid(x)`
    becomes `silu`, its hard form `hard_swish`; products read gates that exporters expanded as they are. Max pools
    keep their pads, for their own padding is minus infinity, and average pools too, for theirs may not count.

    ```mlir
    %0 = resnet.slice %x offsets [0, 0, 0] sizes [16, 16, 16] strides [1, 2, 2] : tensor<?x16x32x32xf32> -> tensor<?x16x16x16xf32>
    %1 = resnet.pad %0 low [8, 0, 0] high [8, 0, 0] : tensor<?x16x16x16xf32> -> tensor<?x32x16x16xf32>
    // becomes
    %1 = resnet.subsample %x stride [2, 2] channel_padding [8, 8] : tensor<?x16x32x32xf32> -> tensor<?x32x16x16xf32>
    ```
  }];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let statistics = [Statistic<"padsMerged", "pads-merged", "pads merged into convolutions">,
                    Statistic<"subsamples", "subsamples", "option-A shortcuts in the result">];
}

def RaiseResidualBlocks : Pass<"resnet-raise-residual-blocks", "::mlir::func::FuncOp"> {
  let summary = "Finds residual blocks in a flat graph";
  let description = [{
    For each sum, x is the nearest value through which every path to both operands goes. Where the operations between x and
    the sum form two disjoint branches that nothing else reads, the branch with more convolutions is F and the other the
    shortcut: the identity where it is empty, else a projection or a subsampling. An activation that alone reads the sum becomes the
    block's; pre-activation blocks have none. Branches inside F (attention, multi-scale) do not matter. What does
    not match stays flat. Time is linear in the size of the function, up to a logarithm.

    ```mlir
    %f = resnet.conv2d %x, %w pad [1, 1, 1, 1] : ...
    %s = resnet.add %f, %x : ...
    %y = resnet.relu %s : ...
    // becomes
    %y = resnet.residual %x activation relu {
      %f = resnet.conv2d %x, %w pad [1, 1, 1, 1] : ...
      resnet.yield %f : ...
    } : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xf32>
    ```
  }];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let statistics = [Statistic<"identities", "identities", "blocks with an identity shortcut">,
                    Statistic<"projections", "projections", "blocks with another shortcut">,
                    Statistic<"flatSums", "flat-sums", "sums that are no block's">];
}

def CheckDesignRules : Pass<"resnet-check-design-rules", "::mlir::func::FuncOp"> {
  let summary = "Remarks where a network departs from the design rules of residual networks";
  let description = [{
    He et al. 2015 build plain and residual networks by a few rules, and most that break one do so by accident. A remark, never an
    error, names the block and the rule; the IR does not change. Runs on raised blocks before batch normalisation is folded.

    - `same-map`: a block that keeps the map's size keeps the number of filters. A stage of dilated convolutions, which widens at
      full size, is a breach; the first block of a network is none, for a stem has its own width.
    - `half-map`: a block that halves the map doubles the number of filters, so that each layer costs the same time.
    - `identity`: where input and result have one shape the shortcut is the identity; a projection adds parameters and is in the
      gradient's way.
    - `normalised`: a normalisation follows or precedes each convolution of F.

    ```mlir
    // remark: 'layer2.0': design rule 'half-map': a block from 64 channels of 56x56 to 64 of 28x28; expected 128 channels
    ```
  }];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let statistics = [Statistic<"breaches", "breaches", "design rules that blocks break">];
}

def SpecializeShapes : Pass<"resnet-specialize-shapes", "::mlir::ModuleOp"> {
  let summary = "Gives @main another input shape";
  let description = [{
    Infers the shape of every operation again, also inside residual blocks. A slice that went to the end of a dimension still
    does, and what was expanded to the size of the map that it is added to still is. What does not fit the new shape is an error that names the operation. Runs after NormalizeImports, for an average
    pool whose window is the whole map has no meaning for another one, and before layouts.

    ```mlir
    func.func @main(%x: tensor<1x3x224x224xf32> {resnet.name = "input"}) -> tensor<1x1000xf32>
    // becomes with shape=input:?x3x256x256
    func.func @main(%x: tensor<?x3x256x256xf32> {resnet.name = "input"}) -> tensor<?x1000xf32>
    ```
  }];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let options = [Option<"shape", "shape", "std::string", "",
                        "[name:]shape, with ? for a dynamic batch: input:?x3x224x224; nothing where empty">];
}

def FoldBatchNorm : Pass<"resnet-fold-batch-norm", "::mlir::func::FuncOp"> {
  let summary = "Folds batch normalisations into convolutions";
  let description = [{
    A normalisation after a convolution that it alone reads scales the filters and moves the bias; also inside residual blocks.
    One after another normalisation, or after a group normalisation, that it alone reads scales and shifts that one's vectors.
    A normalisation before a convolution folds forward only where nothing is between them and the convolution has no padding:
    a ReLU between is not linear, and padded zeros are not normalised. All else stays, and FuseEpilogues makes scale and shift
    of it. New weights are computed in f64 and rounded once.

    ```mlir
    %0 = resnet.conv2d %x, %w : ...
    %1 = resnet.batch_norm %0, %scale, %offset, %mean, %variance : ...
    // becomes, with w' = w * scale / sqrt(variance + epsilon) and b' = offset - mean * scale / sqrt(variance + epsilon)
    %1 = resnet.conv2d %x, %w', %b' : ...
    ```
  }];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let statistics = [Statistic<"folded", "folded", "batch normalisations folded">];
}

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

def FuseEpilogues : Pass<"resnet-fuse-epilogues", "::mlir::func::FuncOp"> {
  let summary = "Fuses the sum and the activation into the convolution before them";
  let description = [{
    Every convolution becomes a `fused_conv2d`. A sum goes into the convolution that computes its first operand, else its
    second, where nothing else reads that; then the activation, of those that fused operations have. Gates, sums, activations and
    normalisations with constant statistics that no convolution takes become `fused_elementwise`, as few as possible: what ends a
    block with squeeze-and-excitation, the gate, the sum and the activation, is one. A sum prefers its gated operand to the
    projection beside it, which stays plain for MergeReduceProjection.

    ```mlir
    %0 = resnet.conv2d %x, %w, %b pad [1, 1, 1, 1] : ...
    %1 = resnet.add %0, %s : ...
    %2 = resnet.relu %1 : ...
    // becomes
    %2 = resnet.fused_conv2d %x, %w bias %b addend %s activation relu pad [1, 1, 1, 1] : ...
    ```
  }];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let statistics = [Statistic<"sums", "sums", "sums fused into convolutions">,
                    Statistic<"activations", "activations", "activations fused">,
                    Statistic<"elementwise", "elementwise", "element-wise operations made">];
}

def PushStrides : Pass<"resnet-push-strides", "::mlir::func::FuncOp"> {
  let summary = "Computes only the rows and columns that strided readers read";
  let description = [{
    Where every reader of a convolution's result is a 1x1 convolution without padding or a `subsample`, all of one stride above 1,
    the convolution takes the stride and its readers lose it. So it is in networks that keep the stride in the 1x1 convolutions, as
    He et al. 2015 have it: a block's output is read by the next block's reduce and projection only, and three quarters of the
    last expand and sum need not be computed. The addend is subsampled. Strides move up as far as they can: the walk is backwards.

    ```mlir
    %y = resnet.fused_conv2d %f, %w addend %s activation relu : (tensor<?x64x56x56xf32>, ...) -> tensor<?x256x56x56xf32>
    %r = resnet.fused_conv2d %y, %w1 activation relu stride [2, 2] : (tensor<?x256x56x56xf32>, ...) -> tensor<?x128x28x28xf32>
    %p = resnet.fused_conv2d %y, %w2 stride [2, 2] : (tensor<?x256x56x56xf32>, ...) -> tensor<?x512x28x28xf32>
    // becomes
    %t = resnet.subsample %s stride [2, 2] channel_padding [0, 0] : tensor<?x256x56x56xf32> -> tensor<?x256x28x28xf32>
    %y = resnet.fused_conv2d %f, %w addend %t activation relu stride [2, 2] : ... -> tensor<?x256x28x28xf32>
    %r = resnet.fused_conv2d %y, %w1 activation relu : (tensor<?x256x28x28xf32>, ...) -> tensor<?x128x28x28xf32>
    %p = resnet.fused_conv2d %y, %w2 : (tensor<?x256x28x28xf32>, ...) -> tensor<?x512x28x28xf32>
    ```
  }];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let statistics = [Statistic<"pushed", "pushed", "convolutions that took their readers' stride">];
}

def MergeReduceProjection : Pass<"resnet-merge-reduce-projection", "::mlir::func::FuncOp"> {
  let summary = "Merges a block's 1x1 reduce and its 1x1 projection";
  let description = [{
    Both read the block's input; where their strides and padding match, one convolution with stacked filters computes both and
    reads the input once. The reduce's activation covers its channels alone. Each half is a slice of channels; they begin at
    multiples of the channel block, so that a slice is a view.

    ```mlir
    %r = resnet.fused_conv2d %x, %w1 bias %b1 activation relu : (tensor<?x64x56x56xf32>, ...) -> tensor<?x64x56x56xf32>
    %p = resnet.fused_conv2d %x, %w2 bias %b2 : (tensor<?x64x56x56xf32>, ...) -> tensor<?x256x56x56xf32>
    // becomes
    %m = resnet.fused_conv2d %x, %w bias %b activation relu activated_channels 64 : ... -> tensor<?x320x56x56xf32>
    %r = resnet.slice %m offsets [0, 0, 0] sizes [64, 56, 56] strides [1, 1, 1] : ...
    %p = resnet.slice %m offsets [64, 0, 0] sizes [256, 56, 56] strides [1, 1, 1] : ...
    ```
  }];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let statistics = [Statistic<"merged", "merged", "reduces merged with their projections">];
}

def FuseSubsamples : Pass<"resnet-fuse-subsamples", "::mlir::func::FuncOp"> {
  let summary = "Reads subsampled addends in place of materialising them";
  let description = [{
    A `subsample` whose only readers add it in convolutions becomes the way in which these read their addend: option A's shortcut,
    or what PushStrides made of a shortcut. It stays where anything else reads it.

    ```mlir
    %s = resnet.subsample %x stride [2, 2] channel_padding [8, 8] : tensor<?x16x32x32xf32> -> tensor<?x32x16x16xf32>
    %y = resnet.fused_conv2d %f, %w addend %s activation relu pad [1, 1, 1, 1]
        : (tensor<?x32x16x16xf32>, tensor<32x32x3x3xf32>, tensor<?x32x16x16xf32>) -> tensor<?x32x16x16xf32>
    // becomes
    %y = resnet.fused_conv2d %f, %w addend %x subsample [2, 2] channel_padding [8, 8] activation relu pad [1, 1, 1, 1]
        : (tensor<?x32x16x16xf32>, tensor<32x32x3x3xf32>, tensor<?x16x32x32xf32>) -> tensor<?x32x16x16xf32>
    ```
  }];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let statistics = [Statistic<"fused", "fused", "subsampled addends fused">];
}

def FusePreactivations : Pass<"resnet-fuse-preactivations", "::mlir::func::FuncOp"> {
  let summary = "Makes what a pre-activation block begins with an output of the convolution before it";
  let description = [{
    A pre-activation block normalises and activates a sum before its first convolution, and adds the sum itself behind its last.
    That normalisation cannot be folded: the ReLU is in between, and the sum is read as it is. Where a convolution makes
    the sum, its epilogue writes both (`keeps_sum`), and there is no pass over memory of its own; where nothing else reads the sum, only the
    normalised one is written. Slices of the result are views. A convolution that adds an earlier result's sum takes
    the whole tensor as its addend, so that it can write over both halves at once.

    Sums that are kept are of whole blocks of 16 channels, for the halves are views. A normalisation whose input no convolution makes (a
    pool does, or an element-wise operation) stays.

    ```mlir
    %s = resnet.fused_conv2d %x, %w addend %r : ... -> tensor<?x64x8x8xf32>
    %a = resnet.fused_elementwise %s scale %scale, %shift activation relu : ...
    // becomes
    %t = resnet.fused_conv2d %x, %w addend %r post %scale, %shift post_activation relu keeps_sum : ... -> tensor<?x128x8x8xf32>
    %a = resnet.slice %t offsets [0, 0, 0] sizes [64, 8, 8] strides [1, 1, 1] : ...
    %s = resnet.slice %t offsets [64, 0, 0] sizes [64, 8, 8] strides [1, 1, 1] : ...
    ```
  }];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let statistics = [Statistic<"kept", "kept", "convolutions that write their sum and its normalisation">,
                    Statistic<"replaced", "replaced", "convolutions that write the normalisation of their sum alone">];
}

def FuseStem : Pass<"resnet-fuse-stem", "::mlir::func::FuncOp"> {
  let summary = "Fuses a network's first convolution and the max pool behind it";
  let description = [{
    The kernel computes the convolution by groups of rows and pools them from cache, so that its map, the largest of the network,
    is never in memory. Rows at the border of two groups are computed twice: it pays where a sum is short, so only convolutions of
    at most 16 input channels and a pool of windows up to 4x4 that halves the map or more are fused.

    ```mlir
    %0 = resnet.fused_conv2d %x, %w bias %b activation relu stride [2, 2] pad [3, 3, 3, 3] : ... -> tensor<?x64x112x112xf32>
    %1 = resnet.max_pool2d %0 kernel [3, 3] stride [2, 2] pad [1, 1, 1, 1] : tensor<?x64x112x112xf32> -> tensor<?x64x56x56xf32>
    // becomes
    %1 = resnet.fused_stem %x, %w bias %b activation relu stride [2, 2] pad [3, 3, 3, 3]
        pool [3, 3] stride [2, 2] pad [1, 1, 1, 1] : ... -> tensor<?x64x56x56xf32>
    ```
  }];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let statistics = [Statistic<"fused", "fused", "stems fused">];
}

def FuseHead : Pass<"resnet-fuse-head", "::mlir::func::FuncOp"> {
  let summary = "Fuses global average pool, fully connected layer and softmax";
  let description = [{
    ```mlir
    %0 = resnet.global_avg_pool %x : tensor<?x512x7x7xf32> -> tensor<?x512x1x1xf32>
    %1 = resnet.flatten %0 : tensor<?x512x1x1xf32> -> tensor<?x512xf32>
    %2 = resnet.linear %1, %w, %b : ...
    // becomes
    %2 = resnet.fused_head %x, %w, %b : (tensor<?x512x7x7xf32>, tensor<1000x512xf32>, tensor<1000xf32>) -> tensor<?x1000xf32>
    ```
  }];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let statistics = [Statistic<"fused", "fused", "heads fused">];
}

def PruneResources : Pass<"resnet-prune-resources", "::mlir::ModuleOp"> {
  let summary = "Frees weights that no operation refers to";
  let description = [{
    The IR does not change. Weights that a rewrite replaced stay in the context's memory until this pass lets go of them.
    Assumes that no other module of the context shares the resources.
  }];
  let statistics = [Statistic<"bytesFreed", "bytes-freed", "bytes of weights freed">];
}
