// Folds batch normalisations with constant statistics into the convolution or normalisation before them, or into the convolution
// after them where that is exact.
// Weights are computed in f64 and rounded once. What is not constant or has another reader stays as it is.

#include "passes/Passes.h"
#include "passes/Rewriting.h"
#include "passes/Weights.h"

namespace resnet {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

namespace {

// The constant operands of a convolution.
struct ConvWeights {
  ConstantReader filter, bias;

  bool read(Conv2dOp op) { return filter.read(op.getFilter()) && (!op.getBias() || bias.read(op.getBias())); }
  double biasAt(int64_t o) const { return bias.elements.empty() ? 0.0 : bias.elements[o]; }
  int64_t outChannels() { return filter.op.getType().getDimSize(0); }
};

// Replaces `root` by `conv` with other weights.
void replaceWithConv(PatternRewriter &rewriter, Operation *root, Conv2dOp conv, Value input, ConvWeights &weights,
                     ArrayRef<float> filter, ArrayRef<float> bias, Location loc) {
  Value newFilter =
      createConstantLike(rewriter, weights.filter.op.getLoc(), weights.filter.op, weights.filter.op.getType().getShape(), filter);
  ConstantOp biasModel = weights.bias.op ? weights.bias.op : weights.filter.op;
  Value newBias =
      createConstantLike(rewriter, biasModel.getLoc(), biasModel, {weights.outChannels()}, bias, weights.bias.op ? "" : ".bias");
  rewriter.replaceOp(root, Conv2dOp::create(rewriter, loc, root->getResult(0).getType(), input, newFilter, newBias,
                                            conv.getStridesAttr(), conv.getPaddingAttr(), conv.getDilationsAttr(),
                                            conv.getGroupsAttr()));
}

// batch_norm(conv2d(x)): every filter is scaled, the bias scaled and shifted.
struct FoldIntoConvBefore : OpRewritePattern<BatchNormOp> {
  FoldIntoConvBefore(MLIRContext *context, Pass::Statistic *folded) : OpRewritePattern(context, 2), folded(folded) {}

  LogicalResult matchAndRewrite(BatchNormOp norm, PatternRewriter &rewriter) const override {
    auto conv = norm.getInput().getDefiningOp<Conv2dOp>();
    if (!conv)
      return rewriter.notifyMatchFailure(norm, "the input is no convolution");
    if (!conv->hasOneUse())
      return rewriter.notifyMatchFailure(norm, "the convolution has another reader");
    ConvWeights weights;
    std::optional<ScaleShift> affine = scaleAndShift(norm);
    if (!affine || !weights.read(conv))
      return rewriter.notifyMatchFailure(norm, "an operand is no finite constant");

    const int64_t channels = weights.outChannels(), each = weights.filter.elements.size() / channels;
    SmallVector<float> filter, bias;
    filter.reserve(weights.filter.elements.size());
    for (int64_t o = 0; o < channels; ++o) {
      for (float w : weights.filter.elements.slice(o * each, each))
        filter.push_back(w * affine->scale[o]);
      bias.push_back(weights.biasAt(o) * affine->scale[o] + affine->shift[o]);
    }
    if (!allFinite(filter) || !allFinite(bias))
      return rewriter.notifyMatchFailure(norm, "a folded weight overflows f32");
    replaceWithConv(rewriter, norm, conv, conv.getInput(), weights, filter, bias, fusedLoc(conv, norm));
    rewriter.eraseOp(conv);
    if (folded)
      ++*folded;
    return success();
  }

