// Checks a planned @main by following its reads and writes; knows what launches mean and nothing of how plans are made. All bytes
// are an image's share: spans that are apart for one image are apart for every batch. Reports the first breach of each operation.

#include "dialect/IR/Layouts.h"
#include "passes/Passes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/Statistic.h"

namespace resnet {
#define GEN_PASS_DEF_VERIFYMEMORYPLAN
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

#define DEBUG_TYPE "resnet-verify-memory-plan"
ALWAYS_ENABLED_STATISTIC(comparisons, "facts about memory that a launch or a buffer was compared with");

namespace {

struct Span {
  int64_t begin = 0, end = 0;
  bool overlaps(const Span &other) const { return begin < other.end && other.begin < end; }
  bool contains(const Span &other) const { return begin <= other.begin && other.end <= end; }
};

/// A halo that was zeroed: of which map, in which bytes of the region.
struct ZeroedHalo {
  Span span;
  ActivationGeometry map;
};

/// Bytes of the arena, an image's share, that hold maps one after the other whose halos are all zero.
struct ZeroedMaps {
  Span span;
  ActivationGeometry map;
};

/// A piece of memory that buffers are views of: a view of the arena or the weights, or an argument.
struct Region {
  enum Kind { Arena, Weights, Input, Output } kind = Arena;
  Value value;
  Span span; // in the arena
  int64_t firstWrite = -1, lastAccess = -1;
  SmallVector<Span, 1> written; // relative to the region, apart and in no order
  SmallVector<ZeroedHalo, 1> zeroed;
};

/// Where a buffer lies.
struct Place {
  unsigned region = 0;
  Span span; // relative to the region
};

class PlanChecker {
public:
  PlanChecker(ModuleOp module, func::FuncOp main) : module(module), main(main) {}
  LogicalResult check();
  unsigned numChecked = 0;

private:
  LogicalResult checkArguments();
  LogicalResult checkGlobals();
  LogicalResult checkView(ViewOp op);
  LogicalResult checkZeroHalo(ZeroHaloOp op);
  LogicalResult checkLaunch(LaunchOp op);
  LogicalResult checkRead(Operation *op, Value buffer);
  LogicalResult checkWrite(Operation *op, Value buffer);
  LogicalResult checkAliasing(LaunchOp op, KernelOp kernel);
  LogicalResult checkHalo(LaunchOp op, KernelOp kernel);
  bool isTiledLike(const ZeroedMaps &zeroed, Value buffer);
  template <typename Conv> LogicalResult checkHalo(LaunchOp op, Conv conv, ArrayRef<int64_t> out, ArrayRef<int64_t> dilations);
  LogicalResult checkLiveRanges();
  LogicalResult checkOutputs();

