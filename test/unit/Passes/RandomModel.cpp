// Grows a model by operations on values that are there already, the recent ones more often.

#include "RandomModel.h"
#include "dialect/IR/Layouts.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <cmath>
#include <random>

using namespace mlir;
using namespace resnet;

namespace {

class ModelGrower {
public:
  ModelGrower(MLIRContext *context, unsigned seed)
      : builder(context), loc(builder.getUnknownLoc()), random(seed), f32(builder.getF32Type()) {}

  OwningOpRef<ModuleOp> grow(int size);

private:
  int64_t pick(int64_t n) { return static_cast<int64_t>(random() % n); }
  bool chance(int percent) { return pick(100) < percent; }
  Value map();
  Value mapLike(Value other);
  Value constant(ArrayRef<int64_t> shape, double scale);
  Value conv();
  Value elementwise();
  Value slice();
  Value pool();
  Value reshape();

  OpBuilder builder;
  Location loc;
  std::mt19937 random;
  Type f32;
  SmallVector<Value> maps, features;
};

} // namespace

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

// One of the last values, or any.
Value ModelGrower::map() {
  const int64_t count = maps.size();
  return chance(60) ? maps[count - 1 - pick(std::min<int64_t>(3, count))] : maps[pick(count)];
}

// A value of the same shape; null where there is none but itself, mostly.
Value ModelGrower::mapLike(Value other) {
  SmallVector<Value> same;
  for (Value value : maps)
    if (value.getType() == other.getType())
      same.push_back(value);
  return same.empty() ? Value() : same[pick(same.size())];
}

Value ModelGrower::constant(ArrayRef<int64_t> shape, double scale) {
  auto type = RankedTensorType::get(shape, f32);
  std::vector<float> elements(type.getNumElements());
  for (float &e : elements)
    e = static_cast<float>(scale * (static_cast<double>(random() % 2001) / 1000 - 1));
  return ConstantOp::create(builder, loc, DenseElementsAttr::get(type, ArrayRef<float>(elements)));
}

Value ModelGrower::conv() {
  Value input = map();
  ArrayRef<int64_t> in = shapeOf(input);
  const int64_t channels = in[1], widths[] = {3, 8, 16, 17, 24, 32, 48};
  int64_t out = widths[pick(7)], groups = 1;
  if (chance(15))
    groups = out = channels; // depthwise
  else if (channels % 2 == 0 && out % 2 == 0 && chance(15))
    groups = 2;
  const int64_t kernel = chance(50) ? 1 : 3, dilation = kernel == 3 && chance(15) ? 2 : 1;
  const int64_t stride = std::min(in[2], in[3]) > 3 && chance(20) ? 2 : 1;
  const int64_t same = dilation * (kernel - 1) / 2;
  SmallVector<int64_t> pad(4, same);
  if (kernel == 3 && chance(20))
    for (int64_t &p : pad)
      p = same + pick(2);
  auto size = [&](int i) { return (in[2 + i] + pad[i] + pad[2 + i] - dilation * (kernel - 1) - 1) / stride + 1; };
  auto type = RankedTensorType::get({in[0], out, size(0), size(1)}, f32);
  Value filter = constant({out, channels / groups, kernel, kernel}, std::sqrt(3.0 / (channels / groups * kernel * kernel)));
  Value bias = chance(60) ? constant({out}, 0.5) : Value();
  // A pre-activation, beside the sum where the halves can be views.
  Value postScale = chance(25) ? constant({out}, 1) : Value(), postShift = postScale ? constant({out}, 1) : Value();
  const bool keepsSum = postScale && out % kChannelBlock == 0 && chance(70);
  const auto postActivation = postScale && chance(70) ? Activation::Relu : Activation::None;
  auto result = keepsSum ? RankedTensorType::get({in[0], 2 * out, size(0), size(1)}, f32) : type;
  Value addend;
  SmallVector<int64_t> addendStrides{1, 1}, addendPadding{0, 0};
  if (chance(50))
    for (Value value : llvm::reverse(maps)) {
      ArrayRef<int64_t> shape = shapeOf(value);
      const bool same = value.getType() == type || value.getType() == result;
      const int64_t missing = out - shape[1];
      auto halves = [&](int i) { return ceilDiv(shape[2 + i], 2) == size(i); };
      if ((!same && (missing < 0 || !halves(0) || !halves(1))) || chance(30))
        continue;
      addend = value;
      if (!same) {
        addendStrides = {2, 2};
        addendPadding[0] = pick(missing + 1);
        addendPadding[1] = missing - addendPadding[0];
      }
      break;
    }
  const auto activation = chance(50) ? Activation::Relu : Activation::None;
  IntegerAttr activated = out > 1 && chance(10) ? builder.getI64IntegerAttr(out / 2) : IntegerAttr();
  return FusedConv2dOp::create(
      builder, loc, result, input, filter, bias, postScale, postShift, addend,
      ActivationAttr::get(builder.getContext(), activation), activated, builder.getDenseI64ArrayAttr({stride, stride}),
      builder.getDenseI64ArrayAttr(pad), builder.getDenseI64ArrayAttr({dilation, dilation}), builder.getI64IntegerAttr(groups),
      builder.getDenseI64ArrayAttr(addendStrides), builder.getDenseI64ArrayAttr(addendPadding),
      ActivationAttr::get(builder.getContext(), postActivation), keepsSum ? builder.getUnitAttr() : UnitAttr());
}

