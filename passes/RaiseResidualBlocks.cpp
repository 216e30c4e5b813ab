// Finds residual blocks in a flat graph: sums whose two operands are both computed from one value x, one of them by
// convolutions. Everything between x and the sum moves into the block's regions. What does not match stays flat; nothing fails.

#include "dialect/IR/Activations.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/DominatorTree.h"
#include "passes/Passes.h"
#include "passes/Rewriting.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/Statistic.h"

namespace resnet {
#define GEN_PASS_DEF_RAISERESIDUALBLOCKS
#include "passes/Passes.h.inc"
} // namespace resnet

using namespace mlir;
using namespace resnet;

#define DEBUG_TYPE "resnet-raise-residual-blocks"
ALWAYS_ENABLED_STATISTIC(visited, "operations visited in branches of sums");

namespace {

// A block has at most so many operations, those of blocks inside it included. The limit keeps the pass linear in the size of the
// function, and nesting shallow, whatever the graph: usual blocks have up to some 30 operations, and a whole stage with a
// shortcut of its own (Zhang et al., "Residual Networks of Residual Networks", 2016) a few hundred.
constexpr unsigned kLargestBlock = 512;

// What lies between x and one operand of a sum.
struct Branch {
  SmallVector<Operation *> ops;
  unsigned size = 0, convolutions = 0; // blocks inside included
};

class BlockRaiser {
public:
  BlockRaiser(Block &block, IRRewriter &rewriter) : block(block), rewriter(rewriter) {
    for (BlockArgument argument : block.getArguments())
      addValue(argument, 0);
  }

  // Program order: a block inside another one's F is raised first.
  void run(llvm::function_ref<void(ResidualOp)> raised, llvm::function_ref<void(AddOp)> left) {
    for (Operation *op = block.empty() ? nullptr : &block.front(), *next; op; op = next) {
      next = op->getNextNode();
      auto add = dyn_cast<AddOp>(op);
      if (ResidualOp residual = add ? raise(add) : ResidualOp{}) {
        raised(residual);
        op = residual;
        next = op->getNextNode();
      } else if (add) {
        left(add);
      }
      addOperation(op);
    }
  }

private:
  // What is known of an operation that was passed; a block counts what is in it.
  struct Info {
    unsigned position = 0, size = 1, convolutions = 0;
  };

  void addValue(Value value, unsigned parent) {
    nodes[value] = tree.addNode(parent);
    values.push_back(value);
  }

  // The node of an operand: 0 where the value comes from another block; none for a constant, which every value may use.
  std::optional<unsigned> nodeOf(Value value) const {
    if (value.getDefiningOp<ConstantOp>())
      return std::nullopt;
    auto it = nodes.find(value);
    return it == nodes.end() ? 0 : it->second;
  }

  unsigned immediateDominator(Operation *op) const {
    if (op->getNumRegions() && !isa<ResidualOp>(op))
      return 0; // Its regions may read anything.
    std::optional<unsigned> common;
    for (Value operand : op->getOperands())
      if (std::optional<unsigned> node = nodeOf(operand))
        common = common ? tree.commonAncestor(*common, *node) : *node;
    return common.value_or(0);
  }

  void addOperation(Operation *op) {
    auto [entry, inserted] = info.try_emplace(op);
    entry->second.position = ++position;
    if (inserted && isa<ResidualOp>(op)) // raised before this pass
      op->walk([&, &total = entry->second](Operation *inner) {
        ++total.size;
        total.convolutions += isa<Conv2dOp>(inner);
      });
    else if (inserted)
      entry->second.convolutions = isa<Conv2dOp>(op);
    const unsigned parent = immediateDominator(op);
    for (Value result : op->getResults())
      addValue(result, parent);
  }

