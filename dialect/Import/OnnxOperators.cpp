// The table of all translations.

#include "dialect/Import/OnnxNode.h"

using namespace resnet;

const OnnxTranslations &resnet::onnxTranslations() {
  static const OnnxTranslations table = [] {
    OnnxTranslations t;
    addActivationTranslations(t);
    addArithmeticTranslations(t);
    addBroadcastTranslations(t);
    addConstantTranslations(t);
    addConvolutionTranslations(t);
    addHeadTranslations(t);
    addMoveTranslations(t);
    addNormalizationTranslations(t);
    addPadTranslations(t);
    addPoolTranslations(t);
    addQuantizationTranslations(t);
    addReshapeTranslations(t);
    return t;
  }();
  return table;
}

std::vector<OnnxOperator> resnet::onnxOperators() {
  std::vector<OnnxOperator> operators;
  for (const auto &entry : onnxTranslations())
    operators.push_back({entry.getKey(), entry.getValue().operands});
  llvm::sort(operators, [](const OnnxOperator &a, const OnnxOperator &b) { return a.name < b.name; });
  return operators;
}

llvm::StringRef resnet::operandsName(OnnxOperands operands) {
  switch (operands) {
  case OnnxOperands::Activations:
    return "activations";
  case OnnxOperands::Constants:
    return "constants";
  case OnnxOperands::Both:
    return "both";
  }
  llvm_unreachable("unknown operands");
}
