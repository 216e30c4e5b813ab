// Counts from shapes and the schedule alone.

#include "codegen/KernelWork.h"
#include "codegen/schedules/WinogradTiles.h"
#include <algorithm>
#include <vector>

using namespace resnet;
using namespace resnet::codegen;

std::string codegen::algorithmName(const KernelSpec &s) {
  if (s.kind != KernelKind::Conv2d && s.kind != KernelKind::Stem)
    return "";
  // An unset schedule becomes a direct one in the kernel compiler.
  if (s.schedule.algorithm != ConvAlgorithm::Winograd)
    return "direct";
  return "F(" + std::to_string(s.schedule.outputTile) + "," + std::to_string(s.filter.kernelHeight) + ")" +
         (s.schedule.mixedTiles ? " mixed" : "");
}

int64_t codegen::performedFlopsPerImage(const KernelSpec &s) {
  if (s.schedule.algorithm != ConvAlgorithm::Winograd)
    return flopsPerImage(s);
  const WinogradTiles tiles(s, s.schedule);
  return 2 * tiles.x.products() * tiles.y.products() * s.input.blocks() * s.input.block * s.output.blocks() * s.output.block;
}

int64_t codegen::weightsBytes(const KernelSpec &s) {
  using Role = KernelArgument::Role;
  int64_t elements = 0;
  for (const KernelArgument &argument : arguments(s)) {
    const Role role = argument.role;
    if (role != Role::Filter && role != Role::Bias && role != Role::Scale && role != Role::Shift)
      continue;
    int64_t size = 1;
    for (const KernelArgument::Dim &dim : argument.dims)
      size *= dim.extent;
    elements += size;
  }
  return elements * 4;
}

// How many of `in` positions `out` windows read; the first window begins at `first`.
static int64_t positionsRead(int64_t in, int64_t out, int64_t window, int64_t stride, int64_t dilation, int64_t first) {
  std::vector<bool> read(in);
  for (int64_t o = 0; o < out; ++o)
    for (int64_t k = 0; k < window; ++k)
      if (const int64_t position = first + o * stride + k * dilation; position >= 0 && position < in)
        read[position] = true;
  return std::count(read.begin(), read.end(), true);
}

static int64_t inputElementsRead(const KernelSpec &s) {
  int64_t channels = s.input.blocks() * s.input.block, rows = s.input.height, columns = s.input.width;
  switch (s.kind) {
  case KernelKind::Conv2d:
  case KernelKind::Stem:
  case KernelKind::MaxPool2d:
  case KernelKind::AvgPool2d: {
    const bool stem = s.kind == KernelKind::Stem;
    rows =
        positionsRead(rows, stem ? s.convolved[0] : s.output.height, s.kernel[0], s.strides[0], s.dilations[0], -s.padding.top);
    columns = positionsRead(columns, stem ? s.convolved[1] : s.output.width, s.kernel[1], s.strides[1], s.dilations[1],
                            -s.padding.left);
    break;
  }
  case KernelKind::Copy:
    channels = positionsRead(s.input.channels, s.output.channels, 1, 1, 1, s.copyOffset[0]);
    rows = positionsRead(rows, s.output.height, 1, s.strides[0], 1, s.copyOffset[1]);
    columns = positionsRead(columns, s.output.width, 1, s.strides[1], 1, s.copyOffset[2]);
    break;
  default:
    break;
  }
  return channels * rows * columns;
}

int64_t codegen::activationBytesPerImage(const KernelSpec &s) {
  const auto stored = [](const ActivationGeometry &g) { return g.blocks() * g.block; };
  const auto wholeMap = [&](const ActivationGeometry &g) { return stored(g) * g.height * g.width; };
  int64_t elements = inputElementsRead(s) + (s.epilogue.keepsSum ? 2 : 1) * wholeMap(s.output);
  if (s.hasGate())
    elements += wholeMap(s.gate);
  for (const ActivationGeometry &g : s.moreInputs)
    elements += wholeMap(g);
  if (s.epilogue.addend)
    elements += stored(s.addend) * positionsRead(s.addend.height, s.output.height, 1, s.epilogue.addendStrides[0], 1, 0) *
                positionsRead(s.addend.width, s.output.width, 1, s.epilogue.addendStrides[1], 1, 0);
  return elements * 4;
}
