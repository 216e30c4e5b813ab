// Construction of host tensors and their way into the IR without a copy.

#include "dialect/Import/HostTensor.h"
#include "dialect/IR/Geometry.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <cstdlib>

using namespace mlir;
using namespace resnet;

std::optional<int64_t> resnet::countElements(ArrayRef<int64_t> shape) {
  constexpr int64_t kMost = int64_t(1) << 40;
  int64_t count = 1;
  for (int64_t dim : shape)
    if (dim < 0 || __builtin_mul_overflow(count, dim, &count) || count > kMost)
      return std::nullopt;
  return count;
}

std::shared_ptr<float> resnet::allocateFloats(int64_t count) {
  const size_t bytes = ceilDiv(std::max<int64_t>(count, 1) * 4, kBufferAlignment) * kBufferAlignment;
  auto *memory = static_cast<float *>(std::aligned_alloc(kBufferAlignment, bytes));
  return memory ? std::shared_ptr<float>(memory, std::free) : nullptr;
}

HostTensor HostTensor::ofIntegers(ArrayRef<int64_t> shape, std::vector<Integer> elements) {
  HostTensor t;
  t.kind = Kind::Integer;
  t.shape.assign(shape.begin(), shape.end());
  t.integers = std::move(elements);
  return t;
}

HostTensor HostTensor::ofIntegers(ArrayRef<int64_t> elements) {
  return ofIntegers({static_cast<int64_t>(elements.size())}, {elements.begin(), elements.end()});
}

HostTensor HostTensor::ofFloats(ArrayRef<int64_t> shape, std::shared_ptr<float> elements, Kind kind) {
  HostTensor t;
  t.kind = kind;
  t.shape.assign(shape.begin(), shape.end());
  t.floats = std::move(elements);
  return t;
}

HostTensor HostTensor::ofSplat(ArrayRef<int64_t> shape, float value, Kind kind) {
  HostTensor t;
  t.kind = kind;
  t.shape.assign(shape.begin(), shape.end());
  t.splat = value;
  return t;
}

int64_t HostTensor::findNonFinite() const {
  if (!isFloat() || count() == 0)
    return -1;
  if (!floats)
    return std::isfinite(splat) ? -1 : 0;
  ArrayRef<float> elements(floats.get(), count());
  // An exponent of all ones means infinity or NaN; integers, so that the loop is a few vector operations.
  bool poison = false;
  for (float x : elements)
    poison |= (llvm::bit_cast<uint32_t>(x) & 0x7f800000) == 0x7f800000;
  if (!poison)
    return -1;
  return llvm::find_if_not(elements, [](float x) { return std::isfinite(x); }) - elements.begin();
}

ElementsAttr HostTensor::toAttribute(MLIRContext *context, StringRef name) const {
  auto type = RankedTensorType::get(shape, Float32Type::get(context));
  if (!floats)
    return DenseElementsAttr::get(type, splat);
  ArrayRef<char> bytes(reinterpret_cast<const char *>(floats.get()), count() * sizeof(float));
  // The deleter keeps the memory alive for as long as the context's resource lives.
  auto deleter = [owner = floats](void *, size_t, size_t) mutable { owner.reset(); };
  return DenseResourceElementsAttr::get(type, name.empty() ? "weight" : name,
                                        AsmResourceBlob(bytes, kBufferAlignment, std::move(deleter), /*dataIsMutable=*/false));
}
