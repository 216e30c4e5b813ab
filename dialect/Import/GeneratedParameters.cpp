// Parameters from a seed. Every parameter has a random stream of its own, so that none depends on the order of construction.

#include "dialect/Import/Parameters.h"
#include "dialect/Import/Random.h"
#include <cmath>

using namespace resnet;

// Below one, as training leaves it. With one, the 152 random layers of ResNet-152 amplify a small change of a noise image 520
// times, and so the rounding of f32; with 0.5 115 times, with 0.25 14 times.
static constexpr float kResidualScale = 0.25f;

namespace {
class GeneratedParameters : public ParameterSource {
public:
  explicit GeneratedParameters(uint64_t seed) : seed(seed) {}

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
    case ParameterRole::Filter: {
      const double deviation = std::sqrt(2.0 / static_cast<double>(shape[0] * shape[2] * shape[3]));
      for (int64_t i = 0; i < count; ++i)
        out[i] = static_cast<float>(random.normal(i) * deviation);
      break;
    }
    case ParameterRole::LinearWeight:
      features = shape[1];
      [[fallthrough]];
    case ParameterRole::LinearBias: {
      const double bound = std::sqrt(1.0 / static_cast<double>(features));
      for (int64_t i = 0; i < count; ++i)
        out[i] = static_cast<float>((2 * random.uniform(i) - 1) * bound);
      break;
    }
    case ParameterRole::ResidualScale:
      std::fill_n(out, count, kResidualScale);
      break;
    case ParameterRole::Scale:
    case ParameterRole::Variance:
      std::fill_n(out, count, 1.0f);
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
  int64_t features = 1; // inputs of the linear layer, whose bias has their bound too
  bool outOfMemory = false;
};
} // namespace

std::unique_ptr<ParameterSource> resnet::generateParameters(uint64_t seed) { return std::make_unique<GeneratedParameters>(seed); }
