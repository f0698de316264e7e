#include "core/run/rank_exit.h"

#include <gmock/gmock.h>

#include <fstream>
#include <string>

#include "core/base/error.h"
#include "tests/support/temporary_directory.h"

namespace temper::run {
namespace {

const RankExit kExample = {3, "node-7", 78, "step 7: the loss is not a number"};

TEST(RankExitTest, GoesThereAndBack) {
  EXPECT_EQ(parse_rank_exit(to_json(kExample), "exit.json"), kExample);
}

TEST(RankExitTest, EveryTruncationIsExplained) {
  const std::string whole = to_json(kExample);
  for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
    EXPECT_THROW(parse_rank_exit(whole.substr(0, length), "exit.json"), UserError) << length;
  }
}

TEST(RankExitTest, HostileNumbersAreRefused) {
  for (const std::string& text :
       {R"({"rank": -1, "host": "", "exit_code": 1, "message": ""})",
        R"({"rank": 0, "host": "", "exit_code": -1, "message": ""})",
        R"({"rank": 0, "host": "", "exit_code": 99999999999999999999, "message": ""})",
        R"({"rank": 0, "host": 1, "exit_code": 1, "message": ""})"}) {
    EXPECT_THROW(parse_rank_exit(text, "exit.json"), UserError) << text;
  }
}

TEST(RankExitTest, TheFirstRankIsKept) {
  const testing::TemporaryDirectory folder;
  const RunLayout layout{folder.path()};
  note_rank_exit(layout, "a1", kExample);
  note_rank_exit(layout, "a1", {0, "node-1", 75, "rank 3 is gone"});
  EXPECT_EQ(read_rank_exit(layout, "a1"), kExample);
  EXPECT_EQ(read_rank_exit(layout, "b2"), std::nullopt);
}

TEST(RankExitTest, ABrokenFileIsNone) {
  const testing::TemporaryDirectory folder;
  const RunLayout layout{folder.path()};
  std::filesystem::create_directories(layout.logs());
  std::ofstream(layout.attempt_exit("a1")) << "{\"rank\"";
  EXPECT_EQ(read_rank_exit(layout, "a1"), std::nullopt);
}

TEST(RankExitTest, ALeavingRankIsNotHeldUpByAFullDisk) {
  note_rank_exit({"/proc/no-such-place"}, "a1", kExample);
}

}  // namespace
}  // namespace temper::run
