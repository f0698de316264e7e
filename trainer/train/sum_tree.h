#pragma once

#include <cstdint>
#include <vector>

namespace temper::train {

/// Slots [begin, end) as a node of the sum tree.
struct TreeNode {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  bool operator==(const TreeNode&) const = default;
  bool is_leaf() const { return end - begin == 1; }
  std::int64_t size() const { return end - begin; }
};

/// The fixed binary tree over slots that every sum of gradients follows, whoever holds the slots: a
/// node of n > 1 slots splits after the largest power of two below n, so aligned runs of slots are
/// subtrees.
struct Children {
  TreeNode left, right;
};
Children children_of(TreeNode node);

/// The parent of `node` in the tree over [0, num_slots); `node` must not be the root.
TreeNode parent_of(TreeNode node, std::int64_t num_slots);

/// The largest nodes that together cover slots [begin, end), in order.
std::vector<TreeNode> covering_nodes(std::int64_t num_slots, std::int64_t begin, std::int64_t end);

}  // namespace temper::train
