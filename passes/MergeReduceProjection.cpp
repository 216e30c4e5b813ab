// Merges a block's 1x1 reduce and its 1x1 projection into one convolution with stacked filters: the input is read once. The
// halves are slices at a multiple of the channel block, which are views in memory. Runs after FuseEpilogues.

#include "mlir/IR/PatternMatch.h"
#include "passes/Passes.h"
#include "passes/Rewriting.h"
#include "passes/Weights.h"
#include "llvm/ADT/MapVector.h"

namespace resnet {
#define GEN_PASS_DEF_MERGEREDUCEPROJECTION
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

namespace {

int64_t outChannels(FusedConv2dOp op) { return op.getFilter().getType().getDimSize(0); }

// A 1x1 convolution with constant weights and no sum.
bool isPlainPointwise(FusedConv2dOp op) {
  return !op.getAddend() && !op.getActivatedChannels() && op.getGroups() == 1 &&
         allEqual(op.getFilter().getType().getShape().drop_front(2), 1) && op.getFilter().getDefiningOp<ConstantOp>() &&
         (!op.getBias() || op.getBias().getDefiningOp<ConstantOp>());
}

bool sameWindow(FusedConv2dOp a, FusedConv2dOp b) { return a.getStrides() == b.getStrides() && a.getPadding() == b.getPadding(); }

// The pointwise convolutions that read one value, in program order.
struct Readers {
  SmallVector<std::pair<unsigned, FusedConv2dOp>> reduces, projections;
};

struct MergeReduceProjectionPass : resnet::impl::MergeReduceProjectionBase<MergeReduceProjectionPass> {
  void runOnOperation() override {
    // Keyed by the input and the block, for an input may also be read inside a region.
    llvm::MapVector<std::pair<Value, Block *>, Readers> readers;
    unsigned position = 0;
    getOperation().walk([&](FusedConv2dOp op) {
      ++position;
      if (!isPlainPointwise(op))
        return;
      Readers &list = readers[{op.getInput(), op->getBlock()}];
      if (op.getActivation() == Activation::None)
        list.projections.push_back({position, op});
      else if (outChannels(op) % kChannelBlock == 0)
        list.reduces.push_back({position, op});
    });

    IRRewriter rewriter(&getContext());
    for (auto &[key, list] : readers) {
      if (list.reduces.size() != 1 || list.projections.size() != 1)
        continue; // No block of a residual network: which of them belong together would be a guess.
      auto [reduceAt, reduce] = list.reduces.front();
      auto [projectionAt, projection] = list.projections.front();
      if (!sameWindow(reduce, projection))
        continue;
      rewriter.setInsertionPoint(reduceAt < projectionAt ? reduce : projection);
      if (succeeded(merge(reduce, projection, rewriter)))
        ++merged;
    }
  }

  LogicalResult merge(FusedConv2dOp reduce, FusedConv2dOp projection, IRRewriter &rewriter) {
    const int64_t first = outChannels(reduce), second = outChannels(projection);
    Location loc = fusedLoc(reduce, projection);
    Value filter = stack(reduce.getFilter(), projection.getFilter(), first, second, loc, rewriter);
    if (!filter)
      return failure();
    Value bias;
    if (reduce.getBias() || projection.getBias())
      if (bias = stack(reduce.getBias(), projection.getBias(), first, second, loc, rewriter); !bias)
        return failure();

    RankedTensorType type = reduce.getType();
    auto shape = [&](int64_t channels) {
      return RankedTensorType::get({type.getDimSize(0), channels, type.getDimSize(2), type.getDimSize(3)}, type.getElementType());
    };
    auto both = FusedConv2dOp::create(rewriter, loc, shape(first + second), reduce.getInput(), filter, bias, Value(),
                                      reduce.getActivation(), rewriter.getI64IntegerAttr(first), reduce.getStrides(),
                                      reduce.getPadding(), reduce.getDilations(), 1);
    auto slice = [&](FusedConv2dOp op, int64_t offset, int64_t channels) {
      const int64_t ones[] = {1, 1, 1};
      return SliceOp::create(rewriter, op.getLoc(), shape(channels), both, ArrayRef<int64_t>{offset, 0, 0},
                             ArrayRef<int64_t>{channels, type.getDimSize(2), type.getDimSize(3)}, ones);
    };
    Value reduced = slice(reduce, 0, first), projected = slice(projection, first, second);
    rewriter.replaceOp(reduce, reduced);
    rewriter.replaceOp(projection, projected);
    return success();
  }

  // One constant of both along the first dimension; an absent one is zero. Null where elements are not at hand.
  Value stack(Value a, Value b, int64_t aRows, int64_t bRows, Location loc, IRRewriter &rewriter) {
    ConstantReader first, second;
    if ((a && !first.read(a)) || (b && !second.read(b)))
      return {};
    ConstantOp model = first.op ? first.op : second.op;
    SmallVector<int64_t> shape(model.getType().getShape());
    const int64_t row = model.getType().getNumElements() / shape[0];
    SmallVector<float> elements(first.elements);
    elements.resize(aRows * row, 0.0f);
    elements.append(second.elements.begin(), second.elements.end());
    elements.resize((aRows + bRows) * row, 0.0f);
    shape[0] = aRows + bRows;
    return createConstantLike(rewriter, loc, model, shape, elements, ".merged");
  }
};

} // namespace
