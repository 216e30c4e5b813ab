// Gives @main another input size, and with it every operation of the function another shape. Assumes the graph level without
// layouts. Fails with the name of the operation that does not fit, such as a fully connected layer for another map.

#include "dialect/IR/Layouts.h"
#include "mlir/IR/Diagnostics.h"
#include "passes/Passes.h"
#include "llvm/ADT/StringExtras.h"

namespace resnet {
#define GEN_PASS_DEF_SPECIALIZESHAPES
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

namespace {

// "input:?x3x224x224": a name, empty where none is given, and dimensions.
struct ShapeText {
  StringRef name;
  SmallVector<int64_t> shape;
};

std::optional<ShapeText> parseShape(StringRef text) {
  ShapeText result;
  // Names may hold colons; dimensions do not.
  if (size_t colon = text.rfind(':'); colon != StringRef::npos) {
    result.name = text.take_front(colon);
    text = text.drop_front(colon + 1);
  }
  SmallVector<StringRef> parts;
  text.split(parts, 'x');
  for (StringRef part : parts) {
    int64_t size;
    if (part == "?")
      size = ShapedType::kDynamic;
    else if (part.getAsInteger(10, size) || size < 1 || size > (1 << 24))
      return std::nullopt;
    result.shape.push_back(size);
  }
  return result;
}

class Specializer {
public:
  LogicalResult specialize(Block &block) {
    for (Operation &op : block) {
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          if (failed(specialize(inner)))
            return failure();
      if (failed(specialize(op)))
        return failure();
    }
    return success();
  }

  // Sets the value's type and keeps the old one for operations that must know it.
  void setType(Value value, RankedTensorType type) {
    if (value.getType() == type)
      return;
    before.try_emplace(value, cast<RankedTensorType>(value.getType()));
    value.setType(type);
  }

private:
  RankedTensorType typeBefore(Value value) const {
    auto it = before.find(value);
    return it == before.end() ? cast<RankedTensorType>(value.getType()) : it->second;
  }

  bool changed(Operation &op) const {
    return llvm::any_of(op.getOperands(), [&](Value operand) { return before.contains(operand); });
  }

  LogicalResult specialize(Operation &op) {
    if (auto residual = dyn_cast<ResidualOp>(op))
      return specialize(residual);
    if (!changed(op) || op.hasTrait<OpTrait::IsTerminator>())
      return success();
    auto inferable = dyn_cast<InferTypeOpInterface>(op);
    if (!inferable || op.getNumResults() != 1)
      return op.emitError() << "cannot be given another shape: '" << op.getName() << "' does not infer its type";
    if (auto slice = dyn_cast<SliceOp>(op))
      adapt(slice);
    if (isa<AddOp, MulOp, ConcatOp>(op))
      adaptExpansions(op);
    if (auto pool = dyn_cast<AvgPool2dOp>(op); pool && failed(check(pool)))
      return failure();

    SmallVector<Type> types;
    std::string reason;
    LogicalResult inferred = success();
    {
      ScopedDiagnosticHandler capture(op.getContext(), [&](Diagnostic &diagnostic) {
        reason = diagnostic.str();
        return success();
      });
      inferred = inferable.inferReturnTypes(op.getContext(), op.getLoc(), op.getOperands(), op.getAttrDictionary(),
                                            op.getPropertiesStorage(), op.getRegions(), types);
    }
    if (failed(inferred))
      return refuse(op) << reason;
    auto old = cast<RankedTensorType>(op.getResult(0).getType());
    setType(op.getResult(0), withEncoding(cast<RankedTensorType>(types.front()), old.getEncoding()));
    return success();
  }

  // The block's type is that of what its regions yield.
  LogicalResult specialize(ResidualOp op) {
    auto yielded = [](Region &region) { return cast<RankedTensorType>(region.front().getTerminator()->getOperand(0).getType()); };
    RankedTensorType f = yielded(op.getBody());
    auto shortcut = op.hasIdentityShortcut() ? cast<RankedTensorType>(op.getInput().getType()) : yielded(op.getShortcut());
    if (!sameShape(f, shortcut))
      return refuse(*op) << "F gives " << f << " and the shortcut " << shortcut;
    setType(op.getResult(), f);
    return success();
  }

  // A slice that went to the end of a dimension goes to its end now, too.
  void adapt(SliceOp op) {
    ArrayRef<int64_t> from = typeBefore(op.getInput()).getShape().drop_front(),
                      to = op.getInput().getType().getShape().drop_front();
    SmallVector<int64_t> sizes(op.getSizes());
    for (auto [size, old, now, offset, stride] : llvm::zip_equal(sizes, from, to, op.getOffsets(), op.getStrides()))
      if (size == ceilDiv(old - offset, stride) && now > offset)
        size = ceilDiv(now - offset, stride);
    op.setSizes(sizes);
  }

