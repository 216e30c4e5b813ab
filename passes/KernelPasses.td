// Passes of the kernel level: layouts, kernels, memory, host program. Included by Passes.td.

def AssignLayouts : Pass<"resnet-assign-layouts", "::mlir::func::FuncOp"> {
  let summary = "Chooses how every tensor lies in memory";
  let description = [{
    Maps inside the function are blocked by `block` channels and get the halo that their consumers read; arguments and results stay
    dense NCHW, and so do tensors of rank 2. Where a consumer needs another layout than its producer can write, a
    `resnet.convert_layout` is inserted. Filters and vectors get the layout that their kernel reads.

    - A convolution needs the rows and columns that its windows touch outside the map as its input's halo. Nothing else needs one.
    - Maps of fewer channels than a block that come from an argument stay planar (`block = 1`) until a convolution has read them.
    - A slice of whole blocks of channels keeps its source's layout, so that it can be a view of it.
    - The result of a sum or of an element-wise operation and the map that dies in it get one layout where that is cheap, so that
      it can be in place.
    - Gates and what is concatenated or expanded are read as they lie.

    Layouts that are there already are replaced. Fails on operations that no kernel computes.

    ```mlir
    %y = resnet.fused_conv2d %x, %w pad [1, 1, 1, 1] : (tensor<?x3x8x8xf32>, tensor<16x3x3x3xf32>) -> tensor<?x16x8x8xf32>
    // becomes
    %p = resnet.convert_layout %x : tensor<?x3x8x8xf32> -> tensor<?x3x8x8xf32, #resnet.layout<block = 1, halo = [1, 1, 1, 1]>>
    %y = resnet.fused_conv2d %p, %w pad [1, 1, 1, 1]
        : (tensor<?x3x8x8xf32, #resnet.layout<block = 1, halo = [1, 1, 1, 1]>>,
           tensor<16x3x3x3xf32, #resnet.filter_layout<block = 16>>) -> tensor<?x16x8x8xf32, #resnet.layout<block = 16>>
    ```
  }];
  let options = [Option<"block", "block", "int64_t", "16", "channels a block">];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let statistics = [Statistic<"conversions", "conversions", "layout conversions inserted">,
                    Statistic<"halos", "halos", "maps that got a halo">];
}

def OutlineKernels : Pass<"resnet-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Makes each operation a kernel and @main a list of launches";
  let description = [{
    Operations that are equal but for their operands and location share one kernel; the launch keeps the location.
    An operation whose addend has the result's type and dies there is `in_place`, or an element-wise one whose other map does.
    Slices of whole blocks of channels, flattens and reshapes that move no byte stay as they are: the memory plan makes them views.
    A result that no kernel writes densely and as a whole (an argument, a constant, a view, a value returned twice) is copied by a kernel.

    ```mlir
    %y = resnet.softmax %x : tensor<?x10xf32> -> tensor<?x10xf32>
    // becomes
    resnet.kernel @softmax_10(%arg0: tensor<?x10xf32>) -> tensor<?x10xf32> {
      %0 = resnet.softmax %arg0 : tensor<?x10xf32> -> tensor<?x10xf32>
      resnet.yield %0 : tensor<?x10xf32>
    }
    %d = resnet.empty : tensor<?x10xf32>
    %y = resnet.launch @softmax_10 ins(%x : tensor<?x10xf32>) outs(%d : tensor<?x10xf32>) -> tensor<?x10xf32>
    ```
  }];
  let dependentDialects = ["::resnet::ResNetDialect"];
  let statistics = [Statistic<"kernels", "kernels", "kernels made">, Statistic<"launches", "launches", "launches made">,
                    Statistic<"inPlace", "in-place", "launches that overwrite an input">];
}

