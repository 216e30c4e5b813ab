// Layers of random residual networks: operations of the graph level whose weights and details come from one stream.

#ifndef RESNET_TEST_ENDTOEND_RANDOMLAYERS_H
#define RESNET_TEST_ENDTOEND_RANDOMLAYERS_H

#include "dialect/IR/ResNetDialect.h"
#include "mlir/IR/Builders.h"
#include <random>

namespace resnet::test {

enum class Norm { Batch, Group, Instance, InstanceBatch, None };
enum class Shape { Relu, Relu6, Silu, SiluAsProduct, HardSwish, HardSwishAsProduct, Sigmoid, HardSigmoid, Clip };
enum class Attention { None, SqueezeExcitation, SqueezeLinear, EfficientChannel, TwoPools };

struct Window {
  int64_t kernel = 3, stride = 1, groups = 1, dilation = 1;
};

class RandomLayers {
public:
  explicit RandomLayers(mlir::MLIRContext *context) : builder(context), loc(builder.getUnknownLoc()) {}
  void restart(uint64_t seed) { random.seed(seed); }

  /// Standard distributions differ between libraries; these do not.
  int64_t pick(int64_t count) { return static_cast<int64_t>(random() % static_cast<uint64_t>(count)); }
  bool chance(int percent) { return pick(100) < percent; }
  template <typename T> T oneOf(std::initializer_list<T> values) { return values.begin()[pick(values.size())]; }

  mlir::Value constant(llvm::ArrayRef<int64_t> shape, double low, double high);
  /// Keeps the map at stride 1 and halves it, rounded up, at stride 2. Pads by itself, or by an operation before, or unevenly.
  mlir::Value conv(mlir::Value input, int64_t filters, Window window, bool bias);
  mlir::Value linear(mlir::Value input, int64_t features);
  /// Batch normalisation where the map is too small for its own statistics.
  mlir::Value norm(mlir::Value input, Norm kind);
  mlir::Value activate(mlir::Value input, Shape shape);
  mlir::Value attend(mlir::Value input, Attention kind);
  mlir::Value flatten(mlir::Value input) { return create<FlattenOp>(input); }
  mlir::Value fakeQuantize(mlir::Value input);

  template <typename Op, typename... Args> mlir::Value create(Args &&...args) {
    return Op::create(builder, loc, std::forward<Args>(args)...);
  }

  mlir::OpBuilder builder;
  mlir::Location loc;

private:
  mlir::Value batchNorm(mlir::Value input);
  mlir::Value groupNorm(mlir::Value input, int64_t groups);
  mlir::Value channels(mlir::Value input, int64_t first, int64_t count);

  std::mt19937_64 random;
};

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType()).getShape();
}
inline int64_t channelsOf(mlir::Value value) { return shapeOf(value)[1]; }

} // namespace resnet::test

#endif // RESNET_TEST_ENDTOEND_RANDOMLAYERS_H
