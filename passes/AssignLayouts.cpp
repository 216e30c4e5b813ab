// Encodes every tensor of a function with its layout: blocks forward from the producers, halos back from the consumers, then one
// walk that sets types and inserts conversions. Assumes the operations that the graph pipeline leaves behind; fails on others,
// on filters that are no constants and on shapes that are not static behind the batch.

#include "passes/KernelAnalysis.h"
#include "passes/KernelOperations.h"
#include "passes/Passes.h"
#include "llvm/ADT/MapVector.h"

namespace resnet {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

static bool isMap(Value value) { return tensorType(value).getRank() == 4; }

static Halo unite(const Halo &a, const Halo &b) {
  return {std::max(a.top, b.top), std::max(a.left, b.left), std::max(a.bottom, b.bottom), std::max(a.right, b.right)};
}

static bool isPointwise(FusedConv2dOp op) {
  return allEqual(op.getFilter().getType().getShape().drop_front(2), 1) && allEqual(op.getStrides(), 1) &&
         allEqual(op.getPadding(), 0);
}

// What the windows of a convolution to a map of size `out` touch outside its input: the last ones may end before the declared
// padding does.
template <typename Op> static Halo touchedHalo(Op op, ArrayRef<int64_t> out, ArrayRef<int64_t> dilations) {
  ArrayRef<int64_t> in = op.getInput().getType().getShape().drop_front(2);
  ArrayRef<int64_t> kernel = op.getFilter().getType().getShape().drop_front(2), padding = op.getPadding();
  auto after = [&](int i) { return touchedPadding(in[i], out[i], kernel[i], op.getStrides()[i], dilations[i], padding[i]); };
  return {padding[0], padding[1], after(0), after(1)};
}

namespace {

/// The layout that a value's producer writes.
struct Layout {
  int64_t block = 1;
  /// Dense and without halo whatever consumers want: arguments, constants, tensors of rank 2.
  bool fixed = true;
  /// Read or written by a 1x1 convolution that treats a halo-free map as one long row.
  bool pointwise = false;
  Halo halo;
};

class LayoutAssigner {
public:
  LayoutAssigner(func::FuncOp func, int64_t block) : func(func), block(block), builder(func.getContext()) {}

  LogicalResult run();
  unsigned numConversions() const { return conversions; }
  unsigned numHalos() const { return halos; }

private:
  void strip();
  LogicalResult check(Operation *op);
  LogicalResult chooseLayout(Operation *op);
  void forEachDemand(Operation *op, function_ref<void(OpOperand &, int64_t, const Halo &)> demand);
  void collectHalos();
  void mergeForViews();
  void mergeForInPlaceSums();
  void rewrite(Operation *op);

  Layout &layout(Value value) { return layouts[find(value)]; }
  unsigned find(Value value);
  void merge(Value a, Value b);
  bool writes(const Layout &l, int64_t wanted, const Halo &halo) { return l.block == wanted && (!l.fixed || halo.empty()); }
  RankedTensorType encoded(RankedTensorType type, int64_t channels, const Halo &halo);
  Value convert(Value value, int64_t wanted, const Halo &halo, Operation *user);
  Value dense(Value value, Operation *user) { return convert(value, 1, {}, user); }
  void encodeConstant(OpOperand &operand, int64_t outBlock, int64_t inBlock = 1, int64_t groups = 1);

