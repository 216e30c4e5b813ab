// Executes the model before the first pass and after every pass, and names the first one that changes what it computes.

#ifndef RESNET_PASSES_VALIDATE_H
#define RESNET_PASSES_VALIDATE_H

#include "mlir/Pass/PassInstrumentation.h"
#include <cstdint>
#include <memory>

namespace resnet {

struct ValidationOptions {
  /// Largest difference of an output that a pass may cause, relative to the output's largest element.
  double tolerance = 1e-4;
  /// Images of a run where the batch is dynamic.
  int64_t batch = 2;
  uint64_t seed = 1;
};

/// Add it to a pass manager over a module that holds `@main`. Each pass's output is the next one's reference. A pass that changes
/// a result by more than the tolerance, or leaves what cannot be executed, fails. Validation ends with a remark where a pass
/// lowers `@main` below the dialect.
std::unique_ptr<mlir::PassInstrumentation> createValidation(const ValidationOptions &options = {});

} // namespace resnet

#endif // RESNET_PASSES_VALIDATE_H
