#include "core/text/models/pair_merger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <set>

#include "core/text/models/token_boundary.h"
#include "tests/support/seed.h"

namespace temper::text {
namespace {

using Ids = std::vector<std::int32_t>;

/// Merges at random over the letters a, b, c: in any order, several ways to one token.
class RandomMerges {
 public:
  explicit RandomMerges(std::mt19937_64& random) {
    for (const char* letter : {"a", "b", "c"}) tokens_.emplace_back(letter);
    std::set<std::pair<std::string_view, std::string_view>> pairs;
    while (pairs.size() < 30) {
      const std::string& left = tokens_[random() % tokens_.size()];
      const std::string& right = tokens_[random() % tokens_.size()];
      if (left.size() + right.size() > 8) continue;
      const std::string merged = left + right;
      pairs.insert({left, right});
      if (std::find(tokens_.begin(), tokens_.end(), merged) == tokens_.end()) {
        tokens_.push_back(merged);
      }
    }
    merges_.assign(pairs.begin(), pairs.end());
    std::shuffle(merges_.begin(), merges_.end(), random);
  }

  std::vector<std::pair<std::string, std::int32_t>> tokens() const {
    std::vector<std::pair<std::string, std::int32_t>> tokens;
    for (const std::string& token : tokens_) {
      tokens.emplace_back(token, static_cast<std::int32_t>(tokens.size()));
    }
    return tokens;
  }
  const MergeList& merges() const { return merges_; }

  /// By rank. With the ids of tokens().
  MergeTable table() const {
    MergeTable table(merges_.size());
    for (std::size_t rank = 0; rank < merges_.size(); ++rank) {
      const auto& [left, right] = merges_[rank];
      const std::string merged = std::string(left) + std::string(right);
      table.insert(id_of(left), id_of(right), {static_cast<std::uint32_t>(rank), id_of(merged)});
    }
    return table;
  }

 private:
  std::int32_t id_of(std::string_view token) const {
    return static_cast<std::int32_t>(std::find(tokens_.begin(), tokens_.end(), token) -
                                     tokens_.begin());
  }

  std::deque<std::string> tokens_;  // the views of merges_ stay valid
  MergeList merges_;
};

std::vector<Symbol> random_letters(std::size_t count, std::mt19937_64& random) {
  std::vector<Symbol> symbols(count);
  for (Symbol& symbol : symbols) symbol = {static_cast<std::int32_t>(random() % 3), 1, {}};
  return symbols;
}

/// The definition: merge the best pair, leftmost first, until none is left.
std::vector<Symbol> merge_by_definition(const MergeTable& merges, std::vector<Symbol> symbols) {
  const auto refresh = [&](std::size_t i) {
    symbols[i].with_next =
        i + 1 < symbols.size() ? merges.find(symbols[i].id, symbols[i + 1].id) : Merge{};
  };
  for (std::size_t i = 0; i < symbols.size(); ++i) refresh(i);
  while (true) {
    const auto best = std::min_element(
        symbols.begin(), symbols.end(),
        [](const auto& a, const auto& b) { return a.with_next.rank < b.with_next.rank; });
    if (best == symbols.end() || best->with_next.rank == Merge::kNone) return symbols;
    best->id = best->with_next.id;
    best->length_bytes += (best + 1)->length_bytes;
    const auto at = static_cast<std::size_t>(best - symbols.begin());
    symbols.erase(best + 1);
    refresh(at);
    if (at > 0) refresh(at - 1);
  }
}

Ids ids_of(const std::vector<Symbol>& symbols) {
  Ids ids;
  for (const Symbol& symbol : symbols) ids.push_back(symbol.id);
  return ids;
}

TEST(PairMergerTest, PiecesOfAnyLengthFollowTheDefinition) {
  std::mt19937_64 random(testing::test_seed());
  for (const std::size_t count : {0, 1, 2, 63, 64, 65, 1000, 8192, 8193, 12000, 20000}) {
    const RandomMerges merges(random);
    const auto tokens = merges.tokens();
    const Vocabulary vocabulary({tokens.begin(), tokens.end()}, "v.json");
    const PairMerger merger(merges.merges(), {}, 0, vocabulary, "v.json");
    std::vector<Symbol> symbols = random_letters(count, random);
    const Ids expected = ids_of(merge_by_definition(merges.table(), symbols));
    symbols.resize(merger.merge(symbols.data(), symbols.size()));
    EXPECT_EQ(ids_of(symbols), expected) << count << " symbols";
  }
}

TEST(PairMergerTest, OneLetterWithoutEndFollowsTheDefinition) {
  std::mt19937_64 random(testing::test_seed());
  const RandomMerges merges(random);
  const auto tokens = merges.tokens();
  const Vocabulary vocabulary({tokens.begin(), tokens.end()}, "v.json");
  const PairMerger merger(merges.merges(), {}, 0, vocabulary, "v.json");
  for (const std::int32_t letter : {0, 1, 2}) {
    std::vector<Symbol> symbols(10001, Symbol{letter, 1, {}});
    const Ids expected = ids_of(merge_by_definition(merges.table(), symbols));
    symbols.resize(merger.merge(symbols.data(), symbols.size()));
    EXPECT_EQ(ids_of(symbols), expected);
  }
}

TEST(TokenBoundaryTest, WhatStaysApartMayBeMergedOnItsOwn) {
  std::mt19937_64 random(testing::test_seed());
  int apart = 0;
  int unchanged = 0;
  for (int round = 0; round < 20000; ++round) {
    const MergeTable merges = RandomMerges(random).table();
    const std::vector<Symbol> left = random_letters(1 + random() % 12, random);
    const std::vector<Symbol> right = random_letters(1 + random() % 12, random);
    const std::vector<Symbol> left_tokens = merge_by_definition(merges, left);
    const std::vector<Symbol> right_tokens = merge_by_definition(merges, right);
    std::vector<Symbol> both = left;
    both.insert(both.end(), right.begin(), right.end());
    Ids on_their_own = ids_of(left_tokens);
    for (const std::int32_t id : ids_of(right_tokens)) on_their_own.push_back(id);
    const bool same = ids_of(merge_by_definition(merges, both)) == on_their_own;
    const bool claimed = stays_apart(merges, std::span(left).last(left_tokens.back().length_bytes),
                                     std::span(right).first(right_tokens.front().length_bytes));
    ASSERT_TRUE(same || !claimed) << "round " << round;
    apart += claimed ? 1 : 0;
    unchanged += same ? 1 : 0;
  }
  EXPECT_GT(apart, unchanged * 3 / 4) << "it finds too few";
}

}  // namespace
}  // namespace temper::text
