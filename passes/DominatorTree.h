// Immediate dominators in a graph of values that is built in program order, with common ancestors in logarithmic time.
//
// A value dominates another where every path from the function's arguments to the other goes through it. Node 0 stands for all
// arguments together. A node's immediate dominator is the deepest common ancestor of its operands' nodes.

#ifndef RESNET_PASSES_DOMINATORTREE_H
#define RESNET_PASSES_DOMINATORTREE_H

#include <utility>
#include <vector>

namespace resnet {

class DominatorTree {
public:
  /// Adds a node below `parent` and returns it.
  unsigned addNode(unsigned parent) {
    // Skew-binary jump pointers (Myers, "An applicative random-access stack", 1983): nodes of one depth jump equally far.
    const Node &p = nodes[parent], &j = nodes[p.jump];
    const bool merge = p.depth - j.depth == j.depth - nodes[j.jump].depth;
    nodes.push_back({parent, merge ? j.jump : parent, p.depth + 1});
    return nodes.size() - 1;
  }

  /// The deepest node that is an ancestor of both, or one of them.
  unsigned commonAncestor(unsigned a, unsigned b) const {
    if (nodes[a].depth < nodes[b].depth)
      std::swap(a, b);
    while (nodes[a].depth > nodes[b].depth)
      a = nodes[nodes[a].jump].depth >= nodes[b].depth ? nodes[a].jump : nodes[a].parent;
    while (a != b) {
      const bool jump = nodes[a].jump != nodes[b].jump;
      a = jump ? nodes[a].jump : nodes[a].parent;
      b = jump ? nodes[b].jump : nodes[b].parent;
    }
    return a;
  }

private:
  struct Node {
    unsigned parent, jump, depth;
  };
  std::vector<Node> nodes{{0, 0, 0}};
};

} // namespace resnet

#endif // RESNET_PASSES_DOMINATORTREE_H
