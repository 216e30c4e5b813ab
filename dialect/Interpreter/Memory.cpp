// Reads and writes of buffers by the geometry of their layouts.

#include "dialect/Interpreter/Memory.h"
#include <limits>

using namespace resnet;

std::shared_ptr<std::vector<float>> resnet::allocateMemory(int64_t elements) {
  return std::make_shared<std::vector<float>>(elements, std::numeric_limits<float>::quiet_NaN());
}

BufferPlace BufferPlace::allocate(llvm::ArrayRef<int64_t> shape, const ActivationGeometry &geometry, int64_t imageStride) {
  const int64_t images = shape.size() > 1 ? shape[0] : 1;
  return {allocateMemory(images * imageStride), 0, imageStride, llvm::SmallVector<int64_t>(shape), geometry};
}

static int64_t numImages(const BufferPlace &place) { return place.shape.size() > 1 ? place.shape[0] : 1; }

bool BufferPlace::fits() const {
  return start >= 0 &&
         start + (numImages(*this) - 1) * imageStride + geometry.imageElements() <= static_cast<int64_t>(memory->size());
}

bool BufferPlace::overlaps(const BufferPlace &other) const {
  if (memory != other.memory)
    return false;
  for (int64_t n = 0; n < numImages(*this); ++n)
    for (int64_t m = 0; m < numImages(other); ++m) {
      const int64_t a = start + n * imageStride, b = other.start + m * other.imageStride;
      if (a < b + other.geometry.imageElements() && b < a + geometry.imageElements())
        return true;
    }
  return false;
}

// Calls `visit(n, c, y, x, element)` for every place of the map and, where asked for, of the halo around it: y from -top to
// H + bottom. Channels reach to the end of the last block.
template <typename Visit> static void forEachPlace(const BufferPlace &place, bool withHalo, Visit visit) {
  const ActivationGeometry &g = place.geometry;
  const Halo halo = withHalo ? g.halo : Halo{};
  for (int64_t n = 0; n < numImages(place); ++n)
    for (int64_t c = 0; c < g.blocks() * g.block; ++c)
      for (int64_t y = -halo.top; y < g.height + halo.bottom; ++y) {
        float *row = place.memory->data() + place.start + n * place.imageStride + g.interiorOffset() +
                     c / g.block * g.blockStride() + y * g.rowStride() + c % g.block;
        for (int64_t x = -halo.left; x < g.width + halo.right; ++x)
          visit(n, c, y, x, row[x * g.columnStride()]);
      }
}

void BufferPlace::write(TensorView tensor) const {
  const float *in = tensor.elements.data();
  forEachPlace(*this, false,
               [&](int64_t, int64_t c, int64_t, int64_t, float &element) { element = c < geometry.channels ? *in++ : 0; });
}

static std::vector<float> readPlaces(const BufferPlace &place, bool withHalo) {
  std::vector<float> elements;
  forEachPlace(place, withHalo, [&](int64_t, int64_t c, int64_t, int64_t, float element) {
    if (c < place.geometry.channels)
      elements.push_back(element);
  });
  return elements;
}

Tensor BufferPlace::read() const { return Tensor(shape, readPlaces(*this, false)); }

Tensor BufferPlace::readWithHalo() const {
  return Tensor({shape[0], shape[1], geometry.paddedHeight(), geometry.paddedWidth()}, readPlaces(*this, true));
}

void BufferPlace::zeroHalo() const {
  forEachPlace(*this, true, [&](int64_t, int64_t, int64_t y, int64_t x, float &element) {
    if (y < 0 || y >= geometry.height || x < 0 || x >= geometry.width)
      element = 0;
  });
}
