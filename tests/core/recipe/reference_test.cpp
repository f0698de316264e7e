#include <gtest/gtest.h>

#include <algorithm>

#include "core/recipe/recipe_io.h"
#include "tests/support/golden.h"

namespace temper::recipe {
namespace {

const KeyReference& find(const std::vector<KeyReference>& references, const std::string& key) {
  const auto found = std::find_if(references.begin(), references.end(),
                                  [&](const KeyReference& entry) { return entry.key == key; });
  if (found == references.end()) {
    throw std::out_of_range("no entry for " + key);
  }
  return *found;
}

TEST(ReferenceTest, ThePageInDocsIsUpToDate) {
  ::temper::testing::expect_golden("../../docs/recipe-reference.md", reference_markdown());
}

TEST(ReferenceTest, DescribesTypeDefaultAndBounds) {
  const std::vector<KeyReference> keys = recipe_keys();
  const KeyReference& lr = find(keys, "optimizer.lr");
  EXPECT_EQ(lr.type, "number");
  EXPECT_EQ(lr.default_value, "0.0002");
  EXPECT_EQ(lr.bounds, "> 0, ≤ 1");
  EXPECT_FALSE(lr.help.empty());
  EXPECT_EQ(find(keys, "model.base").default_value, "required");
  EXPECT_EQ(find(keys, "duration.steps").default_value, "unset");
  EXPECT_EQ(find(keys, "duration.steps").type, "integer");
  EXPECT_EQ(find(keys, "schedule.kind").type, "one of constant, linear, cosine, wsd");
  EXPECT_EQ(find(keys, "optimizer.name").type, "adamw");
  EXPECT_EQ(find(keys, "data.train").type, "list of mappings");
  EXPECT_EQ(find(keys, "data.train[].path").default_value, "required");
  EXPECT_EQ(find(keys, "adapter.targets").type, "text or list of text");
  EXPECT_EQ(find(keys, "adapter.rank_pattern").type, "mapping to integer");
  EXPECT_EQ(find(cluster_keys(), "backoff_seconds").bounds, "≥ 0, ≤ 60");
}

TEST(ReferenceTest, EveryKeyHasHelp) {
  for (const auto& references : {recipe_keys(), cluster_keys()}) {
    for (const KeyReference& entry : references) {
      EXPECT_FALSE(entry.help.empty() || entry.help.ends_with('.')) << entry.key;
      EXPECT_FALSE(entry.type.empty()) << entry.key;
    }
  }
}

}  // namespace
}  // namespace temper::recipe