  Pass::Statistic *folded;
};

// batch_norm(batch_norm(x)) or batch_norm(group_norm(x)), such as a normalisation whose scale and offset the source applies by
// itself: the inner scale is scaled, the inner offset scaled and shifted.
template <typename Norm> struct FoldIntoNormBefore : OpRewritePattern<BatchNormOp> {
  FoldIntoNormBefore(MLIRContext *context, Pass::Statistic *folded) : OpRewritePattern<BatchNormOp>(context), folded(folded) {}

  LogicalResult matchAndRewrite(BatchNormOp norm, PatternRewriter &rewriter) const override {
    auto inner = norm.getInput().getDefiningOp<Norm>();
    if (!inner || !inner->hasOneUse())
      return rewriter.notifyMatchFailure(norm, "the input is no normalisation that only this one reads");
    ConstantReader scale, offset;
    std::optional<ScaleShift> affine = scaleAndShift(norm);
    if (!affine || !scale.read(inner.getScale()) || !offset.read(inner.getOffset()))
      return rewriter.notifyMatchFailure(norm, "an operand is no finite constant");
    SmallVector<float> scales, offsets;
    for (auto [s, o, factor, shift] : llvm::zip_equal(scale.elements, offset.elements, affine->scale, affine->shift)) {
      scales.push_back(s * factor);
      offsets.push_back(o * factor + shift);
    }
    if (!allFinite(scales) || !allFinite(offsets))
      return rewriter.notifyMatchFailure(norm, "a folded value overflows f32");
    const int64_t channels = scales.size();
    rewriter.setInsertionPoint(inner);
    Value newScale = createConstantLike(rewriter, scale.op.getLoc(), scale.op, {channels}, scales);
    Value newOffset = createConstantLike(rewriter, offset.op.getLoc(), offset.op, {channels}, offsets);
    rewriter.modifyOpInPlace(inner, [&] {
      inner.getScaleMutable().assign(newScale);
      inner.getOffsetMutable().assign(newOffset);
      inner->setLoc(fusedLoc(inner, norm));
    });
    rewriter.replaceOp(norm, inner);
    if (folded)
      ++*folded;
    return success();
  }

  Pass::Statistic *folded;
};

// conv2d(batch_norm(x)) without padding: a filter is scaled by input channel, the shift goes through it into the bias. With
// padding it would be wrong, for the zeros around the map are not shifted.
struct FoldIntoConvAfter : OpRewritePattern<Conv2dOp> {
  FoldIntoConvAfter(MLIRContext *context, Pass::Statistic *folded) : OpRewritePattern(context), folded(folded) {}

  LogicalResult matchAndRewrite(Conv2dOp conv, PatternRewriter &rewriter) const override {
    auto norm = conv.getInput().getDefiningOp<BatchNormOp>();
    if (!norm || !norm->hasOneUse())
      return rewriter.notifyMatchFailure(conv, "the input is no batch_norm that only this convolution reads");
    if (!allEqual(conv.getPadding(), 0))
      return rewriter.notifyMatchFailure(conv, "padding is not normalised");
    if (auto before = norm.getInput().getDefiningOp<Conv2dOp>(); before && before->hasOneUse())
      return rewriter.notifyMatchFailure(conv, "left to the convolution before it");
    ConvWeights weights;
    std::optional<ScaleShift> affine = scaleAndShift(norm);
    if (!affine || !weights.read(conv))
      return rewriter.notifyMatchFailure(conv, "an operand is no finite constant");

    ArrayRef<int64_t> shape = weights.filter.op.getType().getShape(); // [O, I/groups, KH, KW]
    const int64_t perGroup = shape[1], window = shape[2] * shape[3], outPerGroup = shape[0] / conv.getGroups();
    const float *w = weights.filter.elements.data();
    SmallVector<float> filter, bias;
    filter.reserve(weights.filter.elements.size());
    for (int64_t o = 0; o < shape[0]; ++o) {
      double sum = weights.biasAt(o);
      for (int64_t i = 0; i < perGroup; ++i) {
        const int64_t channel = o / outPerGroup * perGroup + i;
        for (int64_t k = 0; k < window; ++k, ++w) {
          filter.push_back(*w * affine->scale[channel]);
          sum += *w * affine->shift[channel];
        }
      }
      bias.push_back(sum);
    }
    if (!allFinite(filter) || !allFinite(bias))
      return rewriter.notifyMatchFailure(conv, "a folded weight overflows f32");
    replaceWithConv(rewriter, conv, conv, norm.getInput(), weights, filter, bias, fusedLoc(norm, conv));
    rewriter.eraseOp(norm);
    if (folded)
      ++*folded;
    return success();
  }

  Pass::Statistic *folded;
};

struct FoldBatchNormPass : resnet::impl::FoldBatchNormBase<FoldBatchNormPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateFoldBatchNormPatterns(patterns, &folded);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), patternsOnly())))
      signalPassFailure();
  }
};

} // namespace

void resnet::populateFoldBatchNormPatterns(RewritePatternSet &patterns, Pass::Statistic *folded) {
  patterns.add<FoldIntoConvBefore, FoldIntoConvAfter, FoldIntoNormBefore<BatchNormOp>, FoldIntoNormBefore<GroupNormOp>>(
      patterns.getContext(), folded);
}
