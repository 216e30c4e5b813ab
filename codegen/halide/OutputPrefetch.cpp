// Inserts prefetches before a tile's sums, see OutputPrefetch.h.

#include "codegen/halide/OutputPrefetch.h"

using namespace resnet::codegen;
using namespace Halide;
using namespace Halide::Internal;

namespace {

// Where the vectors of a buffer that a statement stores begin, by what is known before the statement.
class Stores : public IRVisitor {
public:
  explicit Stores(const std::string &buffer) : buffer(buffer) {}
  std::vector<Expr> bases;

private:
  using IRVisitor::visit;
  void visit(const LetStmt *op) override {
    lets.emplace_back(op->name, op->value);
    op->body.accept(this);
    lets.pop_back();
  }
  void visit(const Store *op) override {
    const Ramp *ramp = op->index.as<Ramp>();
    if (op->name != buffer || !ramp)
      return;
    Expr base = ramp->base;
    for (auto let = lets.rbegin(); let != lets.rend(); ++let)
      base = substitute(let->first, let->second, base);
    bases.push_back(base);
  }

  const std::string &buffer;
  std::vector<std::pair<std::string, Expr>> lets;
};

} // namespace

Stmt OutputPrefetch::visit(const Allocate *op) {
  if (op->name != sum)
    return IRMutator::visit(op);
  Stores stores(output);
  op->body.accept(&stores);
  std::vector<Stmt> body;
  for (const Expr &base : stores.bases)
    body.push_back(
        Evaluate::make(Call::make(Float(32), Call::prefetch, {Variable::make(Handle(), output), base, 1, 1}, Call::Intrinsic)));
  body.push_back(op->body);
  return Allocate::make(op->name, op->type, op->memory_type, op->extents, op->condition, Block::make(body), op->new_expr,
                        op->free_function);
}
