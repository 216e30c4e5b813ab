// Names say what people look for in a profile, not everything that tells two kernels apart.

#include "passes/KernelNames.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace resnet;

static std::string times(int64_t a, int64_t b) { return std::to_string(a) + "x" + std::to_string(b); }

// "_s2" or "_s2x1"; nothing for the default of 1.
static std::string unlessOne(StringRef tag, ArrayRef<int64_t> pair) {
  if (allEqual(pair, 1))
    return "";
  return "_" + tag.str() + (pair[0] == pair[1] ? std::to_string(pair[0]) : times(pair[0], pair[1]));
}

// Channels in and out, once where they are equal, and the larger map: "_64x128_28x28".
static std::string shapes(Value input, Value result, bool always) {
  auto in = cast<RankedTensorType>(input.getType()), out = cast<RankedTensorType>(result.getType());
  if (in.getRank() < 2 || out.getRank() < 2)
    return "_" + std::to_string(out.getNumElements());
  const int64_t from = in.getDimSize(1), to = out.getDimSize(1);
  std::string text = "_" + (always || from != to ? times(from, to) : std::to_string(to));
  auto hasMap = [](RankedTensorType t) { return t.getRank() == 4 && t.getDimSize(2) * t.getDimSize(3) > 1; };
  if (RankedTensorType map = hasMap(out) ? out : in; hasMap(map))
    text += "_" + times(map.getDimSize(2), map.getDimSize(3));
  return text;
}

static std::string activation(Activation activation) {
  return activation == Activation::None ? "" : "_" + stringifyActivation(activation).str();
}

static std::string softmax(bool softmax, bool logarithm) { return logarithm ? "_log_softmax" : softmax ? "_softmax" : ""; }

template <typename Op> static std::string epilogue(Op op) {
  std::string text;
  if constexpr (std::is_same_v<Op, FusedElementwiseOp>)
    text += op.getGate() ? "_gate" : "";
  text += op.getAddend() ? "_add" : "";
  if constexpr (std::is_same_v<Op, FusedConv2dOp>)
    text += unlessOne("s", op.getAddendStrides());
  text += activation(op.getActivation());
  if constexpr (std::is_same_v<Op, FusedConv2dOp>)
    text += op.getKeepsSum() ? "_sum_post" : op.getPostScale() ? "_post" : "";
  return text;
}

template <typename Op> static std::string pool(Op op, StringRef kind) {
  return kind.str() + "_" + times(op.getKernel()[0], op.getKernel()[1]) + unlessOne("s", op.getStrides()) +
         shapes(op.getInput(), op, false);
}

std::string resnet::kernelName(Operation *op) {
  return TypeSwitch<Operation *, std::string>(op)
      .Case([](FusedConv2dOp conv) {
        ArrayRef<int64_t> filter = conv.getFilter().getType().getShape();
        std::string text =
            "conv2d_" + times(filter[2], filter[3]) + unlessOne("s", conv.getStrides()) + unlessOne("d", conv.getDilations());
        if (conv.getGroups() != 1)
          text += "_g" + std::to_string(conv.getGroups());
        return text + shapes(conv.getInput(), conv, true) + epilogue(conv);
      })
      .Case([](FusedStemOp stem) {
        ArrayRef<int64_t> filter = stem.getFilter().getType().getShape();
        return "stem_" + times(filter[2], filter[3]) + unlessOne("s", stem.getStrides()) + "_pool_" +
               times(stem.getPoolKernel()[0], stem.getPoolKernel()[1]) + unlessOne("s", stem.getPoolStrides()) +
               shapes(stem.getInput(), stem, true) + activation(stem.getActivation());
      })
      .Case([](MaxPool2dOp op) { return pool(op, "max_pool2d"); })
      .Case([](AvgPool2dOp op) { return pool(op, "avg_pool2d"); })
      .Case([](FusedHeadOp op) { return "head" + shapes(op.getInput(), op, true) + softmax(op.getSoftmax(), op.getLog()); })
      .Case([](SoftmaxOp op) { return softmax(true, op.getLog()).substr(1) + shapes(op.getInput(), op, false); })
      .Case([](GroupNormOp op) { return "group_norm_g" + std::to_string(op.getGroups()) + shapes(op.getInput(), op, false); })
      .Case([](LinearOp op) { return "linear" + shapes(op.getInput(), op, true); })
      .Case([](FusedElementwiseOp op) {
        return "elementwise" + shapes(op.getInput(), op, false) + (op.getScale() ? "_scale" : "") + epilogue(op);
      })
      .Case([](TransposeOp op) { return "transpose" + shapes(op, op, false); })
      .Default([](Operation *other) {
        // "resnet.max_pool2d" is named without its dialect; a copy by what it copies.
        std::string kind = isa<ConvertLayoutOp>(other) ? "copy" : other->getName().stripDialect().str();
        return kind + shapes(other->getOperand(0), other->getResult(0), false);
      });
}