  func::FuncOp func;
  const int64_t block;
  OpBuilder builder;
  // Union-find: merged values have one layout.
  DenseMap<Value, unsigned> indices;
  SmallVector<Layout> layouts;
  SmallVector<unsigned> parents;
  // Halo of the copy of a value in another layout, and that copy.
  DenseMap<std::pair<Value, int64_t>, Halo> copyHalos;
  DenseMap<std::pair<Value, Type>, Value> copies;
  DenseMap<std::pair<Attribute, Type>, Value> constants;
  unsigned conversions = 0, halos = 0;
};

} // namespace

unsigned LayoutAssigner::find(Value value) {
  auto [it, isNew] = indices.try_emplace(value, parents.size());
  if (isNew) {
    parents.push_back(it->second);
    layouts.push_back({});
  }
  unsigned i = it->second;
  while (parents[i] != i)
    i = parents[i] = parents[parents[i]];
  return i;
}

void LayoutAssigner::merge(Value a, Value b) {
  const unsigned from = find(a), to = find(b);
  if (from == to)
    return;
  layouts[to].halo = unite(layouts[to].halo, layouts[from].halo);
  layouts[to].pointwise |= layouts[from].pointwise;
  parents[from] = to;
}

// Back to logical tensors, so that a second run finds what the first one found.
void LayoutAssigner::strip() {
  for (Operation &op : llvm::make_early_inc_range(func.getBody().front())) {
    for (Value result : op.getResults())
      if (auto type = dyn_cast<RankedTensorType>(result.getType()))
        result.setType(withEncoding(type, {}));
    const bool isIdentity =
        isa<ConvertLayoutOp>(op) || (isa<FlattenOp, ReshapeOp>(op) && op.getOperand(0).getType() == op.getResult(0).getType());
    if (isIdentity) {
      op.getResult(0).replaceAllUsesWith(op.getOperand(0));
      op.erase();
    }
  }
}

// Everything that could stop the rewriting later.
LogicalResult LayoutAssigner::check(Operation *op) {
  if (isa<ConstantOp, func::ReturnOp>(op))
    return success();
  if (!KernelOperations::contains(op) && !isa<FlattenOp, ReshapeOp>(op))
    return op->emitOpError()
           << "cannot be laid out: expected an operation that a kernel computes, as the graph pipeline leaves them";
  SmallVector<Value> values(op->getOperands());
  llvm::append_range(values, op->getResults());
  for (Value value : values) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    const bool isVector = type && type.getRank() == 1 && type.hasStaticShape() && value.getDefiningOp<ConstantOp>();
    if (!isVector &&
        (!type || (type.getRank() != 2 && type.getRank() != 4) || ShapedType::isDynamicShape(type.getShape().drop_front())))
      return op->emitOpError() << "cannot be laid out: expected rank 2 or 4 and static dimensions behind the batch, got "
                               << value.getType();
  }
  for (auto [name, operand] : weightOperands(op))
    if (!operand->get().getDefiningOp<ConstantOp>())
      return op->emitOpError() << "cannot be laid out: expected a constant " << name << ", got " << operand->get().getType()
                               << " computed at run time";
  if (auto slice = dyn_cast<SliceOp>(op); slice && slice.getStrides()[0] != 1)
    return op->emitOpError() << "cannot be laid out: expected a slice of consecutive channels, got a stride of "
                             << slice.getStrides()[0];
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    ArrayRef<int64_t> p = transpose.getPermutation();
    if (p != ArrayRef<int64_t>{0, 3, 1, 2} && p != ArrayRef<int64_t>{0, 2, 3, 1})
      return op->emitOpError() << "cannot be laid out: expected a transpose between NHWC and NCHW, got [" << p << "]";
  }
  return success();
}

// The producer's side: blocks.
LogicalResult LayoutAssigner::chooseLayout(Operation *op) {
  if (failed(check(op)))
    return failure();
  if (op->getNumResults() != 1 || !isMap(op->getResult(0)) || isa<ConstantOp>(op))
    return success();
  if (isa<ReshapeOp>(op)) // dense, in whatever shape
    return success();
  auto planar = [&](Value value) { return layout(value).block == 1; };
  const bool narrow = tensorType(op->getResult(0)).getDimSize(1) < block;
  Layout &l = layout(op->getResult(0));
  l.fixed = false;
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    l.fixed = transpose.getPermutation()[1] == 2; // NHWC is dense
    l.block = l.fixed || narrow ? 1 : block;
    return success();
  }
  bool staysPlanar = false;
  if (ElementwiseOperations::contains(op))
    staysPlanar = llvm::all_of(elementwiseOperands(op), [&](OpOperand *operand) { return planar(operand->get()); });
  else if (isa<PadOp, SliceOp, SubsampleOp, ExpandOp, ConcatOp>(op))
    staysPlanar = llvm::all_of(op->getOperands(), planar);
  l.block = staysPlanar && narrow ? 1 : block;
  if (auto conv = dyn_cast<FusedConv2dOp>(op); conv && isPointwise(conv))
    layout(conv.getInput()).pointwise = layout(conv).pointwise = true;
  return success();
}

