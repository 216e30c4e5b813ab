// From a planned module to a library: kernels, weights, host program, link.

#ifndef RESNET_CODEGEN_LIBRARYBUILD_H
#define RESNET_CODEGEN_LIBRARYBUILD_H

#include "codegen/Compiler.h"
#include "codegen/HostProgram.h"
#include "codegen/schedules/Selection.h"
#include <map>

namespace resnet::codegen {

class KernelSchedules;

/// Steps in order: planKernels, then printKernels, or packWeights and build. packWeights reads the planned module, build the same
/// module lowered to the LLVM dialect. Temporary files live as long as this object.
class LibraryBuild {
public:
  LibraryBuild(mlir::ModuleOp module, const CompileOptions &options) : module(module), options(options) {}

  mlir::LogicalResult planKernels();
  mlir::LogicalResult printKernels();
  mlir::LogicalResult packWeights();
  mlir::LogicalResult build();

private:
  mlir::LogicalResult report(llvm::Error error);
  mlir::LogicalResult planBatches(const KernelSchedules &schedules);
  void emitRemarks();
  std::string winogradUsed() const;
  std::string schedulesUsed() const;
  std::string describe() const;
  mlir::LogicalResult writeObject(llvm::StringRef name, llvm::StringRef contents);
  mlir::LogicalResult buildMain(llvm::LLVMContext &context, const llvm::StringMap<KernelBinding> &kernels, Target target,
                                int64_t batch, int64_t separateSteps);
  mlir::LogicalResult lowerSeparately();
  mlir::LogicalResult buildHost();
  mlir::LogicalResult addRuntime();

  mlir::ModuleOp module;
  const CompileOptions &options;
  std::unique_ptr<TemporaryDirectory> directory;
  ProgramInfo info;
  std::vector<int64_t> batchSizes;       // largest first
  std::vector<KernelSpec> specs;         // distinct, for all targets
  llvm::StringMap<Selection> selections; // of convolutions, by symbol
  std::vector<ProgramVariant> variants;
  std::map<int64_t, mlir::OwningOpRef<mlir::ModuleOp>> separate; // the host program, by its steps that run image by image
  PackedWeights weights;
  std::vector<std::string> objects; // paths, in link order
};

} // namespace resnet::codegen

#endif // RESNET_CODEGEN_LIBRARYBUILD_H
