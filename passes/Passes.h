// Passes and pipelines over the resnet dialect. Each pass is declared in Passes.td and lives in the file of its name.

#ifndef RESNET_PASSES_PASSES_H
#define RESNET_PASSES_PASSES_H

#include "dialect/IR/ResNetDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace resnet {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

// The patterns of passes that have some, for use in other passes. Each counts what it did in the statistic, where one is given.
void populateNormalizeImportsPatterns(mlir::RewritePatternSet &patterns, mlir::Pass::Statistic *padsMerged = nullptr);
void populateFoldBatchNormPatterns(mlir::RewritePatternSet &patterns, mlir::Pass::Statistic *folded = nullptr);
void populateFuseHeadPatterns(mlir::RewritePatternSet &patterns, mlir::Pass::Statistic *fused = nullptr);
void populateFuseStemPatterns(mlir::RewritePatternSet &patterns, mlir::Pass::Statistic *fused = nullptr);

} // namespace resnet

#endif // RESNET_PASSES_PASSES_H
