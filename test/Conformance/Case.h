// A case of ONNX's backend tests: a model, what goes in and what must come out, as the importer can take them.

#ifndef RESNET_TEST_CONFORMANCE_CASE_H
#define RESNET_TEST_CONFORMANCE_CASE_H

#include "dialect/Import/HostTensor.h"
#include "dialect/Interpreter/Tensor.h"
#include "llvm/Support/Error.h"
#include <onnx/onnx_pb.h>

namespace resnet::test {

/// What stands for a case's inputs. As activations, those that an operator wants constant become initializers; as constants, all.
enum class Mode { Activations, Constants };

struct Case {
  std::string name;
  onnx::ModelProto model;
  std::vector<onnx::TensorProto> inputs, outputs;
};

/// Reads `folder`/model.onnx and the first data set beside it.
llvm::Expected<Case> readCase(llvm::StringRef folder);

/// Whether the importer has a translation of each of the model's operators for such operands, and reads its operator set.
bool isSupported(const Case &aCase, Mode mode);

/// The model with its inputs as `mode` says, and the activations' values. The dialect's models take and give tensors of rank 2
/// and 4: inputs and outputs of other ranks are reshaped inside of the model, with their first dimension as the batch.
llvm::Expected<std::vector<Tensor>> adapt(Case &aCase, Mode mode);

/// Elements of any type as floats.
llvm::Expected<std::vector<float>> elementsOf(onnx::TensorProto tensor);

} // namespace resnet::test

#endif // RESNET_TEST_CONFORMANCE_CASE_H
