// Shapes as a user writes them.

#include "dialect/Import/ImportOptions.h"
#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

// No dimension of an image comes near this; the dialect's shape inference has the same limit.
static constexpr int64_t kLargestDimension = 1 << 24;

FailureOr<resnet::InputShape> resnet::parseInputShape(StringRef text, std::string &error) {
  InputShape shape;
  StringRef dims = text;
  // A name may hold a colon itself, so the last one ends it.
  if (size_t colon = text.rfind(':'); colon != StringRef::npos) {
    shape.name = text.take_front(colon).str();
    dims = text.drop_front(colon + 1);
  }
  SmallVector<StringRef> parts;
  dims.split(parts, 'x');
  for (auto [i, part] : llvm::enumerate(parts)) {
    int64_t size;
    if (part == "?" && i == 0) {
      shape.dims.push_back(ShapedType::kDynamic);
    } else if (!part.getAsInteger(10, size) && size >= 1 && size <= kLargestDimension) {
      shape.dims.push_back(size);
    } else {
      error = ("expected a shape such as input:?x3x224x224, where only the first size may be '?' and the others are 1 to " +
               Twine(kLargestDimension) + ", got '" + text + "'")
                  .str();
      return failure();
    }
  }
  return shape;
}

std::string resnet::formatShape(ArrayRef<int64_t> dims) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(dims, os, [&](int64_t dim) { ShapedType::isDynamic(dim) ? os << '?' : os << dim; }, "x");
  return dims.empty() ? "scalar" : text;
}
