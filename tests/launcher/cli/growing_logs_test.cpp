#include "launcher/cli/growing_logs.h"

#include <gmock/gmock.h>

#include "tests/support/temporary_directory.h"

namespace temper::launch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string at(int second, const std::string& text) {
  return "2026-11-24T06:30:0" + std::to_string(second) + ".500Z info " + text;
}

TEST(MergeByTimeTest, OrdersLinesOfSeveralLogsAndKeepsWhatBelongsTogether) {
  EXPECT_THAT(merge_by_time({{"no time", at(1, "a"), "  more of a", at(5, "b")},
                             {at(1, "c"), at(2, "d"), "  more of d"}}),
              ElementsAre("no time", at(1, "a"), "  more of a", at(1, "c"), at(2, "d"),
                          "  more of d", at(5, "b")));
  EXPECT_THAT(merge_by_time({}), IsEmpty());
}

class GrowingLogsTest : public ::testing::Test {
 protected:
  testing::TemporaryDirectory folder_;
  const std::filesystem::path one_ = folder_ / "one.log";
  const std::filesystem::path two_ = folder_ / "two.log";
  GrowingLogs logs_;
};

TEST_F(GrowingLogsTest, TakesWhatWasAppendedOnce) {
  testing::write_file(one_, at(1, "old") + "\n");
  logs_.add_end(one_);
  logs_.add(two_);  // not there yet
  EXPECT_THAT(logs_.take(), IsEmpty());
  testing::write_file(one_, at(1, "old") + "\n" + at(3, "b") + "\n");
  testing::write_file(two_, at(2, "a") + "\n");
  EXPECT_THAT(logs_.take(), ElementsAre(at(2, "a"), at(3, "b")));
  EXPECT_THAT(logs_.take(), IsEmpty());
}

TEST_F(GrowingLogsTest, ALineWithoutItsEndWaitsForItOrForTheLastCall) {
  logs_.add(one_);
  testing::write_file(one_, "first\nsec");
  EXPECT_THAT(logs_.take(), ElementsAre("first"));
  testing::write_file(one_, "first\nsecond\nlast");
  EXPECT_THAT(logs_.take(), ElementsAre("second"));
  EXPECT_THAT(logs_.take(/*and_rest=*/true), ElementsAre("last"));
}

TEST_F(GrowingLogsTest, AFileThatIsReadAlreadyIsNotReadAgain) {
  testing::write_file(one_, "a\n");
  logs_.add(one_);
  EXPECT_THAT(logs_.take(), ElementsAre("a"));
  logs_.add(one_);
  logs_.add_end(one_);
  testing::write_file(one_, "a\nb\n");
  EXPECT_THAT(logs_.take(), ElementsAre("b"));
}

}  // namespace
}  // namespace temper::launch
