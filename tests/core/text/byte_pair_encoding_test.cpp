#include "core/text/models/byte_pair_encoding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/core/text/vectors.h"
#include "tests/support/seed.h"

namespace temper::text {
namespace {

BytePairParts small_vocabulary() {
  BytePairParts vocabulary;
  vocabulary.where = "v.json";
  vocabulary.tokens = {{"a", 0}, {"b", 1}, {"c", 2}, {"ab", 3}, {"bc", 4}, {"abc", 5}, {"aa", 6}};
  vocabulary.merges = {{"b", "c"}, {"a", "b"}, {"a", "bc"}, {"a", "a"}};
  return vocabulary;
}

std::vector<std::int32_t> encode(const BytePairEncoding& model, std::string_view piece) {
  Encoding encoding;
  model.encode(piece, 0, &encoding);
  return encoding.ids;
}

// The definition: merge the best pair, leftmost first, until none is left.
std::vector<std::int32_t> encode_by_definition(const BytePairParts& vocabulary,
                                               std::string_view piece) {
  std::vector<std::string> symbols;
  for (const char byte : piece) symbols.emplace_back(1, byte);
  const auto rank = [&](std::size_t i) {
    const auto found =
        std::find(vocabulary.merges.begin(), vocabulary.merges.end(),
                  std::pair<std::string_view, std::string_view>(symbols[i], symbols[i + 1]));
    return found - vocabulary.merges.begin();
  };
  while (symbols.size() > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < symbols.size(); ++i) {
      if (rank(i) < rank(best)) best = i;
    }
    if (rank(best) == static_cast<std::ptrdiff_t>(vocabulary.merges.size())) break;
    symbols[best] += symbols[best + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
  std::vector<std::int32_t> ids;
  for (const std::string& symbol : symbols) {
    const auto found = std::find_if(vocabulary.tokens.begin(), vocabulary.tokens.end(),
                                    [&](const auto& token) { return token.first == symbol; });
    ids.push_back(found->second);
  }
  return ids;
}

TEST(BytePairEncodingTest, MergesByRankThenFromTheLeft) {
  const BytePairEncoding model(small_vocabulary());
  EXPECT_EQ(encode(model, "abc"), (std::vector<std::int32_t>{5}));
  EXPECT_EQ(encode(model, "aaab"), (std::vector<std::int32_t>{6, 3}));
  EXPECT_EQ(encode(model, "abab"), (std::vector<std::int32_t>{3, 3}));
}

TEST(BytePairEncodingTest, ShortAndLongPiecesFollowTheDefinition) {
  const BytePairEncoding model(small_vocabulary());
  std::mt19937_64 random(testing::test_seed());
  for (const std::size_t size : {1UL, 2UL, 9UL, 63UL, 64UL, 65UL, 66UL, 300UL}) {
    for (int round = 0; round < 20; ++round) {
      std::string piece;
      while (piece.size() < size) piece += "aabbc"[random() % 5];
      ASSERT_EQ(encode(model, piece), encode_by_definition(small_vocabulary(), piece)) << piece;
    }
  }
}

TEST(BytePairEncodingTest, TakesAWholePieceOnlyWhereMergesLeadToItOrAreIgnored) {
  BytePairParts vocabulary = small_vocabulary();
  vocabulary.tokens.emplace_back("cba", 7);  // no merges make it
  EXPECT_EQ(encode(BytePairEncoding(vocabulary), "cba"), (std::vector<std::int32_t>{2, 1, 0}));
  vocabulary.ignore_merges = true;
  EXPECT_EQ(encode(BytePairEncoding(vocabulary), "cba"), (std::vector<std::int32_t>{7}));
}

TEST(BytePairEncodingTest, BytesWithoutATokenAreUnknownOrDropped) {
  BytePairParts vocabulary = small_vocabulary();
  EXPECT_EQ(encode(BytePairEncoding(vocabulary), "axxb"), (std::vector<std::int32_t>{3}));
  vocabulary.tokens.emplace_back("<unk>", 9);
  vocabulary.unknown_token = "<unk>";
  EXPECT_EQ(encode(BytePairEncoding(vocabulary), "axxb"), (std::vector<std::int32_t>{0, 9, 9, 1}));
  vocabulary.fuse_unknown = true;
  EXPECT_EQ(encode(BytePairEncoding(vocabulary), "axxb"), (std::vector<std::int32_t>{0, 9, 1}));
}

TEST(BytePairEncodingTest, RefusesVocabulariesThatContradictThemselves) {
  const auto error = [](const auto& change) {
    BytePairParts vocabulary = small_vocabulary();
    change(&vocabulary);
    return user_error_of([&] { const BytePairEncoding model(vocabulary); });
  };
  EXPECT_EQ(error([](auto* v) { v->tokens.emplace_back("d", 5); }),
            "v.json: id 5 belongs to two tokens, \"abc\" and \"d\"");
  EXPECT_EQ(error([](auto* v) { v->tokens.emplace_back("ab", 9); }),
            "v.json: token \"ab\" has two ids");
  EXPECT_EQ(error([](auto* v) { v->tokens.emplace_back("d", -1); }),
            "v.json: token \"d\" has id -1; ids lie in 0…4194304");
  EXPECT_EQ(error([](auto* v) { v->merges.emplace_back("a", "q"); }),
            "v.json: merge 4 (\"a\" and \"q\") needs the token \"q\", which is not in the "
            "vocabulary");
  EXPECT_EQ(error([](auto* v) { v->merges.emplace_back("c", "c"); }),
            "v.json: merge 4 (\"c\" and \"c\") needs the token \"cc\", which is not in the "
            "vocabulary");
  EXPECT_EQ(error([](auto* v) { v->unknown_token = "<unk>"; }),
            "v.json: unk_token \"<unk>\" is not in the vocabulary");
}

}  // namespace
}  // namespace temper::text
