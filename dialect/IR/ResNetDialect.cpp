// Registration of the dialect, its attributes and its types.

#include "dialect/IR/ResNetDialect.h"
#include "dialect/IR/Assembly.h"
#include "dialect/IR/Layouts.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

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
  auto tensor = dyn_cast<RankedTensorType>(type);
  return elements && tensor && isWeights(tensor) && sameShape(elements.getType(), type)
             ? ConstantOp::create(builder, loc, type, elements)
             : nullptr;
}

//===--------------------------------------------------------------------===//
// Encodings
//===--------------------------------------------------------------------===//

// Sizes in attributes; with this bound no sum or product of a few of them leaves 64 bits.
static bool inRange(int64_t value, int64_t least) { return value >= least && value <= int64_t(1) << 24; }

// The most bytes that an image, a filter or a model's memory takes: 4 TiB.
constexpr int64_t kMostBytes = int64_t(1) << 42;

// Bytes of a product of sizes in f32.
static uint64_t bytesOf(ArrayRef<int64_t> sizes) {
  uint64_t bytes = 4;
  for (int64_t size : sizes)
    bytes = llvm::SaturatingMultiply(bytes, static_cast<uint64_t>(size));
  return bytes;
}

// Static dimensions of at least 1, `dynamicBatch` apart.
static bool isStatic(ArrayRef<int64_t> shape, bool dynamicBatch) {
  if (dynamicBatch && ShapedType::isDynamic(shape[0]))
    shape = shape.drop_front();
  return llvm::all_of(shape, [](int64_t size) { return inRange(size, 1); });
}

// layout_c1: block >= 1. layout_c2: halo is empty or four non-negative numbers.
LogicalResult LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t block, ArrayRef<int64_t> halo) {
  if (!inRange(block, 1))
    return emitError() << "layout_c1: expected a block of at least 1 and at most 2^24, got " << block;
  if (!halo.empty() && (halo.size() != 4 || llvm::any_of(halo, [](int64_t h) { return !inRange(h, 0); })))
    return emitError() << "layout_c2: expected a halo of 4 non-negative numbers (top, left, bottom, right), got [" << halo << "]";
  return success();
}

// layout_c3: encodes rank 2 or 4 with static dimensions behind the batch; a halo needs rank 4. layout_c4: an image is of at most
// 4 TiB.
LogicalResult LayoutAttr::verifyEncoding(ArrayRef<int64_t> shape, Type, function_ref<InFlightDiagnostic()> emitError) const {
  if ((shape.size() != 2 && shape.size() != 4) || !isStatic(shape, /*dynamicBatch=*/true))
    return emitError() << "layout_c3: expected a tensor of rank 2 or 4 whose dimensions behind the batch are static and positive";
  if (!getHalo().empty() && shape.size() != 4)
    return emitError() << "layout_c3: a halo needs a tensor of rank 4, got rank " << shape.size();
  const Halo halo = toHalo(getHalo());
  const int64_t height = shape.size() == 4 ? shape[2] : 1, width = shape.size() == 4 ? shape[3] : 1;
  if (bytesOf({ceilDiv(shape[1], getBlock()), getBlock(), halo.top + height + halo.bottom, halo.left + width + halo.right}) >
      kMostBytes)
    return emitError() << "layout_c4: expected an image of at most " << kMostBytes << " bytes";
  return success();
}

// filter_layout_c1: block, input_block and groups are at least 1.
LogicalResult FilterLayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t block, int64_t inputBlock,
                                       int64_t groups) {
  if (!inRange(block, 1) || !inRange(inputBlock, 1) || !inRange(groups, 1))
    return emitError() << "filter_layout_c1: expected block, input_block and groups of at least 1 and at most 2^24, got " << block
                       << ", " << inputBlock << " and " << groups;
  return success();
}

// filter_layout_c2: encodes static tensors of rank 1, 2 or 4. filter_layout_c3: groups divide the output channels.
// filter_layout_c4: the packed filter is of at most 4 TiB.
LogicalResult FilterLayoutAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                                               function_ref<InFlightDiagnostic()> emitError) const {
  if ((shape.size() != 1 && shape.size() != 2 && shape.size() != 4) || !isStatic(shape, /*dynamicBatch=*/false))
    return emitError() << "filter_layout_c2: expected a static tensor of rank 1, 2 or 4 without empty dimensions";
  if (shape[0] % getGroups())
    return emitError() << "filter_layout_c3: expected groups that divide the " << shape[0] << " output channels, got "
                       << getGroups();
  FilterGeometry g;
  g.outChannels = shape[0];
  g.groups = getGroups();
  g.inChannels = (shape.size() > 1 ? shape[1] : 1) * g.groups;
  g.block = getBlock();
  g.inputBlock = getInputBlock();
  const int64_t taps = shape.size() == 4 ? shape[2] * shape[3] : 1;
  if (bytesOf({g.outBlocks(), g.block, taps, g.window()}) > kMostBytes)
    return emitError() << "filter_layout_c4: expected a packed filter of at most " << kMostBytes << " bytes";
  return success();
}

//===--------------------------------------------------------------------===//
// Types
//===--------------------------------------------------------------------===//

// arena_c1, weights_c1: a size from 0 to 4 TiB.
static LogicalResult verifySize(function_ref<InFlightDiagnostic()> emitError, StringRef label, int64_t bytes) {
  if (bytes < 0 || bytes > kMostBytes)
    return emitError() << label << ": expected a size from 0 to " << kMostBytes << " bytes, got " << bytes;
  return success();
}

LogicalResult ArenaType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t bytes) {
  return verifySize(emitError, "arena_c1", bytes);
}

LogicalResult WeightsType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t bytes) {
  return verifySize(emitError, "weights_c1", bytes);
}

// buffer_c1: activations or static weights. buffer_c2: an image stride is a multiple of 4 that covers the image; only activations
// have one.
LogicalResult BufferType::verify(function_ref<InFlightDiagnostic()> emitError, RankedTensorType tensor, int64_t imageStride) {
  const bool activations = isActivations(tensor);
  if (!activations && !(isWeights(tensor) && tensor.hasStaticShape()))
    return emitError() << "buffer_c1: expected activations or static weights that keep tensor_c1 to tensor_c3, got " << tensor;
  if (imageStride == 0)
    return success();
  const int64_t image = activations ? activationGeometry(tensor).imageBytes() : 0;
  if (!activations || imageStride < image || imageStride > kMostBytes || imageStride % 4)
    return emitError() << "buffer_c2: expected an image stride that is a multiple of 4 of at least " << image
                       << " bytes and at most " << kMostBytes << ", for activations only, got " << imageStride << " for "
                       << tensor;
  return success();
}

int64_t BufferType::getImageBytes() { return getImageStride() ? getImageStride() : activationGeometry(getTensor()).imageBytes(); }
