// Where an architecture's parameters come from: a seed, or a safetensors file.

#ifndef RESNET_DIALECT_IMPORT_PARAMETERS_H
#define RESNET_DIALECT_IMPORT_PARAMETERS_H

#include "dialect/Import/HostTensor.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>
#include <vector>

namespace llvm {
class MemoryBuffer;
}

namespace resnet {

/// ResidualScale is of the last normalisation before a block's sum, ResidualFilter of the last convolution where nothing
/// normalises it; PlainOffset is of a normalisation in a network without sums. LinearWeight has the inputs of one output in its
/// dimensions but the first, LinearBias follows it.
enum class ParameterRole {
  Filter,
  ResidualFilter,
  LinearWeight,
  LinearBias,
  Scale,
  ResidualScale,
  Offset,
  PlainOffset,
  Mean,
  Variance
};

class ParameterSource {
public:
  virtual ~ParameterSource() = default;
  /// The parameter `name`, of that shape. A source that has none remembers it and gives zeros.
  virtual HostTensor get(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, ParameterRole role) = 0;
  /// To be called when all are taken: what was missing, unfit or left over.
  virtual llvm::Error finish() = 0;
};

/// He's initialisation (He et al., "Delving Deep into Rectifiers", 2015; fan out) for filters, torch's for linear layers, the
/// identity for normalisation. But the last normalisation before a sum has the scale `residualScale` (1/4 by default), as has a
/// convolution that nothing normalises, and in plain networks the offset is 1.
std::unique_ptr<ParameterSource> generateParameters(uint64_t seed, std::optional<float> residualScale = std::nullopt);

/// The tensors of the safetensors file `path`, f32, f16 or bf16. Names may be spelled as ParameterNames.h says.
llvm::Expected<std::unique_ptr<ParameterSource>> readSafetensors(llvm::StringRef path);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_PARAMETERS_H