// The consumer's side: the block and the halo that an operation's kernel reads. Operands that it does not name may have any
// layout or are handled in `rewrite`.
void LayoutAssigner::forEachDemand(Operation *op, function_ref<void(OpOperand &, int64_t, const Halo &)> demand) {
  if (auto conv = dyn_cast<FusedConv2dOp>(op)) {
    const int64_t channels = conv.getInput().getType().getDimSize(1);
    const bool depthwise =
        conv.getGroups() > 1 && static_cast<int64_t>(conv.getGroups()) == channels; // lanes read their own channel
    const bool planar = layout(conv.getInput()).block == 1 && channels < block && !depthwise;
    demand(conv.getInputMutable(), planar ? 1 : block,
           touchedHalo(conv, conv.getType().getShape().drop_front(2), conv.getDilations()));
    if (conv.getAddend())
      demand(conv.getAddendMutable()[0], block, {});
  } else if (auto stem = dyn_cast<FusedStemOp>(op)) {
    const bool planar = layout(stem.getInput()).block == 1 && stem.getInput().getType().getDimSize(1) < block;
    demand(stem.getInputMutable(), planar ? 1 : block, touchedHalo(stem, stem.getConvolvedMap(), {1, 1}));
  } else if (ElementwiseOperations::contains(op) && isMap(op->getResult(0))) {
    const int64_t own = layout(op->getResult(0)).block;
    for (OpOperand *operand : elementwiseOperands(op))
      demand(*operand, own, {});
  } else if (isa<MaxPool2dOp, AvgPool2dOp, GlobalAvgPoolOp, GlobalMaxPoolOp, GroupNormOp, FusedHeadOp>(op)) {
    demand(op->getOpOperand(0), block, {});
  }
}

void LayoutAssigner::collectHalos() {
  for (Operation &op : func.getBody().front())
    forEachDemand(&op, [&](OpOperand &operand, int64_t wanted, const Halo &halo) {
      Layout &l = layout(operand.get());
      Halo &need = writes(l, wanted, halo) ? l.halo : copyHalos[{operand.get(), wanted}];
      need = unite(need, halo);
    });
}

// A slice that can be a view has its source's layout.
void LayoutAssigner::mergeForViews() {
  for (auto slice : func.getBody().front().getOps<SliceOp>()) {
    const Layout &source = layout(slice.getInput());
    if (!source.fixed && source.block == layout(slice).block && slicesWholeBlocks(slice, source.block))
      merge(slice, slice.getInput());
  }
}

// A sum over an addend that dies can be in place if both have one halo. Widening an existing halo costs nothing, and the result
// then needs no zeroing; but 1x1 convolutions are fastest on maps without one.
void LayoutAssigner::mergeForInPlaceSums() {
  Block &body = func.getBody().front();
  DenseMap<Value, Operation *> lastUsers;
  auto root = [](Value value) {
    while (Operation *op = value.getDefiningOp()) {
      if (!isa<SliceOp, FlattenOp, ReshapeOp>(op))
        break;
      value = op->getOperand(0);
    }
    return value;
  };
  for (Operation &op : body)
    for (Value operand : op.getOperands())
      lastUsers[root(operand)] = &op;
  for (Operation &op : body)
    for (OpOperand *operand : inPlaceCandidates(&op)) {
      if (!isMap(op.getResult(0)) || root(operand->get()) != operand->get() || lastUsers[operand->get()] != &op)
        continue;
      const unsigned uses = llvm::count_if(op.getOperands(), [&](Value v) { return root(v) == operand->get(); });
      const Layout &from = layout(operand->get()), &to = layout(op.getResult(0));
      const Halo common = unite(from.halo, to.halo);
      auto cheap = [&](const Layout &l) { return l.halo == common || !l.halo.empty() || !l.pointwise; };
      if (uses == 1 && !from.fixed && from.block == to.block && cheap(from) && cheap(to)) {
        merge(operand->get(), op.getResult(0));
        break;
      }
    }
}

RankedTensorType LayoutAssigner::encoded(RankedTensorType type, int64_t channels, const Halo &halo) {
  if (channels == 1 && halo.empty())
    return withEncoding(type, {});
  SmallVector<int64_t> sides;
  if (!halo.empty())
    sides = {halo.top, halo.left, halo.bottom, halo.right};
  return withEncoding(type, LayoutAttr::get(type.getContext(), channels, sides));
}

// `value` in a layout that its producer does not write, made where it is first needed.
Value LayoutAssigner::convert(Value value, int64_t wanted, const Halo &halo, Operation *user) {
  RankedTensorType type = encoded(tensorType(value), wanted, halo);
  if (type == value.getType())
    return value;
  Value &copy = copies[{value, type}];
  if (!copy) {
    builder.setInsertionPoint(user);
    Location loc = isa<func::ReturnOp>(user) ? value.getLoc() : user->getLoc();
    copy = ConvertLayoutOp::create(builder, loc, type, value);
    ++conversions;
    halos += !halo.empty();
  }
  return copy;
}