Value ModelGrower::elementwise() {
  Value input = map(), addend = chance(60) ? mapLike(input) : Value();
  const int64_t channels = shapeOf(input)[1];
  Value scale = chance(50) ? constant({channels}, 1) : Value(), shift = scale ? constant({channels}, 1) : Value();
  const auto activation = chance(50) ? Activation::Relu : Activation::None;
  return FusedElementwiseOp::create(builder, loc, input.getType(), input, scale, shift, Value(), addend, activation);
}

// Mostly whole blocks, or any channels, or any box.
Value ModelGrower::slice() {
  Value input = map();
  ArrayRef<int64_t> in = shapeOf(input);
  SmallVector<int64_t> offsets{0, 0, 0}, sizes{in[1], in[2], in[3]}, strides{1, 1, 1};
  if (in[1] > 16 && chance(60)) {
    offsets[0] = 16 * pick((in[1] + 15) / 16);
    sizes[0] = chance(50) ? in[1] - offsets[0] : std::min<int64_t>(16, in[1] - offsets[0]);
  } else {
    for (int i : {0, 1, 2}) {
      offsets[i] = pick((in[1 + i] + 1) / 2);
      sizes[i] = 1 + pick(in[1 + i] - offsets[i]);
    }
  }
  auto type = RankedTensorType::get({in[0], sizes[0], sizes[1], sizes[2]}, f32);
  return SliceOp::create(builder, loc, type, input, offsets, sizes, strides);
}

Value ModelGrower::pool() {
  Value input = map();
  ArrayRef<int64_t> in = shapeOf(input);
  if (chance(30))
    return GlobalAvgPoolOp::create(builder, loc, RankedTensorType::get({in[0], in[1], 1, 1}, f32), input);
  const int64_t map[] = {(in[2] - 1) / 2 + 1, (in[3] - 1) / 2 + 1}; // of a 3x3 window padded by 1, with stride 2
  if (chance(40)) {
    auto type = RankedTensorType::get({in[0], 16, (map[0] - 1) / 2 + 1, (map[1] - 1) / 2 + 1}, f32);
    const auto activation = chance(50) ? Activation::Relu : Activation::None;
    const int64_t twos[] = {2, 2}, threes[] = {3, 3}, around[] = {1, 1, 1, 1};
    return FusedStemOp::create(builder, loc, type, input, constant({16, in[1], 3, 3}, std::sqrt(1.0 / (3 * in[1]))),
                               chance(50) ? constant({16}, 0.5) : Value(), activation, twos, around, threes, twos, around);
  }
  auto attribute = [&](ArrayRef<int64_t> values) { return builder.getDenseI64ArrayAttr(values); };
  return MaxPool2dOp::create(builder, loc, input.getType(), input, attribute({3, 3}), attribute({1, 1}), attribute({1, 1, 1, 1}),
                             attribute({1, 1}), UnitAttr());
}

