// One line a launch. Lifetimes are counted in launches, of a buffer with all its views; the timeline shows them where it fits.

#include "passes/MemoryPlanPrinter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/ArenaPacker.h"
#include "passes/KernelAnalysis.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace resnet;

static constexpr int64_t kTimelineSteps = 80; // more would wrap on most terminals

static std::string placeOf(Value root) {
  if (auto view = root.getDefiningOp<ViewOp>())
    return std::to_string(view.getOffset());
  return "argument " + std::to_string(cast<BlockArgument>(root).getArgNumber());
}

void resnet::printMemoryPlan(ModuleOp module, raw_ostream &os) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal() || main.getNumResults() != 0)
    return;
  SmallVector<LaunchOp> launches(main.getBody().front().getOps<LaunchOp>());
  const int64_t steps = launches.size();
  llvm::MapVector<Value, LiveRange> lives; // by root, in order of first use
  for (auto [step, launch] : llvm::enumerate(launches))
    for (Value buffer : launch.getOperands()) {
      Value root = bufferRoot(buffer);
      const int64_t bytes = cast<BufferType>(root.getType()).getImageBytes();
      const int64_t now = static_cast<int64_t>(step), size = llvm::alignTo(bytes, kBufferAlignment);
      auto [it, isNew] = lives.insert({root, LiveRange{now, now, size}});
      it->second.last = now;
    }

  std::vector<LiveRange> inArena;
  for (auto &[root, live] : lives)
    if (isInArena(root))
      inArena.push_back(live);
  int64_t arena = 0, weights = 0;
  for (Type type : main.getArgumentTypes()) {
    if (auto t = dyn_cast<ArenaType>(type))
      arena = t.getBytes();
    else if (auto t = dyn_cast<WeightsType>(type))
      weights = t.getBytes();
  }
  size_t width = 6;
  for (LaunchOp launch : launches)
    width = std::max(width, launch.getKernel().size());

  os << "// arena: " << arena << " bytes an image in " << inArena.size() << " buffers; at most " << peakBytes(inArena)
     << " live at once\n// weights: " << weights << " bytes; launches: " << steps << "\n//\n// "
     << llvm::format("%4s  %-*s  %12s  %10s  %9s\n", "step", static_cast<int>(width), "kernel", "offset", "bytes", "live");
  for (auto [step, launch] : llvm::enumerate(launches)) {
    Value root = bufferRoot(launch.getDestination());
    const LiveRange &live = lives[root];
    const std::string range = std::to_string(live.first) + "-" + std::to_string(live.last);
    const bool inPlace = llvm::is_contained(launch.getInputs(), launch.getDestination());
    const std::string kernel = launch.getKernel().str(), place = placeOf(root);
    os << "// "
       << llvm::format("%4d  %-*s  %12s  %10lld  %9s", static_cast<int>(step), static_cast<int>(width), kernel.c_str(),
                       place.c_str(), static_cast<long long>(live.bytes), range.c_str());
    if (steps <= kTimelineSteps && isInArena(root)) {
      std::string line(steps, '.');
      for (int64_t i = live.first; i <= live.last; ++i)
        line[i] = '=';
      line[step] = '#'; // written here
      os << "  " << line;
    }
    os << (inPlace ? "  in place\n" : "\n");
  }
}