def PlanMemory : Pass<"resnet-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Gives every tensor of @main a place in the arena, the weights, the inputs or the outputs";
  let description = [{
    Launches on tensors become launches on buffers. @main takes its inputs, its outputs (marked `resnet.output`), the arena and the
    packed weights. Constants become `resnet.global`s, equal ones once. A buffer lives from its launch to the last launch that reads
    it or a view of it; buffers that do not live at once may share bytes. The last kernel writes the output itself.
    Offsets into the arena are an image's (see `!resnet.arena`) and multiples of 64 bytes.
    A buffer with a halo has it zeroed before the launch that first writes it, unless it begins where buffers of the same map have
    left it zero. Among packings of one size the plan takes one that zeroes little.

    ```mlir
    %d = resnet.empty : tensor<?x10xf32>
    %y = resnet.launch @k ins(%x : tensor<?x10xf32>) outs(%d : tensor<?x10xf32>) -> tensor<?x10xf32>
    // becomes
    %b = resnet.view %arena[0] : !resnet.arena<64> -> !resnet.buffer<tensor<?x10xf32>>
    resnet.launch @k ins(%x : !resnet.buffer<tensor<?x10xf32>>) outs(%b : !resnet.buffer<tensor<?x10xf32>>)
    ```
  }];
  let options = [Option<"noReuse", "no-reuse", "bool", "false", "give every buffer memory of its own (to hunt bugs)">];
  let dependentDialects = ["::resnet::ResNetDialect", "::mlir::func::FuncDialect"];
  let statistics = [Statistic<"arenaBytes", "arena-bytes", "bytes of the arena for one image">,
                    Statistic<"liveBytes", "live-bytes", "most bytes that live at once: no plan can be smaller">,
                    Statistic<"weightBytes", "weight-bytes", "bytes of the packed weights">,
                    Statistic<"buffers", "buffers", "buffers in the arena">, Statistic<"views", "views", "views of other buffers">,
                    Statistic<"halosZeroed", "halos-zeroed", "halos that each run zeroes">,
                    Statistic<"halosKept", "halos-kept", "halos that are zero already where their buffer begins">];
}

def VerifyMemoryPlan : Pass<"resnet-verify-memory-plan", "::mlir::ModuleOp"> {
  let summary = "Checks a memory plan from the planned IR alone";
  let description = [{
    Shares no code with the planner. Reports buffers that overlap while both live, reads of memory that nobody wrote or that was
    overwritten, buffers that end outside their memory, launches that overwrite an input without being `in_place`, views of weights
    without a global, convolutions whose halo was not zeroed, writes to inputs, and outputs that are not written.
  }];
  let statistics = [Statistic<"checked", "checked", "accesses checked">];
}

def LowerToLLVM : Pass<"resnet-lower-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Turns the planned @main into a function of kernel calls in the LLVM dialect";
  let description = [{
    The function is `resnet_main(run, inputs, outputs, arena, weights, batch) -> i32` (`resnet_program_main` of runtime/Program.h).
    Launch number i becomes `resnet_runtime_step(run, i)` and a call of `<kernel>_launch(run, batch, pointer, image stride in
    bytes, ..., destination, its stride) -> i32`, an argument of the kernel after the other; weights have stride 0. A non-zero result is
    returned at once. Kernels and globals are erased: code generation reads them before this pass.

    The first `separate-steps` launches, with the zeroing of halos before them, are in a loop over the images, one at a time: an
    image's maps are then still in cache when the next layer reads them. The others take all images at once. What only the first
    ones use lies in an arena of one image behind that of all images, so such a program's arena is one image larger.

    ```mlir
    resnet.launch @k ins(%x : !resnet.buffer<tensor<?x10xf32>>) outs(%y : !resnet.buffer<tensor<?x10xf32>>)
    // becomes
    llvm.call @resnet_runtime_step(%run, %i) : (!llvm.ptr, i32) -> ()
    %r = llvm.call @k_launch(%run, %batch, %x, %forty, %y, %forty) : (!llvm.ptr, i64, !llvm.ptr, i64, !llvm.ptr, i64) -> i32
    ```
  }];
  let options = [Option<"separateSteps", "separate-steps", "int64_t", "0", "first launches that run image by image">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}
