// Geometry of encoded tensor types, constants' elements and source names.

#include "dialect/IR/Layouts.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include <cstring>

using namespace mlir;
using namespace resnet;

Halo resnet::toHalo(ArrayRef<int64_t> padding) {
  return padding.empty() ? Halo{} : Halo{padding[0], padding[1], padding[2], padding[3]};
}

bool resnet::allEqual(ArrayRef<int64_t> values, int64_t value) {
  return llvm::all_of(values, [&](int64_t v) { return v == value; });
}

// Nor has a tensor more elements.
constexpr int64_t kMostElements = int64_t(1) << 40;

// tensor_c1: f32 of rank 1, 2 or 4. tensor_c2: only the first dimension is dynamic, the others are from 1 to 2^24, and the static
// ones have at most 2^40 elements.
static bool isBounded(RankedTensorType type) {
  if (!type.getElementType().isF32() || (type.getRank() != 1 && type.getRank() != 2 && type.getRank() != 4))
    return false;
  int64_t elements = 1;
  for (auto [index, size] : llvm::enumerate(type.getShape())) {
    if (ShapedType::isDynamic(size) && index == 0)
      continue;
    if (ShapedType::isDynamic(size) || size < 1 || size > kLargestSize || (elements *= size) > kMostElements)
      return false;
  }
  return true;
}

// tensor_c3: activations, of rank 2 or 4, carry a #resnet.layout or no encoding, weights a #resnet.filter_layout or none.
bool resnet::isActivations(RankedTensorType type) {
  return isBounded(type) && type.getRank() != 1 && (!type.getEncoding() || isa<LayoutAttr>(type.getEncoding()));
}

bool resnet::isWeights(RankedTensorType type) {
  return isBounded(type) && (!type.getEncoding() || isa<FilterLayoutAttr>(type.getEncoding()));
}

bool resnet::isTensor(RankedTensorType type) { return isActivations(type) || isWeights(type); }

ActivationGeometry resnet::activationGeometry(RankedTensorType type) {
  ActivationGeometry g;
  g.channels = type.getDimSize(type.getRank() == 1 ? 0 : 1);
  if (type.getRank() == 4) {
    g.height = type.getDimSize(2);
    g.width = type.getDimSize(3);
  }
  if (auto layout = dyn_cast_or_null<LayoutAttr>(type.getEncoding())) {
    g.block = layout.getBlock();
    g.halo = toHalo(layout.getHalo());
  }
  return g;
}

FilterGeometry resnet::filterGeometry(RankedTensorType type) {
  auto layout = cast<FilterLayoutAttr>(type.getEncoding());
  FilterGeometry g;
  g.outChannels = type.getDimSize(0);
  g.groups = layout.getGroups();
  g.inChannels = (type.getRank() > 1 ? type.getDimSize(1) : 1) * g.groups;
  if (type.getRank() == 4) {
    g.kernelHeight = type.getDimSize(2);
    g.kernelWidth = type.getDimSize(3);
  }
  g.block = layout.getBlock();
  g.inputBlock = layout.getInputBlock();
  return g;
}

int64_t resnet::constantBytes(RankedTensorType type) {
  if (!isa_and_nonnull<FilterLayoutAttr>(type.getEncoding()))
    return type.getNumElements() * 4;
  FilterGeometry g = filterGeometry(type);
  return type.getRank() == 1 ? g.outBlocks() * g.block * 4 : g.packedBytes();
}

RankedTensorType resnet::withEncoding(RankedTensorType type, Attribute encoding) {
  return RankedTensorType::get(type.getShape(), type.getElementType(), encoding);
}

bool resnet::sameShape(Type a, Type b) {
  auto l = dyn_cast<RankedTensorType>(a), r = dyn_cast<RankedTensorType>(b);
  return l && r && l.getShape() == r.getShape() && l.getElementType() == r.getElementType();
}

bool resnet::isGateOf(RankedTensorType gate, RankedTensorType type) {
  return gate.getRank() == 4 && type.getRank() == 4 && allEqual(gate.getShape().drop_front(2), 1) &&
         gate.getShape().take_front(2) == type.getShape().take_front(2);
}

static void collectNames(Location loc, llvm::StringSet<> &seen, SmallVectorImpl<StringRef> &names) {
  if (auto name = dyn_cast<NameLoc>(loc)) {
    if (seen.insert(name.getName()).second)
      names.push_back(name.getName());
  } else if (auto fused = dyn_cast<FusedLoc>(loc)) {
    for (Location part : fused.getLocations())
      collectNames(part, seen, names);
  }
}

std::string resnet::sourceName(Location loc) {
  llvm::StringSet<> seen;
  SmallVector<StringRef> names;
  collectNames(loc, seen, names);
  return llvm::join(names, ", ");
}

ArrayRef<float> resnet::constantElements(ElementsAttr value, SmallVectorImpl<float> &storage) {
  if (!value.getElementType().isF32())
    return {};
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    const size_t count = value.getNumElements();
    if (!blob || blob->getData().size() != count * sizeof(float))
      return {};
    const char *data = blob->getData().data();
    if (reinterpret_cast<uintptr_t>(data) % alignof(float) == 0)
      return {reinterpret_cast<const float *>(data), count};
    storage.resize_for_overwrite(count); // a file may declare any alignment
    std::memcpy(storage.data(), data, count * sizeof(float));
    return storage;
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return {};
  if (!dense.isSplat()) // Stored as in memory: no copy.
    return {reinterpret_cast<const float *>(dense.getRawData().data()), static_cast<size_t>(dense.getNumElements())};
  storage.assign(dense.getNumElements(), dense.getSplatValue<float>());
  return storage;
}

ElementsAttr resnet::makeResource(RankedTensorType type, StringRef name, ArrayRef<float> elements) {
  return DenseResourceElementsAttr::get(
      type, name,
      HeapAsmResourceBlob::allocateAndCopyWithAlign(
          {reinterpret_cast<const char *>(elements.data()), elements.size() * sizeof(float)}, kBufferAlignment));
}
