// ONNX tensors (initialisers and attributes) as host tensors.

#ifndef RESNET_DIALECT_IMPORT_ONNXTENSORS_H
#define RESNET_DIALECT_IMPORT_ONNXTENSORS_H

#include "dialect/Import/ExternalData.h"
#include "dialect/Import/HostTensor.h"
#include <onnx/onnx_pb.h>

namespace resnet {

/// Reads `tensor` and frees its data in the protobuf. Sizes are checked against the bytes that are present before memory is
/// taken; floats must be finite. Doubles and halves become floats; INT8 and UINT8 stay quantized weights; booleans and the other
/// integers become 64-bit integers.
llvm::Expected<HostTensor> takeTensor(onnx::TensorProto &tensor, ExternalData &external);

/// FLOAT, INT64, ... for messages.
std::string elementTypeName(int type);

} // namespace resnet

#endif // RESNET_DIALECT_IMPORT_ONNXTENSORS_H