Value ModelGrower::reshape() {
  Value input = map();
  ArrayRef<int64_t> in = shapeOf(input);
  switch (pick(4)) {
  case 0: {
    const SmallVector<int64_t> low{pick(3), pick(2), pick(2)}, high{pick(3), pick(2), pick(2)};
    auto type = RankedTensorType::get({in[0], in[1] + low[0] + high[0], in[2] + low[1] + high[1], in[3] + low[2] + high[2]}, f32);
    return PadOp::create(builder, loc, type, input, builder.getDenseI64ArrayAttr(low), builder.getDenseI64ArrayAttr(high),
                         builder.getF32FloatAttr(static_cast<float>(pick(2))));
  }
  case 1: {
    auto type = RankedTensorType::get({in[0], in[1] + 8, (in[2] + 1) / 2, (in[3] + 1) / 2}, f32);
    return SubsampleOp::create(builder, loc, type, input, builder.getDenseI64ArrayAttr({2, 2}),
                               builder.getDenseI64ArrayAttr({4, 4}));
  }
  case 2:
    return TransposeOp::create(builder, loc, RankedTensorType::get({in[0], in[3], in[1], in[2]}, f32), input,
                               ArrayRef<int64_t>{0, 3, 1, 2});
  default:
    return TransposeOp::create(builder, loc, RankedTensorType::get({in[0], in[2], in[3], in[1]}, f32), input,
                               ArrayRef<int64_t>{0, 2, 3, 1});
  }
}

OwningOpRef<ModuleOp> ModelGrower::grow(int size) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder, loc);
  const int64_t batch = chance(70) ? ShapedType::kDynamic : 2;
  SmallVector<Type> inputs;
  for (int64_t i = 0, count = 1 + pick(2); i < count; ++i)
    inputs.push_back(RankedTensorType::get({batch, chance(60) ? 3 : 16 + pick(20), 4 + pick(4), 4 + pick(4)}, f32));
  builder.setInsertionPointToEnd(module->getBody());
  auto main = func::FuncOp::create(builder, loc, "main", builder.getFunctionType(inputs, {}));
  Block *body = main.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  llvm::append_range(maps, body->getArguments());
  for (int i = 0; i < size; ++i) {
    const int64_t kind = pick(100);
    Value value = kind < 50 ? conv() : kind < 70 ? elementwise() : kind < 85 ? slice() : kind < 93 ? pool() : reshape();
    maps.push_back(value);
    if (chance(10)) {
      ArrayRef<int64_t> in = shapeOf(value);
      const int64_t count = in[1] * in[2] * in[3];
      features.push_back(FlattenOp::create(builder, loc, RankedTensorType::get({batch, count}, f32), value));
      if (chance(50))
        features.push_back(FusedHeadOp::create(builder, loc, RankedTensorType::get({batch, 10}, f32), value,
                                               constant({10, in[1]}, 1), Value(),
                                               chance(50) ? builder.getUnitAttr() : UnitAttr()));
    }
  }
  SmallVector<Value> results{maps.back()};
  for (int64_t i = 0, count = pick(3); i < count; ++i)
    results.push_back(map());
  llvm::append_range(results, features);
  func::ReturnOp::create(builder, loc, results);
  main.setFunctionType(builder.getFunctionType(inputs, SmallVector<Type>(ValueRange(results).getTypes())));
  return module;
}

OwningOpRef<ModuleOp> resnet::test::randomModel(MLIRContext *context, unsigned seed, int size) {
  return ModelGrower(context, seed).grow(size);
}
