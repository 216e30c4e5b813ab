// Parameters from a seed. Every parameter has a random stream of its own, so that none depends on the order of construction.

#include "dialect/Import/Parameters.h"
#include "dialect/Import/Random.h"
#include <cmath>

using namespace resnet;

// Below one, as training leaves it. With one, the 152 random layers of ResNet-152 amplify a small change of a noise image 520
// times, and so the rounding of f32; with 0.5 115 times, with 0.25 14 times.
static constexpr float kResidualScale = 0.25f;

// A layer of convolution, normalisation and ReLU multiplies a small change of its input by the square root of E[relu'(z)^2] / Var
// relu(z) with z normal: by 1.21 with mean 0, by 1.06 with mean 1. Without sums that is to the power of the depth: 24 for
// plain-56, in place of 43,000.
static constexpr float kPlainOffset = 1.0f;

namespace {
class GeneratedParameters : public ParameterSource {
public:
  GeneratedParameters(uint64_t seed, float residualScale) : seed(seed), residualScale(residualScale) {}

  HostTensor get(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, ParameterRole role) override {
    HostTensor tensor = HostTensor::ofFloats(shape, allocateFloats(*countElements(shape)));
    if (!tensor.floats) {
      outOfMemory = true;
      return HostTensor::ofSplat(shape, 0);
    }
    float *out = tensor.floats.get();
    const int64_t count = tensor.count();
    RandomStream random(seed, name);
    switch (role) {
    case ParameterRole::Filter:
    case ParameterRole::ResidualFilter: {
      const double scale = role == ParameterRole::Filter ? 1 : residualScale;
      const double deviation = scale * std::sqrt(2.0 / static_cast<double>(shape[0] * shape[2] * shape[3]));
      for (int64_t i = 0; i < count; ++i)
        out[i] = static_cast<float>(random.normal(i) * deviation);
      break;
    }
    case ParameterRole::LinearWeight:
      features = count / shape[0];
      [[fallthrough]];
    case ParameterRole::LinearBias: {
      const double bound = std::sqrt(1.0 / static_cast<double>(features));
      for (int64_t i = 0; i < count; ++i)
        out[i] = static_cast<float>((2 * random.uniform(i) - 1) * bound);
      break;
    }
    case ParameterRole::ResidualScale:
      std::fill_n(out, count, residualScale);
      break;
    case ParameterRole::Scale:
    case ParameterRole::Variance:
      std::fill_n(out, count, 1.0f);
      break;
    case ParameterRole::PlainOffset:
      std::fill_n(out, count, kPlainOffset);
      break;
    case ParameterRole::Offset:
    case ParameterRole::Mean:
      std::fill_n(out, count, 0.0f);
      break;
    }
    return tensor;
  }

  llvm::Error finish() override {
    return outOfMemory ? llvm::createStringError("cannot allocate the weights") : llvm::Error::success();
  }

private:
  uint64_t seed;
  float residualScale;
  int64_t features = 1; // inputs of the last linear layer, whose bias has their bound too
  bool outOfMemory = false;
};
} // namespace

std::unique_ptr<ParameterSource> resnet::generateParameters(uint64_t seed, std::optional<float> residualScale) {
  return std::make_unique<GeneratedParameters>(seed, residualScale.value_or(kResidualScale));
}
