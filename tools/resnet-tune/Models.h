// The convolutions that are to be measured, from models, built-in architectures or the whole family.

#ifndef RESNET_TOOLS_RESNET_TUNE_MODELS_H
#define RESNET_TOOLS_RESNET_TUNE_MODELS_H

#include "codegen/KernelSpec.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace resnet {

struct ModelChoice {
  std::vector<std::string> files;         // ONNX or IR
  std::vector<std::string> architectures; // names that resnet-import --list prints
  std::vector<std::string> shapes;        // of inputs, for all of them
};

/// ResNet-18 to -152 at 224x224, and the CIFAR nets; those of one kind share their shapes with the deeper ones.
std::vector<std::string> familyArchitectures();

/// The distinct convolutions of all the models for `target`, each once for each batch: in the order of models, batches together.
/// An error is one line; its text is empty where the import has told it on stderr.
llvm::Expected<std::vector<codegen::KernelSpec>> convolutionsOf(const ModelChoice &choice, codegen::Target target,
                                                                llvm::ArrayRef<int64_t> batches);

} // namespace resnet

#endif // RESNET_TOOLS_RESNET_TUNE_MODELS_H