// Gives a filter or a vector the layout that its kernel reads; uses that need another layout get a constant of their own.
void LayoutAssigner::encodeConstant(OpOperand &operand, int64_t outBlock, int64_t inBlock, int64_t groups) {
  auto constant = operand.get().getDefiningOp<ConstantOp>();
  auto type = tensorType(constant);
  if (type.getRank() > 1 || outBlock > 1)
    type = withEncoding(type, FilterLayoutAttr::get(type.getContext(), outBlock, inBlock, groups));
  Value &encodedConstant = constants[{constant.getValue(), type}];
  if (!encodedConstant) {
    builder.setInsertionPoint(constant);
    encodedConstant = ConstantOp::create(builder, constant.getLoc(), type, constant.getValue());
  }
  operand.set(encodedConstant);
}

void LayoutAssigner::rewrite(Operation *op) {
  forEachDemand(op, [&](OpOperand &operand, int64_t wanted, const Halo &halo) {
    const Layout &l = layout(operand.get());
    if (!writes(l, wanted, halo))
      operand.set(convert(operand.get(), wanted, copyHalos[{operand.get(), wanted}], op));
  });
  if (isa<func::ReturnOp>(op)) {
    for (OpOperand &operand : op->getOpOperands())
      if (isMap(operand.get()))
        operand.set(dense(operand.get(), op));
    return;
  }
  // Vectors beside a map lie like its channels, those of a filter like its lanes.
  const bool likeMap = ElementwiseOperations::contains(op);
  const int64_t outBlock = !likeMap ? block : isMap(op->getResult(0)) ? layout(op->getResult(0)).block : 1;
  for (auto [name, operand] : weightOperands(op)) {
    auto conv = dyn_cast<FusedConv2dOp>(op);
    if (tensorType(operand->get()).getRank() == 1)
      encodeConstant(*operand, outBlock);
    else
      encodeConstant(*operand, outBlock, activationGeometry(tensorType(op->getOperand(0))).block, conv ? conv.getGroups() : 1);
  }
  auto transpose = dyn_cast<TransposeOp>(op);
  if ((transpose && transpose.getPermutation()[1] == 3) || (isa<FlattenOp, ReshapeOp>(op) && !asMemoryView(op)))
    op->setOperand(0, dense(op->getOperand(0), op));
  if (op->getNumResults() == 1 && isMap(op->getResult(0)) && !isa<ConstantOp>(op)) {
    const Layout &l = layout(op->getResult(0));
    op->getResult(0).setType(encoded(tensorType(op->getResult(0)), l.block, l.halo));
    halos += !l.halo.empty();
  }
}

LogicalResult LayoutAssigner::run() {
  for (Type type : llvm::concat<const Type>(func.getArgumentTypes(), func.getResultTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || tensor.getEncoding() || (tensor.getRank() != 2 && tensor.getRank() != 4))
      return func.emitOpError() << "cannot be laid out: expected dense tensors of rank 2 or 4 as arguments and results, got "
                                << type;
  }
  if (!func.getBody().hasOneBlock())
    return func.emitOpError() << "cannot be laid out: expected one block, got " << func.getBody().getBlocks().size();
  strip();
  Block &body = func.getBody().front();
  // Known from the start, so that references to layouts stay valid.
  for (Value argument : body.getArguments())
    find(argument);
  for (Operation &op : body)
    for (Value result : op.getResults())
      find(result);
  for (Operation &op : body)
    if (failed(chooseLayout(&op)))
      return failure();
  collectHalos();
  mergeForViews();
  mergeForInPlaceSums();
  for (Operation &op : llvm::make_early_inc_range(body))
    rewrite(&op);
  for (auto constant : llvm::make_early_inc_range(body.getOps<ConstantOp>()))
    if (constant->use_empty())
      constant.erase();
  return success();
}

namespace {
struct AssignLayoutsPass : resnet::impl::AssignLayoutsBase<AssignLayoutsPass> {
  using Base::Base;

  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    if (block < 1) {
      getOperation().emitError() << "resnet-assign-layouts: expected a block of at least 1, got " << block;
      return signalPassFailure();
    }
    LayoutAssigner assigner(getOperation(), block);
    if (failed(assigner.run()))
      return signalPassFailure();
    conversions += assigner.numConversions();
    halos += assigner.numHalos();
  }
};
} // namespace
