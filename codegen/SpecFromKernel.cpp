// Reads operations, their types and layouts into kernel specifications. Operand order is the specification's argument order.

#include "codegen/SpecFromKernel.h"
#include "dialect/IR/Layouts.h"
#include "passes/KernelOperations.h"

using namespace mlir;
using namespace resnet;
using namespace resnet::codegen;
using ActivationKind = resnet::codegen::Activation;

static ActivationFunction activationFunction(resnet::Activation activation) {
  switch (activation) {
  case resnet::Activation::None:
    return ActivationKind::None;
  case resnet::Activation::Relu:
    return ActivationKind::Relu;
  case resnet::Activation::Relu6:
    return {ActivationKind::Clip, {0.f, 6.f}};
  case resnet::Activation::Sigmoid:
    return ActivationKind::Sigmoid;
  case resnet::Activation::Silu:
    return ActivationKind::Silu;
  case resnet::Activation::HardSigmoid:
    return {ActivationKind::HardSigmoid, {1.f / 6.f, 0.5f}};
  case resnet::Activation::HardSwish:
    return ActivationKind::HardSwish;
  }
  llvm_unreachable("every activation has a kernel's");
}

template <typename Op> static void readWindow(Op op, KernelSpec &spec) {
  spec.strides = {op.getStrides()[0], op.getStrides()[1]};
  spec.padding = toHalo(op.getPadding());
}

static LogicalResult read(FusedConv2dOp op, KernelSpec &spec) {
  spec.kind = KernelKind::Conv2d;
  readWindow(op, spec);
  spec.dilations = {op.getDilations()[0], op.getDilations()[1]};
  spec.filter = filterGeometry(op.getFilter().getType());
  spec.kernel = {spec.filter.kernelHeight, spec.filter.kernelWidth};
  spec.epilogue.bias = static_cast<bool>(op.getBias());
  if (op.getAddend()) {
    spec.epilogue.addend = true;
    spec.addend = activationGeometry(op.getAddend().getType());
    spec.epilogue.addendStrides = {op.getAddendStrides()[0], op.getAddendStrides()[1]};
    spec.epilogue.addendChannels = op.getAddendChannelPadding()[0];
  }
  spec.epilogue.activation = activationFunction(op.getActivation());
  if (auto channels = op.getActivatedChannels())
    spec.epilogue.activatedChannels = *channels;
  spec.epilogue.post = static_cast<bool>(op.getPostScale());
  spec.epilogue.postActivation = activationFunction(op.getPostActivation());
  if (!op.getKeepsSum())
    return success();
  // Two maps of whole blocks, one behind the other.
  if (op.getSumChannels() % spec.output.block)
    return op.emitOpError() << "expected a kept sum of a multiple of " << spec.output.block << " channels in compiled code, got "
                            << op.getSumChannels();
  spec.epilogue.keepsSum = true;
  spec.output.channels = op.getSumChannels();
  if (op.addsKeptSum()) {
    spec.epilogue.addendKept = true;
    spec.addend.channels = op.getSumChannels();
  }
  return success();
}

static LogicalResult read(FusedStemOp op, KernelSpec &spec) {
  spec.kind = KernelKind::Stem;
  readWindow(op, spec);
  spec.filter = filterGeometry(op.getFilter().getType());
  spec.convolved = op.getConvolvedMap();
  spec.poolKernel = {op.getPoolKernel()[0], op.getPoolKernel()[1]};
  spec.poolStrides = {op.getPoolStrides()[0], op.getPoolStrides()[1]};
  spec.poolPadding = toHalo(op.getPoolPadding());
  spec.epilogue.bias = static_cast<bool>(op.getBias());
  spec.epilogue.activation = activationFunction(op.getActivation());
  return success();
}

static LogicalResult read(FusedElementwiseOp op, KernelSpec &spec) {
  spec.kind = KernelKind::Elementwise;
  spec.scaleShift = static_cast<bool>(op.getScale());
  if (op.getGate())
    spec.gate = activationGeometry(op.getGate().getType());
  if (op.getAddend()) {
    spec.epilogue.addend = true;
    spec.addend = activationGeometry(tensorType(op.getAddend()));
  }
  spec.epilogue.activation = activationFunction(op.getActivation());
  return success();
}

static LogicalResult read(MaxPool2dOp op, KernelSpec &spec) {
  spec.kind = KernelKind::MaxPool2d;
  readWindow(op, spec);
  spec.dilations = {op.getDilations()[0], op.getDilations()[1]};
  spec.kernel = {op.getKernel()[0], op.getKernel()[1]};
  return success();
}

static LogicalResult read(AvgPool2dOp op, KernelSpec &spec) {
  spec.kind = KernelKind::AvgPool2d;
  readWindow(op, spec);
  spec.kernel = {op.getKernel()[0], op.getKernel()[1]};
  spec.countIncludePad = op.getCountIncludePad();
  return success();
}

static LogicalResult read(GlobalAvgPoolOp, KernelSpec &spec) {
  spec.kind = KernelKind::GlobalAvgPool;
  return success();
}

static LogicalResult read(GlobalMaxPoolOp, KernelSpec &spec) {
  spec.kind = KernelKind::GlobalMaxPool;
  return success();
}

static LogicalResult read(GroupNormOp op, KernelSpec &spec) {
  spec.kind = KernelKind::GroupNorm;
  spec.normGroups = op.getGroups();
  spec.epsilon = op.getEpsilon().convertToFloat();
  return success();
}

static LogicalResult read(MulOp op, KernelSpec &spec) {
  spec.kind = KernelKind::Elementwise;
  spec.gate = activationGeometry(tensorType(op.getRhs()));
  return success();
}

