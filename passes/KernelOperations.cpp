// Operands by what kernels make of them.

#include "passes/KernelOperations.h"
#include "dialect/IR/Layouts.h"

using namespace mlir;
using namespace resnet;

SmallVector<OpOperand *> resnet::elementwiseOperands(Operation *op) {
  SmallVector<OpOperand *> operands;
  for (OpOperand &operand : op->getOpOperands())
    if (tensorType(operand.get()).getRank() != 1 && sameShape(operand.get().getType(), op->getResult(0).getType()))
      operands.push_back(&operand);
  // A gate of a 1x1 map has its shape.
  if (auto fused = dyn_cast<FusedElementwiseOp>(op); fused && fused.getGate())
    llvm::erase(operands, &fused.getGateMutable()[0]);
  return operands;
}

SmallVector<WeightOperand> resnet::weightOperands(Operation *op) {
  SmallVector<WeightOperand> weights;
  auto add = [&](StringRef name, OpOperand &operand) { weights.push_back({name, &operand}); };
  auto addOptional = [&](StringRef name, MutableOperandRange operand) {
    if (!operand.empty())
      add(name, operand[0]);
  };
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](FusedConv2dOp conv) {
        add("filter", conv.getFilterMutable());
        addOptional("bias", conv.getBiasMutable());
        addOptional("post scale", conv.getPostScaleMutable());
        addOptional("post shift", conv.getPostShiftMutable());
      })
      .Case([&](FusedStemOp stem) {
        add("filter", stem.getFilterMutable());
        addOptional("bias", stem.getBiasMutable());
      })
      .Case<FusedHeadOp, LinearOp>([&](auto linear) {
        add("weight", linear.getWeightMutable());
        addOptional("bias", linear.getBiasMutable());
      })
      .Case([&](FusedElementwiseOp elementwise) {
        addOptional("scale", elementwise.getScaleMutable());
        addOptional("shift", elementwise.getShiftMutable());
      })
      .Case([&](GroupNormOp norm) {
        add("scale", norm.getScaleMutable());
        add("offset", norm.getOffsetMutable());
      });
  return weights;
}
