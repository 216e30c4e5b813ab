// Inserts prefetches before the innermost loop over input channels, see FilterPrefetch.h.

#include "codegen/halide/FilterPrefetch.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;
using namespace Halide::Internal;

FilterPrefetch::FilterPrefetch(const FilterGeometry &geometry, std::string filter, std::string reduction, int64_t tileBlocks,
                               int64_t tasks)
    : geometry(geometry), filter(std::move(filter)), reduction(std::move(reduction)), tileBlocks(static_cast<int>(tileBlocks)),
      tasks(static_cast<int>(tasks)) {}

Expr FilterPrefetch::reductionVariable(const char *dimension) const {
  const std::string suffix = "." + reduction + "$" + dimension;
  for (const For *loop : loops)
    if (ends_with(loop->name, suffix))
      return Variable::make(Int(32), loop->name);
  return 0;
}

Stmt FilterPrefetch::prefetches() const {
  // Counts the tiles that read the current part: of earlier tasks, then of this task's rows and columns. Images (a loop without
  // constant extent) repeat the prefetches.
  Expr task, tile;
  int tiles = tasks;
  for (const For *loop : loops) {
    const Expr variable = Variable::make(Int(32), loop->name);
    if (loop->for_type == ForType::Parallel) {
      task = variable;
      tile = task % tasks;
    } else if (const int64_t *extent = as_const_int(loop->extent);
               extent && task.defined() && loop->name.find(reduction) == std::string::npos) {
      tile = tile * static_cast<int>(*extent) + variable;
      tiles *= static_cast<int>(*extent);
    }
  }
  if (!task.defined())
    return Stmt();
  // A line is the filter of one input channel, a place 16 steps of the reduction. Memory likes it best in order: the tiles of a
  // part share its lines as contiguous ranges, and so do the places of a tile.
  const int block = static_cast<int>(geometry.block), kw = static_cast<int>(geometry.kernelWidth);
  const int perTap = static_cast<int>(geometry.window() / geometry.inputBlock);
  const int places = perTap * kw * static_cast<int>(geometry.kernelHeight);
  const int partLines = places * static_cast<int>(geometry.inputBlock) * tileBlocks;
  const int lines = static_cast<int>(ceilDiv(partLines, int64_t(places) * tiles));
  const Expr place =
      (reductionVariable("y") * static_cast<int>(geometry.kernelHeight) + reductionVariable("w")) * kw + reductionVariable("z");
  const Expr first = (task / tasks + 1) * partLines + tile * (places * lines) + place * lines;
  const Expr base = Variable::make(Handle(), filter);
  std::vector<Stmt> stmts;
  for (int line = 0; line < lines; ++line)
    stmts.push_back(Evaluate::make(
        Call::make(Float(32), Call::prefetch, {base, simplify((first + line) * block), 1, block}, Call::Intrinsic)));
  return Block::make(stmts);
}

Stmt FilterPrefetch::visit(const For *op) {
  if (ends_with(op->name, "." + reduction + "$x")) {
    const Stmt before = prefetches();
    return before.defined() ? Block::make(before, op) : Stmt(op);
  }
  loops.push_back(op);
  Stmt result = IRMutator::visit(op);
  loops.pop_back();
  return result;
}
