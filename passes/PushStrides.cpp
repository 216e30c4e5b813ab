// Moves strides up: a convolution whose result only 1x1 convolutions and subsamplings of one stride read computes what they read
// and no more. One walk backwards, so that a stride that has moved can move on. Runs after FuseEpilogues.

#include "dialect/IR/Layouts.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/Passes.h"
#include "passes/Rewriting.h"
#include "llvm/ADT/TypeSwitch.h"

namespace resnet {
#define GEN_PASS_DEF_PUSHSTRIDES
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

// The strides at which `use` reads a map, where it reads single positions and nothing between them; empty otherwise.
static ArrayRef<int64_t> readStrides(OpOperand &use) {
  return llvm::TypeSwitch<Operation *, ArrayRef<int64_t>>(use.getOwner())
      .Case([&](FusedConv2dOp conv) -> ArrayRef<int64_t> {
        const bool pointwise = allEqual(conv.getFilter().getType().getShape().drop_front(2), 1) && allEqual(conv.getPadding(), 0);
        return pointwise && &use == &conv.getInputMutable() ? conv.getStrides() : ArrayRef<int64_t>();
      })
      .Case([](SubsampleOp op) { return op.getStrides(); })
      .Default(ArrayRef<int64_t>());
}

// The strides that all readers of `value` share; empty where they differ or one reads otherwise.
static SmallVector<int64_t> commonStrides(Value value) {
  SmallVector<int64_t> common;
  for (OpOperand &use : value.getUses()) {
    ArrayRef<int64_t> strides = readStrides(use);
    if (strides.empty() || (!common.empty() && ArrayRef<int64_t>(common) != strides))
      return {};
    common.assign(strides.begin(), strides.end());
  }
  return common;
}

namespace {

struct PushStridesPass : resnet::impl::PushStridesBase<PushStridesPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    // Readers come after what they read: each producer is met once the strides behind it have settled.
    getOperation().walk<WalkOrder::PostOrder, ReverseIterator>([&](FusedConv2dOp op) {
      const SmallVector<int64_t> strides = commonStrides(op);
      if (strides.empty() || allEqual(strides, 1))
        return;
      const int64_t product[] = {op.getStrides()[0] * strides[0], op.getStrides()[1] * strides[1]};
      if (llvm::all_of(product, [](int64_t stride) { return stride <= kLargestSize; })) { // conv2d_c2
        push(op, strides, product, rewriter);
        ++pushed;
      }
    });
  }

  void push(FusedConv2dOp op, ArrayRef<int64_t> strides, ArrayRef<int64_t> product, IRRewriter &rewriter) {
    const int64_t ones[] = {1, 1};
    for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
      rewriter.modifyOpInPlace(user, [&] {
        llvm::TypeSwitch<Operation *>(user).Case<FusedConv2dOp, SubsampleOp>([&](auto reader) { reader.setStrides(ones); });
      });
    RankedTensorType type = subsampled(op.getType(), strides);
    Value addend = op.getAddend();
    if (addend) {
      rewriter.setInsertionPoint(op);
      addend = SubsampleOp::create(rewriter, op.getLoc(), subsampled(tensorType(addend), strides), addend, strides,
                                   ArrayRef<int64_t>{0, 0});
    }
    rewriter.modifyOpInPlace(op, [&] {
      op.setStrides(product);
      if (addend)
        op.getAddendMutable().assign(addend);
      op.getResult().setType(type);
    });
    // A subsampling without channel padding has nothing left to do.
    for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
      if (auto reader = dyn_cast<SubsampleOp>(user); reader && allEqual(reader.getChannelPadding(), 0))
        rewriter.replaceOp(reader, op.getResult());
  }

  static RankedTensorType subsampled(RankedTensorType type, ArrayRef<int64_t> strides) {
    return RankedTensorType::get({type.getDimSize(0), type.getDimSize(1), ceilDiv(type.getDimSize(2), strides[0]),
                                  ceilDiv(type.getDimSize(3), strides[1])},
                                 type.getElementType());
  }
};

} // namespace
