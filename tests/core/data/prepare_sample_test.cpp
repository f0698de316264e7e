#include "core/data/prepare_sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/core/data/letters.h"

namespace temper::data {
namespace {

using recipe::Overlength;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

recipe::Data limited(std::int64_t max_length, Overlength overlength) {
  recipe::Data data;
  data.max_length = max_length;
  data.overlength = overlength;
  return data;
}

PreparedSample prepare(std::string_view letters, const recipe::Data& data) {
  return prepare_sample(LetterEncoder(), data, {std::string(letters), "chats.jsonl:17"});
}

std::vector<std::string> pieces_of(const PreparedSample& prepared) {
  std::vector<std::string> pieces;
  for (const auto& piece : prepared.pieces) {
    pieces.push_back(letters_of(piece));
  }
  return pieces;
}

std::string error_of(std::string_view letters, const recipe::Data& data) {
  try {
    prepare(letters, data);
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

TEST(PrepareSampleTest, LeavesASampleOfTheLargestLengthAsItIs) {
  for (const auto policy :
       {Overlength::kError, Overlength::kDrop, Overlength::kTruncate, Overlength::kSplit}) {
    const PreparedSample prepared = prepare("abCDe", limited(5, policy));
    EXPECT_THAT(pieces_of(prepared), ElementsAre("abCDe"));
    EXPECT_EQ(prepared.dropped_tokens, 0);
    EXPECT_EQ(prepared.truncated_tokens, 0);
  }
}

TEST(PrepareSampleTest, ErrorNamesOriginLengthLimitAndTheWaysOut) {
  EXPECT_THAT(error_of("abCDe", limited(4, Overlength::kError)),
              AllOf(HasSubstr("chats.jsonl:17: "), HasSubstr("5 tokens"),
                    HasSubstr("data.max_length is 4"), HasSubstr("raise data.max_length"),
                    HasSubstr("shorten"), HasSubstr("drop, truncate or split")));
}

TEST(PrepareSampleTest, DropLeavesNothingAndCounts) {
  const PreparedSample prepared = prepare("abCDe", limited(4, Overlength::kDrop));
  EXPECT_TRUE(prepared.pieces.empty());
  EXPECT_EQ(prepared.dropped_tokens, 5);
}

TEST(PrepareSampleTest, TruncateKeepsTheBeginningAndCounts) {
  const PreparedSample prepared = prepare("abCDe", limited(3, Overlength::kTruncate));
  EXPECT_THAT(pieces_of(prepared), ElementsAre("abC"));
  EXPECT_EQ(prepared.truncated_tokens, 2);
}

TEST(PrepareSampleTest, TruncateThatCutsAllTrainedTokensIsAnError) {
  EXPECT_THAT(error_of("abcDE", limited(3, Overlength::kTruncate)),
              AllOf(HasSubstr("chats.jsonl:17"), HasSubstr("5 tokens"), HasSubstr("first 3")));
}

TEST(PrepareSampleTest, SplitTrainsEveryTrainedTokenExactlyOnce) {
  const recipe::Data data = limited(4, Overlength::kSplit);
  // Each piece starts with the last token of the one before, now only context.
  EXPECT_THAT(pieces_of(prepare("aBCDEFG", data)), ElementsAre("aBCD", "dEFG"));
  EXPECT_THAT(pieces_of(prepare("aBCDEFGH", data)), ElementsAre("aBCD", "dEFG", "gH"));
  EXPECT_THAT(pieces_of(prepare("aBCDefgHI", data)), ElementsAre("aBCD", "gHI"))
      << "a piece without trained tokens is left out";
}

TEST(PrepareSampleTest, SplitPartsNeverExceedTheLimitNorLoseATarget) {
  for (std::int64_t limit = 2; limit < 9; ++limit) {
    for (std::size_t length = 2; length < 30; ++length) {
      std::string letters(length, 'B');
      letters[0] = 'a';
      std::size_t trained = 0;
      for (const std::string& piece :
           pieces_of(prepare(letters, limited(limit, Overlength::kSplit)))) {
        EXPECT_LE(std::ssize(piece), limit);
        trained += piece.size() - 1;
      }
      EXPECT_EQ(trained, length - 1) << "limit " << limit;
    }
  }
}

TEST(PrepareSampleTest, ASampleWithoutTrainedTokensIsAnErrorUnderEveryPolicy) {
  for (const auto policy :
       {Overlength::kError, Overlength::kDrop, Overlength::kTruncate, Overlength::kSplit}) {
    for (const std::string_view letters : {"abc", "A", "", "abcdefgh"}) {
      EXPECT_THAT(error_of(letters, limited(4, policy)),
                  AllOf(HasSubstr("chats.jsonl:17"), HasSubstr("train_on: assistant")));
    }
  }
}

TEST(PrepareSampleTest, AnEncodersErrorPasses) {
  EXPECT_EQ(error_of("aB!", limited(9, Overlength::kError)), "chats.jsonl:17: a bad record");
}

}  // namespace
}  // namespace temper::data
