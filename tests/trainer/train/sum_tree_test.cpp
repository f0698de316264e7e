#include "trainer/train/sum_tree.h"

#include <gtest/gtest.h>

namespace temper::train {
namespace {

TEST(SumTreeTest, SplitsAfterTheLargestPowerOfTwo) {
  EXPECT_EQ(children_of({0, 6}).left, (TreeNode{0, 4}));
  EXPECT_EQ(children_of({0, 6}).right, (TreeNode{4, 6}));
  EXPECT_EQ(children_of({0, 8}).left, (TreeNode{0, 4}));
  EXPECT_EQ(children_of({4, 6}).left, (TreeNode{4, 5}));
}

TEST(SumTreeTest, ParentIsTheNodeWithThatChild) {
  for (std::int64_t slots = 2; slots <= 33; ++slots) {
    for (std::int64_t slot = 0; slot < slots; ++slot) {
      TreeNode node{slot, slot + 1};
      while (node.size() < slots) {
        const TreeNode parent = parent_of(node, slots);
        const Children children = children_of(parent);
        EXPECT_TRUE(children.left == node || children.right == node);
        node = parent;
      }
      EXPECT_EQ(node, (TreeNode{0, slots}));
    }
  }
}

TEST(SumTreeTest, CoveringNodesTileTheRangeAndAreFew) {
  for (std::int64_t slots = 1; slots <= 33; ++slots) {
    for (std::int64_t begin = 0; begin <= slots; ++begin) {
      for (std::int64_t end = begin; end <= slots; ++end) {
        std::int64_t at = begin;
        const std::vector<TreeNode> nodes = covering_nodes(slots, begin, end);
        for (const TreeNode& node : nodes) {
          EXPECT_EQ(node.begin, at);
          at = node.end;
        }
        EXPECT_EQ(at, end);
        EXPECT_LE(nodes.size(), 12U);  // 2 log2(33)
      }
    }
  }
}

}  // namespace
}  // namespace temper::train
