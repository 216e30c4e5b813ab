// The compiled host program: the sequence of launches as machine code, and the tables that describe it to the runtime.

#ifndef RESNET_CODEGEN_HOSTPROGRAM_H
#define RESNET_CODEGEN_HOSTPROGRAM_H

#include "codegen/KernelSpec.h"
#include "codegen/WeightsObject.h"
#include "dialect/IR/ResNetDialect.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace resnet::codegen {

/// The library's own names for things; all but the entry point are hidden.
inline constexpr llvm::StringLiteral kWeightsSymbol = "resnet_packed_weights";
inline constexpr llvm::StringLiteral kProgramSymbol = "resnet_compiled_program";

/// What the planned module says about the program (see resnet_program in runtime/Program.h). Read it before the module is
/// lowered to LLVM, which erases kernels and weights.
struct ProgramInfo {
  struct Tensor {
    std::string name;
    std::vector<int64_t> shape; // -1 for the dynamic batch
  };
  struct Step {
    std::string kernel; // of the dialect: @name
    std::string source;
  };
  std::vector<Tensor> inputs, outputs;
  std::vector<Step> steps;
  uint64_t arenaBytesPerImage = 0;
  int64_t fixedBatch = -1;
  int64_t chunkBatch = 1; // the most images that a run computes at once
};

mlir::FailureOr<ProgramInfo> readProgramInfo(mlir::ModuleOp planned);

/// A kernel of the dialect, compiled for one target.
struct KernelBinding {
  KernelSpec spec;
  std::string symbol; // of the compiled object
  uint64_t scratchBytes = 0;
};

/// The program for one number of images.
struct BatchProgram {
  int64_t batch = 0;
  /// First launches, whose kernels are for any number of images: they run image by image, while an image's maps are in cache.
  int64_t separateSteps = 0;
  llvm::StringMap<KernelBinding> kernels; // by the dialect's kernel name
};

/// One target's share of the program.
struct ProgramVariant {
  Target target;
  llvm::StringMap<KernelBinding> kernels; // for any number of images, by the dialect's kernel name
  std::vector<BatchProgram> batches;      // largest first
};

/// Completes `host` (the planned module translated to LLVM IR: a function resnet_main and declarations NAME_launch) for one
/// target and `batch` images (0: any): defines every launch function, which builds its kernel's halide_buffer_t and calls it,
/// renames resnet_main to mainSymbol(target, batch), and makes its batch a constant where there is one.
llvm::Error defineLaunches(llvm::Module &host, const llvm::StringMap<KernelBinding> &kernels, Target target, int64_t batch = 0);

std::string mainSymbol(Target target, int64_t batch = 0);

/// The runtime's table of a kind of devices: a resnet_device_api.
std::string deviceSymbol(Target target);

struct ProgramDescription {
  std::string name, description, entry;
};

/// Builds the module that holds the resnet_program table and the library's entry point.
std::unique_ptr<llvm::Module> buildProgramTable(llvm::LLVMContext &context, const ProgramInfo &info,
                                                llvm::ArrayRef<ProgramVariant> variants, const PackedWeights &weights,
                                                const ProgramDescription &description);

/// Machine code for `module`, position independent.
llvm::Expected<std::string> emitObject(llvm::Module &module, Target target, bool assembly = false);

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_HOSTPROGRAM_H
