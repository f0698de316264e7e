#include "trainer/train/sum_tree.h"

#include <bit>

#include "core/base/check.h"

namespace temper::train {
namespace {

void collect(TreeNode node, std::int64_t begin, std::int64_t end, std::vector<TreeNode>& nodes) {
  if (node.end <= begin || end <= node.begin) {
    return;
  }
  if (begin <= node.begin && node.end <= end) {
    nodes.push_back(node);
    return;
  }
  const Children children = children_of(node);
  collect(children.left, begin, end, nodes);
  collect(children.right, begin, end, nodes);
}

}  // namespace

Children children_of(TreeNode node) {
  CHECK(node.size() > 1, "a leaf has no children: {}", node.begin);
  const auto left_size =
      static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(node.size() - 1)));
  const std::int64_t middle = node.begin + left_size;
  return {{node.begin, middle}, {middle, node.end}};
}

TreeNode parent_of(TreeNode node, std::int64_t num_slots) {
  TreeNode parent{0, num_slots};
  while (true) {
    const Children children = children_of(parent);
    if (children.left == node || children.right == node) {
      return parent;
    }
    parent = node.begin < children.left.end ? children.left : children.right;
  }
}

std::vector<TreeNode> covering_nodes(std::int64_t num_slots, std::int64_t begin, std::int64_t end) {
  std::vector<TreeNode> nodes;
  collect({0, num_slots}, begin, end, nodes);
  return nodes;
}

}  // namespace temper::train