  // What was expanded to the size of the map beside it is expanded to that map's size now.
  void adaptExpansions(Operation &op) {
    auto size = [](RankedTensorType type) { return type.getShape().drop_front(2); };
    for (Value operand : op.getOperands()) {
      auto expand = operand.getDefiningOp<ExpandOp>();
      if (!expand || !expand->hasOneUse())
        continue;
      for (Value beside : op.getOperands())
        if (!beside.getDefiningOp<ExpandOp>() && before.contains(beside) &&
            size(typeBefore(beside)) == size(typeBefore(operand))) {
          auto now = cast<RankedTensorType>(beside.getType());
          expand.setSize(size(now));
          setType(operand, RankedTensorType::get(
                               {expand.getType().getDimSize(0), expand.getType().getDimSize(1), size(now)[0], size(now)[1]},
                               now.getElementType()));
          break;
        }
    }
  }

  // A window over the whole map meant the map, whatever its size; as a fixed window it would mean something else now.
  LogicalResult check(AvgPool2dOp op) {
    ArrayRef<int64_t> from = typeBefore(op.getInput()).getShape().drop_front(2),
                      to = op.getInput().getType().getShape().drop_front(2);
    if (op.getKernel() != from || from == to)
      return success();
    return refuse(*op) << "its window covers the whole map of " << from[0] << "x" << from[1] << ", which is " << to[0] << "x"
                       << to[1] << " now; resnet-normalize-imports makes a global average pool of it, which fits any map";
  }

  InFlightDiagnostic refuse(Operation &op) {
    const std::string name = sourceName(op.getLoc());
    InFlightDiagnostic diagnostic = op.emitError();
    diagnostic << "the input's new shape does not fit " << op.getName();
    if (!name.empty())
      diagnostic << " (" << name << ")";
    diagnostic << ": ";
    return diagnostic;
  }

  llvm::DenseMap<Value, RankedTensorType> before;
};

struct SpecializeShapesPass : resnet::impl::SpecializeShapesBase<SpecializeShapesPass> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(run()))
      signalPassFailure();
  }

  LogicalResult run() {
    if (shape.empty())
      return success();
    std::optional<ShapeText> wanted = parseShape(shape);
    if (!wanted)
      return getOperation().emitError() << "expected a shape such as input:?x3x224x224, got '" << shape << "'";
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return getOperation().emitError() << "expected a function @main to give a shape to";
    std::optional<unsigned> index = findArgument(main, wanted->name);
    if (!index)
      return failure();
    BlockArgument argument = main.getArgument(*index);
    auto old = dyn_cast<RankedTensorType>(argument.getType());
    if (!old || old.getEncoding())
      return main.emitError() << "expected a tensor without a layout as input " << *index << ", got " << argument.getType();
    if (old.getRank() != static_cast<int64_t>(wanted->shape.size()))
      return main.emitError() << "expected " << old.getRank() << " dimensions for an input of type " << old << ", got '" << shape
                              << "'";
    if (ShapedType::isDynamicShape(ArrayRef<int64_t>(wanted->shape).drop_front()))
      return main.emitError() << "expected '?' for the batch alone, got '" << shape << "'";

    Specializer specializer;
    specializer.setType(argument, RankedTensorType::get(wanted->shape, old.getElementType()));
    for (Block &block : main.getBody())
      if (failed(specializer.specialize(block)))
        return failure();
    Operation *terminator = main.getBody().back().getTerminator();
    main.setType(FunctionType::get(&getContext(), main.getBody().getArgumentTypes(), terminator->getOperandTypes()));
    return success();
  }

  // The argument of that name; the only one where no name is given.
  std::optional<unsigned> findArgument(func::FuncOp main, StringRef name) {
    SmallVector<StringRef> names;
    for (unsigned i = 0; i < main.getNumArguments(); ++i) {
      auto attr = main.getArgAttrOfType<StringAttr>(i, "resnet.name");
      names.push_back(attr ? attr.getValue() : "");
      if (!name.empty() && names.back() == name)
        return i;
    }
    if (name.empty() && names.size() == 1)
      return 0;
    main.emitError() << "expected the name of an input of @main (" << llvm::join(names, ", ") << "), got '" << name << "'";
    return std::nullopt;
  }
};

} // namespace