  ModuleOp module;
  func::FuncOp main;
  SymbolTableCollection symbols;
  SmallVector<Region> regions;
  SmallVector<ZeroedMaps> zeroedMaps; // left by regions of the arena, over whose ends halos may stay zero
  DenseMap<Value, Place> places;
  DenseMap<int64_t, GlobalOp> globals; // by offset
  int64_t arenaBytes = -1, weightBytes = -1;
  int64_t time = 0;
};

} // namespace

// Bytes that an image takes in a buffer, without what lies between it and the next.
static int64_t imageBytes(Value buffer) {
  const ActivationGeometry g = activationGeometry(cast<BufferType>(buffer.getType()).getTensor());
  return g.blocks() * (g.halo.top + g.height + g.halo.bottom) * (g.halo.left + g.width + g.halo.right) * g.block * 4;
}

static bool sameMap(const ActivationGeometry &a, const ActivationGeometry &b) {
  return a.height == b.height && a.width == b.width && a.block == b.block && a.halo == b.halo;
}

static std::string text(const Span &span) { return "[" + std::to_string(span.begin) + ", " + std::to_string(span.end) + ")"; }

LogicalResult PlanChecker::checkArguments() {
  for (BlockArgument argument : main.getArguments()) {
    if (main.getArgAttr(argument.getArgNumber(), "resnet.output") && !isa<BufferType>(argument.getType()))
      return main.emitOpError() << "memory plan: expected outputs to be buffers, got " << argument.getType();
    if (auto arena = dyn_cast<ArenaType>(argument.getType())) {
      if (arenaBytes >= 0)
        return main.emitOpError() << "memory plan: expected one arena";
      arenaBytes = arena.getBytes();
    } else if (auto weights = dyn_cast<WeightsType>(argument.getType())) {
      if (weightBytes >= 0)
        return main.emitOpError() << "memory plan: expected one argument of weights";
      weightBytes = weights.getBytes();
    } else if (isa<BufferType>(argument.getType())) {
      Region region;
      region.kind = main.getArgAttr(argument.getArgNumber(), "resnet.output") ? Region::Output : Region::Input;
      region.value = argument;
      const Span all{0, imageBytes(argument)};
      if (region.kind == Region::Input)
        region.written.push_back(all);
      places[argument] = {static_cast<unsigned>(regions.size()), all};
      regions.push_back(region);
    } else {
      return main.emitOpError() << "memory plan: expected buffers, an arena and weights as arguments, got " << argument.getType();
    }
  }
  if (arenaBytes < 0 || weightBytes < 0)
    return main.emitOpError() << "memory plan: expected an arena and weights among the arguments";
  return success();
}

// Globals lie apart and inside the weights.
LogicalResult PlanChecker::checkGlobals() {
  SmallVector<std::pair<Span, GlobalOp>> spans;
  for (auto global : module.getOps<GlobalOp>()) {
    const int64_t begin = global.getOffset();
    spans.push_back({{begin, begin + constantBytes(cast<RankedTensorType>(global.getType()))}, global});
    if (spans.back().first.end > weightBytes)
      return global.emitOpError() << "memory plan: expected to end within the weights' " << weightBytes << " bytes, got "
                                  << text(spans.back().first);
    globals[begin] = global;
  }
  llvm::sort(spans, [](const auto &a, const auto &b) { return a.first.begin < b.first.begin; });
  for (size_t i = 1; i < spans.size(); ++i)
    if (spans[i].first.begin < spans[i - 1].first.end) {
      GlobalOp global = spans[i].second, other = spans[i - 1].second;
      return global.emitOpError() << "memory plan: bytes " << text(spans[i].first) << " overlap those of @" << other.getSymName()
                                  << ", " << text(spans[i - 1].first);
    }
  return success();
}

LogicalResult PlanChecker::checkView(ViewOp op) {
  const int64_t offset = op.getOffset(), bytes = imageBytes(op);
  if (isa<BufferType>(op.getMemory().getType())) {
    const Place parent = places.lookup(op.getMemory());
    const Span span{parent.span.begin + offset, parent.span.begin + offset + bytes};
    if (!parent.span.contains(span))
      return op.emitOpError() << "memory plan: bytes " << text(span) << " leave the viewed buffer's, " << text(parent.span);
    places[op] = {parent.region, span};
    return success();
  }
  Region region;
  region.value = op;
  if (isa<WeightsType>(op.getMemory().getType())) {
    GlobalOp global = globals.lookup(offset);
    if (!global || global.getType() != op.getType().getTensor())
      return op.emitOpError() << "memory plan: expected a global of type " << op.getType().getTensor() << " at offset " << offset
                              << " of the weights" << (global ? ", got another type" : ", got none");
    region.kind = Region::Weights;
    region.written.push_back({0, bytes});
  } else {
    region.span = {offset, offset + op.getType().getImageBytes()};
    if (region.span.end > arenaBytes)
      return op.emitOpError() << "memory plan: bytes " << text(region.span) << " leave the arena of " << arenaBytes << " bytes";
  }
  places[op] = {static_cast<unsigned>(regions.size()), {0, bytes}};
  regions.push_back(region);
  return success();
}

LogicalResult PlanChecker::checkRead(Operation *op, Value buffer) {
  const Place place = places.lookup(buffer);
  Region &region = regions[place.region];
  region.lastAccess = time;
  ++numChecked;
  // Pieces that touch are not joined: a plan writes a buffer as a whole.
  if (llvm::none_of(region.written, [&](const Span &s) { return s.contains(place.span); }))
    return op->emitOpError() << "memory plan: reads a buffer that nothing has written: " << buffer.getType();
  return success();
}

LogicalResult PlanChecker::checkWrite(Operation *op, Value buffer) {
  const Place place = places.lookup(buffer);
  Region &region = regions[place.region];
  ++numChecked;
  if (region.kind == Region::Input || region.kind == Region::Weights)
    return op->emitOpError() << "memory plan: writes " << (region.kind == Region::Input ? "an input" : "the weights") << ": "
                             << buffer.getType();
  if (region.firstWrite < 0)
    region.firstWrite = time;
  region.lastAccess = time;
  return success();
}

// Whether the maps of a buffer lie on those of `zeroed`, where they share bytes: of any image in any batch, which multiplies
// offsets of regions and numbers images, but adds offsets within a region as they are.
bool PlanChecker::isTiledLike(const ZeroedMaps &zeroed, Value buffer) {
  auto type = cast<BufferType>(buffer.getType());
  const ActivationGeometry map = activationGeometry(type.getTensor());
  const Place place = places.lookup(buffer);
  const int64_t period = map.blockStride() * 4;
  return sameMap(zeroed.map, map) && (regions[place.region].span.begin - zeroed.span.begin) % period == 0 &&
         type.getImageBytes() % period == 0 && place.span.begin % period == 0;
}

LogicalResult PlanChecker::checkZeroHalo(ZeroHaloOp op) {
  if (failed(checkWrite(op, op.getBuffer())))
    return failure();
  const Place place = places.lookup(op.getBuffer());
  Region &region = regions[place.region];
  const ActivationGeometry map = activationGeometry(op.getBuffer().getType().getTensor());
  region.zeroed.push_back({place.span, map});
  const Span all{0, region.span.end - region.span.begin}; // without gaps between images
  if (region.kind == Region::Arena && place.span.contains(all))
    zeroedMaps.push_back({region.span, map});
  return success();
}

// Within one region a launch may overwrite only its in-place input, and that exactly. Other regions are a matter of live ranges.
LogicalResult PlanChecker::checkAliasing(LaunchOp op, KernelOp kernel) {
  const Place destination = places.lookup(op.getDestination());
  for (auto [index, input] : llvm::enumerate(op.getInputs())) {
    const Place place = places.lookup(input);
    const bool shares = place.region == destination.region && place.span.overlaps(destination.span);
    const bool same = shares && place.span.begin == destination.span.begin && input.getType() == op.getDestination().getType();
    if (kernel.getInPlace() == static_cast<int64_t>(index)) {
      if (!same)
        return op.emitOpError() << "memory plan: expected the destination to be input " << index << ", because "
                                << op.getKernelAttr() << " is in place";
    } else if (shares) {
      return op.emitOpError() << "memory plan: overwrites its input " << index << ", and " << op.getKernelAttr()
                              << " is not in place there";
    }
  }
  return success();
}

LogicalResult PlanChecker::checkHalo(LaunchOp op, KernelOp kernel) {
  if (auto conv = dyn_cast<FusedConv2dOp>(kernel.getComputation()))
    return checkHalo(op, conv, conv.getType().getShape().drop_front(2), conv.getDilations());
  if (auto stem = dyn_cast<FusedStemOp>(kernel.getComputation()))
    return checkHalo(op, stem, stem.getConvolvedMap(), {1, 1});
  return success();
}

// What the windows of a convolution to a map of size `out` touch outside its input must be there and be zero.
template <typename Conv>
LogicalResult PlanChecker::checkHalo(LaunchOp op, Conv conv, ArrayRef<int64_t> out, ArrayRef<int64_t> dilations) {
  auto argument = dyn_cast<BlockArgument>(conv.getInput());
  if (!argument)
    return success();
  Value input = op.getInputs()[argument.getArgNumber()];
  const ActivationGeometry map = activationGeometry(cast<BufferType>(input.getType()).getTensor());
  ArrayRef<int64_t> filter = conv.getFilter().getType().getShape(), pad = conv.getPadding();
  auto touchedAfter = [&](int axis, int64_t size) {
    const int64_t lastRead = (out[axis] - 1) * conv.getStrides()[axis] - pad[axis] + (filter[2 + axis] - 1) * dilations[axis];
    return std::max<int64_t>(0, lastRead - (size - 1));
  };
  const Halo needed{pad[0], pad[1], touchedAfter(0, map.height), touchedAfter(1, map.width)};
  if (needed.empty())
    return success();
  if (map.halo.top < needed.top || map.halo.left < needed.left || map.halo.bottom < needed.bottom ||
      map.halo.right < needed.right)
    return op.emitOpError() << "memory plan: reads a halo of [" << needed.top << ", " << needed.left << ", " << needed.bottom
                            << ", " << needed.right << "], wider than that of " << input.getType();
  const Place place = places.lookup(input);
  const bool zeroed = llvm::any_of(regions[place.region].zeroed, [&](const ZeroedHalo &z) {
    return z.span.contains(place.span) && sameMap(z.map, map) && (place.span.begin - z.span.begin) % (map.blockStride() * 4) == 0;
  });
  if (!zeroed)
    return op.emitOpError() << "memory plan: reads a halo that nothing has zeroed: " << input.getType();
  return success();
}

LogicalResult PlanChecker::checkLaunch(LaunchOp op) {
  auto kernel = symbols.lookupNearestSymbolFrom<KernelOp>(op, op.getKernelAttr());
  if (!kernel || op.getResult())
    return op.emitOpError() << "memory plan: expected a launch of a kernel on buffers";
  for (Value input : op.getInputs())
    if (failed(checkRead(op, input)))
      return failure();
  if (failed(checkHalo(op, kernel)) || failed(checkAliasing(op, kernel)) || failed(checkWrite(op, op.getDestination())))
    return failure();
  const Place place = places.lookup(op.getDestination());
  Region &region = regions[place.region];
  comparisons += region.written.size() + region.zeroed.size() + zeroedMaps.size();
  // A sum in place is written once a block, all along a stage: what is known is not noted again.
  if (llvm::none_of(region.written, [&](const Span &s) { return s.contains(place.span); }))
    region.written.push_back(place.span);
  // A map of another shape writes into the halo.
  const ActivationGeometry map = activationGeometry(cast<BufferType>(op.getDestination().getType()).getTensor());
  llvm::erase_if(region.zeroed, [&](const ZeroedHalo &z) { return z.span.overlaps(place.span) && !sameMap(z.map, map); });
  if (region.kind != Region::Arena)
    return success();
  // Halos that earlier regions left zero are this one's from here on, while it lives.
  const auto tiled = [&](const ZeroedMaps &z) { return isTiledLike(z, op.getDestination()); };
  const bool known = llvm::any_of(region.zeroed, [&](const ZeroedHalo &z) {
    return z.span.begin == place.span.begin && z.span.end == place.span.end && sameMap(z.map, map);
  });
  if (!known && llvm::any_of(zeroedMaps, [&](const ZeroedMaps &z) { return z.span.contains(region.span) && tiled(z); }))
    region.zeroed.push_back({place.span, map});
  llvm::erase_if(zeroedMaps, [&](const ZeroedMaps &z) { return z.span.overlaps(region.span) && !tiled(z); });
  return success();
}

// No two regions of the arena that live at once share a byte. A region lives from its first write to its last access.
LogicalResult PlanChecker::checkLiveRanges() {
  SmallVector<const Region *> order;
  for (const Region &region : regions)
    if (region.kind == Region::Arena && region.firstWrite >= 0)
      order.push_back(&region);
  llvm::sort(order, [](const Region *a, const Region *b) { return a->firstWrite < b->firstWrite; });
  SmallVector<const Region *> live;
  for (const Region *region : order) {
    llvm::erase_if(live, [&](const Region *other) { return other->lastAccess < region->firstWrite; });
    comparisons += live.size();
    for (const Region *other : live)
      if (other->span.overlaps(region->span)) {
        InFlightDiagnostic diagnostic = region->value.getDefiningOp()->emitOpError()
                                        << "memory plan: bytes " << text(region->span) << " overlap " << text(other->span)
                                        << " of a buffer that lives at the same time";
        diagnostic.attachNote(other->value.getLoc()) << "the other buffer: " << other->value.getType();
        return diagnostic;
      }
    live.push_back(region);
  }
  return success();
}

LogicalResult PlanChecker::checkOutputs() {
  for (const Region &region : regions) {
    const Span all{0, region.kind == Region::Output ? imageBytes(region.value) : 0};
    if (region.kind == Region::Output && llvm::none_of(region.written, [&](const Span &s) { return s.contains(all); }))
      return main.emitOpError() << "memory plan: argument " << cast<BlockArgument>(region.value).getArgNumber()
                                << " is an output that nothing writes";
  }
  return success();
}

LogicalResult PlanChecker::check() {
  if (failed(checkArguments()) || failed(checkGlobals()))
    return failure();
  for (Operation &op : main.getBody().front()) {
    LogicalResult result = success();
    if (auto view = dyn_cast<ViewOp>(op))
      result = checkView(view);
    else if (auto halo = dyn_cast<ZeroHaloOp>(op))
      result = checkZeroHalo(halo);
    else if (auto launch = dyn_cast<LaunchOp>(op))
      result = checkLaunch(launch);
    else if (!isa<func::ReturnOp>(op))
      result = op.emitOpError() << "memory plan: expected views, zero_halo and launches";
    if (failed(result))
      return failure();
    ++time;
  }
  return success(succeeded(checkLiveRanges()) && succeeded(checkOutputs()));
}

namespace {
struct VerifyMemoryPlanPass : resnet::impl::VerifyMemoryPlanBase<VerifyMemoryPlanPass> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal() || !main.getBody().hasOneBlock() || main.getNumResults() != 0) {
      getOperation().emitError() << "resnet-verify-memory-plan: expected a planned function @main of one block";
      return signalPassFailure();
    }
    PlanChecker checker(getOperation(), main);
    if (failed(checker.check()))
      signalPassFailure();
    checked += checker.numChecked;
    markAllAnalysesPreserved();
  }
};
} // namespace
