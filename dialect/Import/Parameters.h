// Where an architecture's parameters come from: a seed, or a safetensors file.

#ifndef RESNET_DIALECT_IMPORT_PARAMETERS_H
#define RESNET_DIALECT_IMPORT_PARAMETERS_H

#include "dialect/Import/HostTensor.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace llvm {
class MemoryBuffer;
}

namespace resnet {

/// ResidualScale: of the last normalisation before a block's sum.
enum class ParameterRole { Filter, LinearWeight, LinearBias, Scale, ResidualScale, Offset, Mean, Variance };

class ParameterSource {
public:
  virtual ~ParameterSource() = default;
  /// The parameter `name`, of that shape. A source that has none remembers it and gives zeros.
  virtual HostTensor get(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, ParameterRole role) = 0;
  /// To be called when all are taken: what was missing, unfit or left over.
  virtual llvm::Error finish() = 0;
};

/// He's initialisation (He et al., "Delving Deep into Rectifiers", 2015; fan out) for filters, torch's for the linear layer,
/// the identity for batch normalisation, but for a scale of 1/4 before each sum.
std::unique_ptr<ParameterSource> generateParameters(uint64_t seed);

/// The tensors of the safetensors file `path`, f32. Counters (`num_batches_tracked`) are ignored.
llvm::Expected<std::unique_ptr<ParameterSource>> readSafetensors(llvm::StringRef path);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_PARAMETERS_H
