#include <gtest/gtest.h>

#include <set>

#include "tests/core/recipe/minimal_recipe.h"

namespace temper::recipe {
namespace {

using testing::parse_minimal;

TEST(ResultFingerprintTest, IsA256BitHexadecimalNumber) {
  const std::string fingerprint = result_fingerprint(parse_minimal());
  EXPECT_EQ(fingerprint.size(), 64U);
  EXPECT_EQ(fingerprint.find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(ResultFingerprintTest, IgnoresWhatCannotChangeTheResult) {
  const Recipe recipe = parse_minimal({"data.eval=e.jsonl"});
  const Recipe other =
      parse_minimal({"data.eval=[f.jsonl]", "name=y", "memory=low", "eval={every: 5, samples: 9}",
                     "checkpoint={to: /r, every: 1, keep: 9}", "publish={hub: a/b, when: end}"});
  EXPECT_EQ(result_fingerprint(recipe), result_fingerprint(other));
  EXPECT_EQ(describe_difference(recipe, other), "");
}

TEST(ResultFingerprintTest, ChangesWithEverythingElse) {
  const std::vector<std::vector<std::string>> changes = {
      {},
      {"seed=1"},
      {"model.base=n.gguf"},
      {"model.name=n"},
      {"model.chat_template=t"},
      {"model.dtype=fp32"},
      {"adapter.type=none"},
      {"adapter.type=none", "model.init=random"},
      {"adapter.rank=8"},
      {"adapter.alpha=8"},
      {"adapter.dropout=0.1"},
      {"adapter.targets=[q_proj]"},
      {"adapter.targets=q_proj"},
      {"adapter.rslora=true"},
      {"adapter.rank_pattern={a: 1}"},
      {"adapter.alpha_pattern={a: 1}"},
      {"data.train=b.jsonl"},
      {"data.train.1=b.jsonl"},
      {"data.max_length=9"},
      {"data.overlength=drop"},
      {"data.train_on=all"},
      {"batch.samples=32"},
      {"batch.slots=32"},
      {"optimizer.lr=1e-3"},
      {"optimizer.betas=[0.9, 0.99]"},
      {"optimizer.eps=1e-7"},
      {"optimizer.weight_decay=0.1"},
      {"optimizer.max_grad_norm=0"},
      {"schedule.kind=linear"},
      {"schedule.warmup=0"},
      {"schedule.min_lr_ratio=0.1"},
      {"schedule.kind=wsd"},
      {"schedule.kind=wsd", "schedule.decay=0.2"},
      {"duration.steps=101"},
      {"duration={epochs: 100}"}};
  std::set<std::string> fingerprints;
  for (const auto& overrides : changes) {
    fingerprints.insert(result_fingerprint(parse_minimal(overrides)));
  }
  EXPECT_EQ(fingerprints.size(), changes.size());
}

TEST(DescribeDifferenceTest, NamesEachKeyWithBothValues) {
  const Recipe old = parse_minimal({"adapter.targets=[q_proj]"});
  const Recipe now = parse_minimal({"optimizer.lr=1e-4", "duration={epochs: 2}", "name=y"});
  EXPECT_EQ(describe_difference(old, now),
            "adapter.targets: [q_proj] → all-linear\n"
            "optimizer.lr: 0.0002 → 0.0001\n"
            "duration.epochs: unset → 2.0\n"
            "duration.steps: 100 → unset");
  EXPECT_EQ(describe_difference(old, old), "");
}

}  // namespace
}  // namespace temper::recipe
