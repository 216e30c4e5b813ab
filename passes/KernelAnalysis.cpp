// Views and in-place candidates, decided by types and attributes alone.

#include "passes/KernelAnalysis.h"

using namespace mlir;
using namespace resnet;

bool resnet::slicesWholeBlocks(SliceOp op, int64_t block) {
  ArrayRef<int64_t> in = tensorType(op.getInput()).getShape(), offsets = op.getOffsets(), sizes = op.getSizes();
  const bool wholeMap = offsets[1] == 0 && offsets[2] == 0 && sizes[1] == in[2] && sizes[2] == in[3];
  const bool toBlockEnd = sizes[0] % block == 0 || offsets[0] + sizes[0] == in[1];
  return wholeMap && allEqual(op.getStrides(), 1) && offsets[0] % block == 0 && toBlockEnd;
}

std::optional<MemoryView> resnet::asMemoryView(Operation *op) {
  if (auto slice = dyn_cast<SliceOp>(op)) {
    ActivationGeometry in = activationGeometry(tensorType(slice.getInput())), out = activationGeometry(tensorType(slice));
    if (in.block != out.block || !(in.halo == out.halo) || !slicesWholeBlocks(slice, in.block))
      return std::nullopt;
    const int64_t offset = slice.getOffsets()[0] / in.block * in.blockStride() * 4;
    // A buffer that begins inside a cache line is copied instead: kernels count on the alignment.
    if (offset % kBufferAlignment)
      return std::nullopt;
    return MemoryView{slice.getInput(), offset, in.imageBytes() == out.imageBytes()};
  }
  if (auto flatten = dyn_cast<FlattenOp>(op)) {
    ActivationGeometry in = activationGeometry(tensorType(flatten.getInput()));
    if (tensorType(flatten.getInput()).getRank() == 3 || !in.halo.empty() || (in.block != 1 && in.height * in.width != 1))
      return std::nullopt;
    return MemoryView{flatten.getInput(), 0, in.imageBytes() == activationGeometry(tensorType(flatten)).imageBytes()};
  }
  return std::nullopt;
}

Value resnet::memoryRoot(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    std::optional<MemoryView> view = asMemoryView(op);
    if (!view)
      break;
    value = view->source;
  }
  return value;
}

Value resnet::bufferRoot(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewOp>()) {
    if (!isa<BufferType>(view.getMemory().getType()))
      break;
    buffer = view.getMemory();
  }
  return buffer;
}

bool resnet::isInArena(Value root) {
  auto view = root.getDefiningOp<ViewOp>();
  return view && isa<ArenaType>(view.getMemory().getType());
}

OpOperand *resnet::inPlaceCandidate(Operation *op) {
  if (auto conv = dyn_cast<FusedConv2dOp>(op)) {
    const bool fits = conv.getAddend() && !conv.subsamplesAddend() && sameShape(conv.getAddend().getType(), conv.getType());
    return fits ? &conv.getAddendMutable()[0] : nullptr;
  }
  if (auto elementwise = dyn_cast<FusedElementwiseOp>(op))
    return elementwise.getAddend() ? &elementwise.getAddendMutable()[0] : &elementwise.getInputMutable();
  return nullptr;
}
