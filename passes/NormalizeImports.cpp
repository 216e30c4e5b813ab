// Brings what exporters write into the forms that the later passes know: the option-A shortcut as one subsample, padding inside
// the convolution, swish and gates as such, no dropout. What has no such form stays as it is; nothing fails.

#include "dialect/IR/Activations.h"
#include "dialect/IR/Layouts.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "passes/Passes.h"
#include "passes/Rewriting.h"

namespace resnet {
#define GEN_PASS_DEF_NORMALIZEIMPORTS
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

namespace {

// slice of every channel and every stride-th pixel from the first to the last: subsample.
struct SliceToSubsample : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SliceOp op, PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> map = op.getInput().getType().getShape().drop_front(), sizes = op.getSizes(), strides = op.getStrides();
    if (!allEqual(op.getOffsets(), 0) || strides[0] != 1 || sizes[0] != map[0])
      return rewriter.notifyMatchFailure(op, "begins inside the map or leaves channels out");
    if (sizes[1] != ceilDiv(map[1], strides[1]) || sizes[2] != ceilDiv(map[2], strides[2]))
      return rewriter.notifyMatchFailure(op, "ends before the map does");
    rewriter.replaceOpWithNewOp<SubsampleOp>(op, op.getType(), op.getInput(), rewriter.getDenseI64ArrayAttr(strides.drop_front()),
                                             rewriter.getDenseI64ArrayAttr({0, 0}));
    return success();
  }
};

bool padsWithZeros(PadOp op) { return op.getMode() == PadMode::Constant && op.getValue().isZero(); }

// pad of channels with zeros: subsample.
struct ChannelPadToSubsample : OpRewritePattern<PadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PadOp op, PatternRewriter &rewriter) const override {
    if (!padsWithZeros(op) || !allEqual(op.getLow().drop_front(), 0) || !allEqual(op.getHigh().drop_front(), 0))
      return rewriter.notifyMatchFailure(op, "pads rows or columns, or not with zeros");
    rewriter.replaceOpWithNewOp<SubsampleOp>(op, op.getType(), op.getInput(), rewriter.getDenseI64ArrayAttr({1, 1}),
                                             rewriter.getDenseI64ArrayAttr({op.getLow()[0], op.getHigh()[0]}));
    return success();
  }
};

// subsample(subsample(x)): one subsample. ceil(ceil(n/a)/b) = ceil(n/(a*b)).
struct ComposeSubsamples : OpRewritePattern<SubsampleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SubsampleOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<SubsampleOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "the input is no subsample");
    SmallVector<int64_t> strides, padding;
    for (int i : {0, 1}) {
      strides.push_back(op.getStrides()[i] * inner.getStrides()[i]);
      padding.push_back(op.getChannelPadding()[i] + inner.getChannelPadding()[i]);
    }
    rewriter.replaceOp(op, SubsampleOp::create(rewriter, fusedLoc(inner, op), op.getType(), inner.getInput(),
                                               rewriter.getDenseI64ArrayAttr(strides), rewriter.getDenseI64ArrayAttr(padding)));
    return success();
  }
};

// pad with zeros that only convolutions read: the convolutions' own padding.
struct PadIntoConv : OpRewritePattern<PadOp> {
  PadIntoConv(MLIRContext *context, Pass::Statistic *merged) : OpRewritePattern(context), merged(merged) {}

  LogicalResult matchAndRewrite(PadOp op, PatternRewriter &rewriter) const override {
    if (!padsWithZeros(op) || op.getLow()[0] || op.getHigh()[0])
      return rewriter.notifyMatchFailure(op, "pads channels, or not with zeros");
    if (op->use_empty())
      return rewriter.notifyMatchFailure(op, "nothing reads it");
    // A convolution of a weight by the map would read it as a filter.
    for (OpOperand &use : op->getUses())
      if (!isa<Conv2dOp>(use.getOwner()) || use.getOperandNumber() != 0)
        return rewriter.notifyMatchFailure(op, "a reader is no convolution");
    const int64_t pad[] = {op.getLow()[1], op.getLow()[2], op.getHigh()[1], op.getHigh()[2]};
    for (Operation *user : llvm::make_early_inc_range(op->getUsers())) {
      auto conv = cast<Conv2dOp>(user);
      SmallVector<int64_t> sum;
      for (auto [own, more] : llvm::zip_equal(conv.getPadding(), pad))
        sum.push_back(own + more);
      rewriter.modifyOpInPlace(conv, [&] {
        conv.setPadding(sum);
        conv.getInputMutable().assign(op.getInput());
      });
    }
    rewriter.eraseOp(op);
    if (merged)
      ++*merged;
    return success();
  }

  Pass::Statistic *merged;
};

// transpose(transpose(x)): one transpose.
struct ComposeTransposes : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<TransposeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "the input is no transpose");
    SmallVector<int64_t> composed;
    for (int64_t p : op.getPermutation())
      composed.push_back(inner.getPermutation()[p]);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner.getInput(), rewriter.getDenseI64ArrayAttr(composed));
    return success();
  }
};

