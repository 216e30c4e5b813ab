// Registration of the dialect, its attributes and its types.

#include "dialect/IR/ResNetDialect.h"
#include "dialect/IR/Assembly.h"
#include "dialect/IR/Layouts.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace resnet;
using namespace resnet::assembly;

#include "dialect/IR/ResNetOpsDialect.cpp.inc"
#include "dialect/IR/ResNetOpsEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/IR/ResNetOpsAttributes.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/IR/ResNetOpsTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialect/IR/ResNetOps.cpp.inc"

void ResNetDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/IR/ResNetOpsAttributes.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialect/IR/ResNetOpsTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialect/IR/ResNetOps.cpp.inc"
      >();
}

Operation *ResNetDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  return elements && sameShape(elements.getType(), type) ? ConstantOp::create(builder, loc, type, elements) : nullptr;
}

//===--------------------------------------------------------------------===//
// Encodings
//===--------------------------------------------------------------------===//

// layout_c1: block >= 1. layout_c2: halo is empty or four non-negative numbers.
LogicalResult LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t block, ArrayRef<int64_t> halo) {
  if (block < 1)
    return emitError() << "layout_c1: expected a block of at least 1, got " << block;
  if (!halo.empty() && (halo.size() != 4 || llvm::any_of(halo, [](int64_t h) { return h < 0; })))
    return emitError() << "layout_c2: expected a halo of 4 non-negative numbers (top, left, bottom, right), got [" << halo << "]";
  return success();
}

// layout_c3: encodes rank 2 or 4 with static dimensions behind the batch; a halo needs rank 4.
LogicalResult LayoutAttr::verifyEncoding(ArrayRef<int64_t> shape, Type, function_ref<InFlightDiagnostic()> emitError) const {
  if ((shape.size() != 2 && shape.size() != 4) || ShapedType::isDynamicShape(shape.drop_front()))
    return emitError() << "layout_c3: expected a tensor of rank 2 or 4 whose dimensions behind the batch are static";
  if (!getHalo().empty() && shape.size() != 4)
    return emitError() << "layout_c3: a halo needs a tensor of rank 4, got rank " << shape.size();
  return success();
}

// filter_layout_c1: block, input_block and groups are at least 1.
LogicalResult FilterLayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t block, int64_t inputBlock,
                                       int64_t groups) {
  if (block < 1 || inputBlock < 1 || groups < 1)
    return emitError() << "filter_layout_c1: expected block, input_block and groups of at least 1, got " << block << ", "
                       << inputBlock << " and " << groups;
  return success();
}

// filter_layout_c2: encodes static tensors of rank 1, 2 or 4. filter_layout_c3: groups divide the output channels.
LogicalResult FilterLayoutAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                                               function_ref<InFlightDiagnostic()> emitError) const {
  if ((shape.size() != 1 && shape.size() != 2 && shape.size() != 4) || ShapedType::isDynamicShape(shape))
    return emitError() << "filter_layout_c2: expected a static tensor of rank 1, 2 or 4";
  if (shape[0] % getGroups())
    return emitError() << "filter_layout_c3: expected groups that divide the " << shape[0] << " output channels, got "
                       << getGroups();
  return success();
}

int64_t BufferType::getImageBytes() { return getImageStride() ? getImageStride() : activationGeometry(getTensor()).imageBytes(); }