static LogicalResult read(ClipOp op, KernelSpec &spec) {
  spec.kind = KernelKind::Elementwise;
  spec.epilogue.activation = {ActivationKind::Clip, {op.getMin().convertToFloat(), op.getMax().convertToFloat()}};
  return success();
}

static LogicalResult read(HardSigmoidOp op, KernelSpec &spec) {
  spec.kind = KernelKind::Elementwise;
  spec.epilogue.activation = {ActivationKind::HardSigmoid, {op.getSlope().convertToFloat(), op.getOffset().convertToFloat()}};
  return success();
}

static LogicalResult read(FakeQuantizeOp op, KernelSpec &spec) {
  spec.kind = KernelKind::Elementwise;
  spec.epilogue.activation = {ActivationKind::FakeQuantize,
                              {op.getScale().convertToFloat(), static_cast<float>(static_cast<int64_t>(op.getZeroPoint())),
                               static_cast<float>(op.getRange()[0]), static_cast<float>(op.getRange()[1])}};
  return success();
}

static LogicalResult read(LinearOp op, KernelSpec &spec) {
  spec.kind = KernelKind::Linear;
  spec.filter = filterGeometry(op.getWeight().getType());
  spec.epilogue.bias = static_cast<bool>(op.getBias());
  return success();
}

static LogicalResult read(FusedHeadOp op, KernelSpec &spec) {
  spec.kind = KernelKind::Head;
  spec.filter = filterGeometry(op.getWeight().getType());
  spec.epilogue.bias = static_cast<bool>(op.getBias());
  spec.softmax = op.getSoftmax();
  spec.logarithm = op.getLog();
  return success();
}

static LogicalResult read(SoftmaxOp op, KernelSpec &spec) {
  spec.kind = KernelKind::Softmax;
  spec.logarithm = op.getLog();
  return success();
}

static LogicalResult read(ConvertLayoutOp, KernelSpec &spec) {
  spec.kind = KernelKind::Copy;
  return success();
}

static LogicalResult read(PadOp op, KernelSpec &spec) {
  spec.kind = KernelKind::Copy;
  spec.copyOffset = {-op.getLow()[0], -op.getLow()[1], -op.getLow()[2]};
  spec.fill = op.getValue().convertToFloat();
  if (op.getMode() != PadMode::Constant)
    spec.border = op.getMode() == PadMode::Reflect ? Border::Reflect : Border::Edge;
  return success();
}

static LogicalResult read(ExpandOp, KernelSpec &spec) {
  spec.kind = KernelKind::Copy;
  spec.strides = {0, 0};
  return success();
}

static LogicalResult read(ConcatOp op, KernelSpec &spec) {
  spec.kind = KernelKind::Concat;
  for (Value input : op.getInputs().drop_front())
    spec.moreInputs.push_back(activationGeometry(tensorType(input)));
  return success();
}

static LogicalResult read(SliceOp op, KernelSpec &spec) {
  if (op.getStrides()[0] != 1)
    return op.emitOpError() << "expected a channel stride of 1 in compiled code, got " << op.getStrides()[0];
  spec.kind = KernelKind::Copy;
  spec.copyOffset = {op.getOffsets()[0], op.getOffsets()[1], op.getOffsets()[2]};
  spec.strides = {op.getStrides()[1], op.getStrides()[2]};
  return success();
}

static LogicalResult read(SubsampleOp op, KernelSpec &spec) {
  spec.kind = KernelKind::Copy;
  spec.copyOffset = {-op.getChannelPadding()[0], 0, 0};
  spec.strides = {op.getStrides()[0], op.getStrides()[1]};
  return success();
}

// Between NCHW and NHWC: the dense NHWC side is the same map with all channels in one block.
static LogicalResult read(TransposeOp op, KernelSpec &spec) {
  constexpr int64_t toChannelsFirst[] = {0, 3, 1, 2}, toChannelsLast[] = {0, 2, 3, 1};
  spec.kind = KernelKind::Copy;
  auto channelsLast = [](RankedTensorType type) {
    ActivationGeometry g;
    g.channels = g.block = type.getDimSize(3);
    g.height = type.getDimSize(1);
    g.width = type.getDimSize(2);
    return g;
  };
  if (op.getPermutation() == ArrayRef<int64_t>(toChannelsFirst) && !op.getInput().getType().getEncoding())
    spec.input = channelsLast(op.getInput().getType());
  else if (op.getPermutation() == ArrayRef<int64_t>(toChannelsLast) && !op.getType().getEncoding())
    spec.output = channelsLast(op.getType());
  else
    return op.emitOpError()
           << "expected a permutation between NCHW and NHWC, [0, 3, 1, 2] or [0, 2, 3, 1], in compiled code, got ["
           << op.getPermutation() << "]";
  return success();
}

FailureOr<KernelSpec> resnet::codegen::specFromKernel(KernelOp kernel, Target target, bool debug) {
  Operation &op = kernel.getComputation();
  KernelSpec spec;
  spec.target = target;
  spec.debug = debug;
  spec.input = activationGeometry(tensorType(op.getOperand(0)));
  spec.output = activationGeometry(tensorType(op.getResult(0)));
  const LogicalResult result = KernelOperations::visit<LogicalResult>(
      &op, [&](auto concrete) { return read(concrete, spec); },
      [](Operation *other) -> LogicalResult {
        return other->emitOpError() << "expected an operation that has a kernel; run the graph pipeline first";
      });
  if (failed(result))
    return failure();
  // The addend is the last operand. An element-wise kernel over another operand needs no flag: it reads and stores each element
  // once anyway.
  spec.epilogue.addendInPlace = spec.epilogue.addend && kernel.getInPlace() == op.getNumOperands() - 1;
  canonicalize(spec);
  return spec;
}
