#include "core/data/token_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/data/letter_dataset.h"
#include "tests/core/data/letters.h"

namespace temper::data {
namespace {

using recipe::Overlength;
using ::testing::EndsWith;
using ::testing::SizeIs;

TokenStatistics count(const std::vector<std::string>& records, Overlength overlength,
                      const CountOptions& options = {}) {
  const LetterDataset letters({records});
  recipe::Data data;
  data.max_length = 4;
  data.overlength = overlength;
  return count_tokens(letters.dataset(), LetterEncoder(), data, options);
}

TEST(TokenStatisticsTest, CountsWhatThePolicyLeaves) {
  const std::vector<std::string> records = {"aBc", "abcDEF", "xY"};
  const TokenStatistics dropped = count(records, Overlength::kDrop);
  EXPECT_EQ(dropped.tokens, 5);
  EXPECT_EQ(dropped.trained_tokens, 2);
  EXPECT_EQ(dropped.dropped_tokens, 6);
  EXPECT_EQ(dropped.longest, 6);
  EXPECT_FALSE(dropped.estimated());

  const TokenStatistics truncated = count(records, Overlength::kTruncate);
  EXPECT_EQ(truncated.tokens, 9);
  EXPECT_EQ(truncated.trained_tokens, 3);
  EXPECT_EQ(truncated.truncated_tokens, 2);

  const TokenStatistics split = count(records, Overlength::kSplit);
  EXPECT_EQ(split.tokens, 5 + 4 + 3);
  EXPECT_EQ(split.trained_tokens, 5);
}

TEST(TokenStatisticsTest, ListsOverlongSamplesUnderError) {
  const TokenStatistics counts = count({"aBc", "abcDEF", "xY", "abcdeF"}, Overlength::kError);
  EXPECT_EQ(counts.num_overlong, 2U);
  ASSERT_THAT(counts.overlong, SizeIs(2));
  EXPECT_THAT(counts.overlong[0].origin, EndsWith("shard-0000.jsonl:2"));
  EXPECT_EQ(counts.overlong[0].length, 6);
  EXPECT_EQ(counts.num_problems, 0U);
  EXPECT_EQ(counts.tokens, 5);
}

TEST(TokenStatisticsTest, ListsOtherProblems) {
  const TokenStatistics counts = count({"aBc", "bad!", "abc"}, Overlength::kError);
  EXPECT_EQ(counts.num_problems, 2U);
  ASSERT_THAT(counts.problems, SizeIs(2));
  EXPECT_THAT(counts.problems[0], EndsWith("shard-0000.jsonl:2: a bad record"));
}

TEST(TokenStatisticsTest, EstimatesFromSamplesSpreadOverTheData) {
  std::vector<std::string> records(50, "aB");
  records.resize(100, "aBCD");
  CountOptions options;
  options.max_samples = 10;
  const TokenStatistics counts = count(records, Overlength::kError, options);
  EXPECT_TRUE(counts.estimated());
  EXPECT_EQ(counts.num_counted, 10U);
  EXPECT_EQ(counts.scaled(counts.tokens), 300);
  EXPECT_EQ(counts.scaled(counts.trained_tokens), 200);
}

TEST(TokenStatisticsTest, DoesNotDependOnTheThreads) {
  std::vector<std::string> records;
  for (int i = 0; i < 97; ++i) {
    std::string& record =
        records.emplace_back(static_cast<std::size_t>(2 + i % 7), i % 11 == 0 ? 'b' : 'B');
    record[0] = 'a';
  }
  CountOptions options;
  options.max_samples = 0;
  options.max_listed = 3;
  const LetterDataset letters({records});
  recipe::Data data;
  data.max_length = 4;
  const TokenStatistics one = count_tokens(letters.dataset(), LetterEncoder(), data, options);
  EXPECT_THAT(one.overlong, SizeIs(3));
  EXPECT_THAT(one.problems, SizeIs(3));
  for (const int num_threads : {2, 5, 200}) {
    options.num_threads = num_threads;
    EXPECT_EQ(count_tokens(letters.dataset(), LetterEncoder(), data, options), one) << num_threads;
  }
}

}  // namespace
}  // namespace temper::data