  // Collects what computes `value` from `x`. None where an operation has effects, belongs to the other branch (`seen`), or
  // the slice grows too large.
  std::optional<Branch> branch(Value value, Value x, SmallPtrSetImpl<Operation *> &seen) const {
    Branch result;
    SmallVector<Value> worklist{value};
    SmallPtrSet<Operation *, 16> own;
    while (!worklist.empty()) {
      Value v = worklist.pop_back_val();
      Operation *op = v.getDefiningOp();
      if (v == x || (op && (isa<ConstantOp>(op) || own.contains(op))))
        continue;
      if (!op || op->getBlock() != &block || !isMemoryEffectFree(op) || !seen.insert(op).second)
        return std::nullopt;
      own.insert(op);
      ++visited;
      result.ops.push_back(op);
      const Info entry = info.lookup(op);
      result.size += entry.size;
      result.convolutions += entry.convolutions;
      if (result.size > kLargestBlock)
        return std::nullopt;
      llvm::append_range(worklist, op->getOperands());
    }
    llvm::sort(result.ops, [&](Operation *a, Operation *b) { return info.lookup(a).position < info.lookup(b).position; });
    return result;
  }

  ResidualOp raise(AddOp add) {
    const unsigned join = immediateDominator(add);
    if (join == 0 || !add.getType().hasRank() || cast<RankedTensorType>(add.getType()).getRank() != 4)
      return {};
    Value x = values[join - 1];
    if (auto type = dyn_cast<RankedTensorType>(x.getType()); !type || type.getRank() != 4)
      return {};
    SmallPtrSet<Operation *, 32> inside;
    std::optional<Branch> lhs = branch(add.getLhs(), x, inside);
    std::optional<Branch> rhs = lhs ? branch(add.getRhs(), x, inside) : std::nullopt;
    // F is the branch with more convolutions; where neither has more, which one is the shortcut would be a guess.
    if (!rhs || lhs->convolutions == rhs->convolutions)
      return {};
    for (Operation *op : inside)
      for (Operation *user : op->getUsers())
        if (Operation *ancestor = block.findAncestorOpInBlock(*user); ancestor != add && !inside.contains(ancestor))
          return {};

    const bool lhsIsF = lhs->convolutions > rhs->convolutions;
    Operation *user = add->hasOneUse() ? *add->user_begin() : nullptr;
    const Activation activation = user && user->getBlock() == &block ? activationOf(user) : Activation::None;
    const bool activated = activation != Activation::None;
    rewriter.setInsertionPoint(add);
    auto residual = ResidualOp::create(rewriter, activated ? fusedLoc(add, user) : add.getLoc(), add.getType(), x, activation);
    moveInto(residual.getBody(), lhsIsF ? *lhs : *rhs, lhsIsF ? add.getLhs() : add.getRhs());
    info[residual] = {0, 1 + lhs->size + rhs->size, lhs->convolutions + rhs->convolutions};
    Branch &shortcut = lhsIsF ? *rhs : *lhs;
    if (!shortcut.ops.empty())
      moveInto(residual.getShortcut(), shortcut, lhsIsF ? add.getRhs() : add.getLhs());
    if (activated)
      rewriter.replaceOp(user, residual);
    else
      rewriter.replaceAllUsesWith(add, residual);
    rewriter.eraseOp(add);
    return residual;
  }

  void moveInto(Region &region, Branch &branch, Value result) {
    Block &body = region.emplaceBlock();
    for (Operation *op : branch.ops) {
      for (Value operand : op->getOperands())
        if (auto constant = operand.getDefiningOp<ConstantOp>(); constant && constant->hasOneUse())
          rewriter.moveOpBefore(constant, &body, body.end());
      rewriter.moveOpBefore(op, &body, body.end());
    }
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToEnd(&body);
    YieldOp::create(rewriter, result.getLoc(), result);
  }

  Block &block;
  IRRewriter &rewriter;
  DominatorTree tree;
  llvm::DenseMap<Value, unsigned> nodes;
  std::vector<Value> values; // by node, from node 1 on
  llvm::DenseMap<Operation *, Info> info;
  unsigned position = 0;
};

struct RaiseResidualBlocksPass : resnet::impl::RaiseResidualBlocksBase<RaiseResidualBlocksPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    for (Block &block : getOperation().getBody())
      BlockRaiser(block, rewriter)
          .run(
              [&](ResidualOp op) {
                if (op.hasIdentityShortcut())
                  ++identities;
                else
                  ++projections;
              },
              [&](AddOp) { ++flatSums; });
  }
};

} // namespace
