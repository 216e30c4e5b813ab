// Constants in rewrites.

#include "passes/Weights.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include <cmath>

using namespace mlir;
using namespace resnet;

bool ConstantReader::read(Value value) {
  op = value ? value.getDefiningOp<ConstantOp>() : ConstantOp{};
  if (!op)
    return false;
  elements = constantElements(op.getValue(), storage);
  return !elements.empty();
}

Value resnet::createConstantLike(OpBuilder &builder, Location loc, ConstantOp model, ArrayRef<int64_t> shape,
                                 ArrayRef<float> elements, StringRef suffix) {
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  auto resource = dyn_cast<DenseResourceElementsAttr>(model.getValue());
  if (!resource)
    return ConstantOp::create(builder, loc, DenseElementsAttr::get(type, elements));
  // A fold after a fold keeps the name that the source gave.
  StringRef key = resource.getRawHandle().getKey();
  const std::string name = key.ends_with(suffix) ? key.str() : (key + suffix).str();
  return ConstantOp::create(builder, loc, makeResource(type, name, elements));
}

bool resnet::allFinite(ArrayRef<float> values) {
  return llvm::all_of(values, [](float value) { return std::isfinite(value); });
}

std::optional<ScaleShift> resnet::scaleAndShift(BatchNormOp op) {
  ConstantReader scale, offset, mean, variance;
  if (!scale.read(op.getScale()) || !offset.read(op.getOffset()) || !mean.read(op.getMean()) || !variance.read(op.getVariance()))
    return std::nullopt;
  const double epsilon = op.getEpsilon().convertToFloat();
  ScaleShift result;
  for (auto [s, o, m, v] : llvm::zip_equal(scale.elements, offset.elements, mean.elements, variance.elements)) {
    const double factor = s / std::sqrt(v + epsilon);
    const double shift = o - m * factor;
    if (!std::isfinite(factor) || !std::isfinite(shift))
      return std::nullopt;
    result.scale.push_back(factor);
    result.shift.push_back(shift);
  }
  return result;
}
