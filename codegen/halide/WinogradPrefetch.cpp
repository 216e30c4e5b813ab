// Inserts prefetches at the start of each point's product, see WinogradPrefetch.h.

#include "codegen/halide/WinogradPrefetch.h"

using namespace resnet;
using namespace resnet::codegen;
using namespace Halide;
using namespace Halide::Internal;

WinogradPrefetch::WinogradPrefetch(const FilterGeometry &geometry, std::string filter, std::string chunk, std::string products,
                                   int64_t tileBlocks, int64_t chunks, int pointsX, int pointsY)
    : geometry(geometry), filter(std::move(filter)), chunk(std::move(chunk)), products(std::move(products)),
      tileBlocks(static_cast<int>(tileBlocks)), chunks(static_cast<int>(chunks)), pointsX(pointsX), pointsY(pointsY) {}

Expr WinogradPrefetch::loopVariable(const std::string &suffix) const {
  for (const For *loop : loops)
    if (ends_with(loop->name, suffix))
      return Variable::make(Int(32), loop->name);
  return 0;
}

Stmt WinogradPrefetch::prefetches(const For *innermost) const {
  const int block = static_cast<int>(geometry.block);
  const int blockLines = static_cast<int>(geometry.packedElements() / geometry.outBlocks()) / block;
  const int partLines = blockLines / chunks, perPoint = static_cast<int>(ceilDiv(partLines, int64_t(pointsX) * pointsY));
  // The part behind this one; behind a task's last part, the first of the next task.
  const Expr part = loopVariable("." + chunk + "$z") + 1;
  const Expr firstBlock = (loopVariable(".ko") + part / chunks) * tileBlocks, offset = part % chunks * partLines;
  const Expr point = loopVariable(".pv") * pointsX + Variable::make(Int(32), innermost->name);
  const Expr base = Variable::make(Handle(), filter);
  std::vector<Stmt> stmts;
  for (int k = 0; k < tileBlocks; ++k)
    for (int line = 0; line < perPoint; ++line) {
      const Expr at = (firstBlock + k) * blockLines + offset + point * perPoint + line;
      stmts.push_back(
          Evaluate::make(Call::make(Float(32), Call::prefetch, {base, simplify(at * block), 1, block}, Call::Intrinsic)));
    }
  return Block::make(stmts);
}

Stmt WinogradPrefetch::visit(const For *op) {
  if (ends_with(op->name, ".pu") && starts_with(op->name, products)) {
    const int64_t *extent = as_const_int(op->extent);
    if (extent && *extent == pointsX && op->for_type == ForType::Serial && !is_const_zero(loopVariable(".ko")))
      return For::make(op->name, op->min, op->extent, op->for_type, op->device_api, Block::make(prefetches(op), op->body));
  }
  loops.push_back(op);
  Stmt result = IRMutator::visit(op);
  loops.pop_back();
  return result;
}
