// Views and in-place candidates, decided by types and attributes alone.

#include "passes/KernelAnalysis.h"
#include "passes/KernelOperations.h"

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
  if (isa<FlattenOp, ReshapeOp>(op)) {
    ActivationGeometry in = activationGeometry(tensorType(op->getOperand(0)));
    ActivationGeometry out = activationGeometry(tensorType(op->getResult(0)));
    const bool isDense = in.halo.empty() && (in.block == 1 || in.height * in.width == 1);
    if (!isDense || out.block != 1 || !out.halo.empty())
      return std::nullopt;
    return MemoryView{op->getOperand(0), 0, in.imageBytes() == out.imageBytes()};
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

SmallVector<OpOperand *> resnet::inPlaceCandidates(Operation *op) {
  if (auto conv = dyn_cast<FusedConv2dOp>(op)) {
    const bool fits = conv.getAddend() && !conv.subsamplesAddend() && sameShape(conv.getAddend().getType(), conv.getType());
    return fits ? SmallVector<OpOperand *>{&conv.getAddendMutable()[0]} : SmallVector<OpOperand *>();
  }
  if (!ElementwiseOperations::contains(op))
    return {};
  SmallVector<OpOperand *> operands = elementwiseOperands(op);
  std::reverse(operands.begin(), operands.end());
  return operands;
}
