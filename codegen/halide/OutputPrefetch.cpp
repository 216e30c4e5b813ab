// Inserts prefetches before a tile's sums, see OutputPrefetch.h.

#include "codegen/halide/OutputPrefetch.h"

using namespace resnet::codegen;
using namespace Halide;
using namespace Halide::Internal;

namespace {

// Where the vectors of a buffer that a statement stores begin.
class Stores : public IRVisitor {
public:
  explicit Stores(const std::string &buffer) : buffer(buffer) {}
  std::vector<Expr> bases;

private:
  using IRVisitor::visit;
  void visit(const Store *op) override {
    const Ramp *ramp = op->index.as<Ramp>();
    if (op->name == buffer && ramp)
      bases.push_back(ramp->base);
    IRVisitor::visit(op);
  }
  const std::string &buffer;
};

} // namespace

Stmt OutputPrefetch::visit(const Allocate *op) {
  if (op->name != sum)
    return IRMutator::visit(op);
  // Lets inside the statement are not known before it.
  Stores stores(output);
  substitute_in_all_lets(op->body).accept(&stores);
  std::vector<Stmt> body;
  for (const Expr &base : stores.bases)
    body.push_back(Evaluate::make(Call::make(Float(32), Call::prefetch, {Variable::make(Handle(), output), base, 1, 1}, Call::Intrinsic)));
  body.push_back(op->body);
  return Allocate::make(op->name, op->type, op->memory_type, op->extents, op->condition, Block::make(body), op->new_expr,
                        op->free_function);
}