// flatten(transpose(x)) where only dimensions of size 1 move: flatten(x).
struct FlattenOfTranspose : OpRewritePattern<FlattenOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(FlattenOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<TransposeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "the input is no transpose");
    int64_t last = 0;
    for (int64_t p : inner.getPermutation()) {
      if (p != 0 && inner.getInput().getType().getDimSize(p) == 1)
        continue;
      if (p < last)
        return rewriter.notifyMatchFailure(op, "the transpose moves elements");
      last = p;
    }
    rewriter.replaceOpWithNewOp<FlattenOp>(op, op.getType(), inner.getInput());
    return success();
  }
};

// flatten(conv2d(x)) of a 1x1 map by 1x1 filters: linear(flatten(x)), as some exporters write the classifier.
struct PointwiseConvToLinear : OpRewritePattern<FlattenOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(FlattenOp op, PatternRewriter &rewriter) const override {
    auto conv = op.getInput().getDefiningOp<Conv2dOp>();
    if (!conv || !conv->hasOneUse())
      return rewriter.notifyMatchFailure(op, "the input is no convolution that it alone reads");
    RankedTensorType input = conv.getInput().getType(), filterType = conv.getFilter().getType();
    auto filter = conv.getFilter().getDefiningOp<ConstantOp>();
    auto resource = filter ? dyn_cast<DenseResourceElementsAttr>(filter.getValue()) : DenseResourceElementsAttr{};
    auto dense = filter ? dyn_cast<DenseElementsAttr>(filter.getValue()) : DenseElementsAttr{};
    if (conv.getGroups() != 1 || !allEqual(conv.getPadding(), 0) || !allEqual(input.getShape().drop_front(2), 1) ||
        !allEqual(filterType.getShape().drop_front(2), 1) || (!resource && !dense))
      return rewriter.notifyMatchFailure(op, "no constant 1x1 filters on a 1x1 map");
    // The same elements as a matrix: a resource is not copied.
    auto matrix = RankedTensorType::get(filterType.getShape().take_front(2), filterType.getElementType());
    auto features = RankedTensorType::get(input.getShape().take_front(2), input.getElementType());
    ElementsAttr weights =
        resource ? ElementsAttr(DenseResourceElementsAttr::get(matrix, resource.getRawHandle())) : dense.reshape(matrix);
    Value weight = ConstantOp::create(rewriter, filter.getLoc(), weights);
    Value flat = FlattenOp::create(rewriter, op.getLoc(), features, conv.getInput());
    rewriter.replaceOp(op, LinearOp::create(rewriter, conv.getLoc(), op.getType(), flat, weight, conv.getBias()));
    return success();
  }
};

// x * sigmoid(x) is silu, x * hard_sigmoid(x) hard_swish where the slope is 1/6 and the offset 1/2.
struct ProductToActivation : OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MulOp op, PatternRewriter &rewriter) const override {
    const std::pair<Value, Value> orders[] = {{op.getLhs(), op.getRhs()}, {op.getRhs(), op.getLhs()}};
    for (auto [value, factor] : orders) {
      const Activation of = activationOf(factor.getDefiningOp());
      if ((of != Activation::Sigmoid && of != Activation::HardSigmoid) || factor.getDefiningOp()->getOperand(0) != value)
        continue;
      const Activation product = of == Activation::Sigmoid ? Activation::Silu : Activation::HardSwish;
      rewriter.replaceOp(op, createActivation(rewriter, fusedLoc(factor.getDefiningOp(), op), product, value));
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no operand is a sigmoid of the other");
  }
};

// What folds to one of its operands: dropout, empty pads, a flatten of what is flat, transposes that cancel. Constants stay
// where they are read, which folding in the driver would not leave them. A pool of a 1x1 map stays, for the head needs it and
// SpecializeShapes may enlarge the map.
struct RemoveIdentity : RewritePattern {
  explicit RemoveIdentity(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    SmallVector<OpFoldResult> folded;
    if (isa<ConstantOp, GlobalAvgPoolOp>(op) || failed(op->fold(folded)) || folded.size() != 1 || !isa<Value>(folded.front()))
      return rewriter.notifyMatchFailure(op, "no identity");
    rewriter.replaceOp(op, cast<Value>(folded.front()));
    return success();
  }
};

struct NormalizeImportsPass : resnet::impl::NormalizeImportsBase<NormalizeImportsPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateNormalizeImportsPatterns(patterns, &padsMerged);
    AvgPool2dOp::getCanonicalizationPatterns(patterns, &getContext());
    // Expansions of gates, a clip that is a relu, a flatten in two steps.
    MulOp::getCanonicalizationPatterns(patterns, &getContext());
    ClipOp::getCanonicalizationPatterns(patterns, &getContext());
    ReshapeOp::getCanonicalizationPatterns(patterns, &getContext());
    FlattenOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), patternsOnly())))
      signalPassFailure();
    getOperation().walk([&](SubsampleOp) { ++subsamples; });
  }
};

} // namespace

void resnet::populateNormalizeImportsPatterns(RewritePatternSet &patterns, Pass::Statistic *padsMerged) {
  patterns.add<SliceToSubsample, ChannelPadToSubsample, ComposeSubsamples, ComposeTransposes, FlattenOfTranspose,
               PointwiseConvToLinear, ProductToActivation, RemoveIdentity>(patterns.getContext());
  patterns.add<PadIntoConv>(patterns.getContext(), padsMerged);
}
