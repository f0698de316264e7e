#include "core/base/timeline.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace temper {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

class TimelineTest : public ::testing::Test {
 protected:
  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }

  /// The events of merged timelines.
  json events(const std::vector<std::filesystem::path>& parts) const {
    merge_timelines(parts, file("merged.json"));
    std::ifstream in(file("merged.json"));
    return json::parse(in);
  }

  testing::TemporaryDirectory folder_;
  testing::FakeClock clock_;
};

TEST_F(TimelineTest, ShowsWhatAThreadDidAndWhen) {
  {
    Timeline timeline(file("a.json"), 3, "rank 3", clock_);
    timeline.name_this_thread("steps");
    const TimelineSpan span(&timeline, "step", {"step", 7}, {"tokens", 100});
    clock_.sleep_for(milliseconds(20));
  }
  const json all = events({file("a.json")});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0]["name"], "process_name");
  EXPECT_EQ(all[0]["args"]["name"], "rank 3");
  EXPECT_EQ(all[1]["name"], "thread_name");
  const json& step = all[2];
  EXPECT_EQ(step["ph"], "X");
  EXPECT_EQ(step["dur"], 20'000);
  EXPECT_EQ(step["pid"], 3);
  EXPECT_EQ(step["tid"], all[1]["tid"]);
  EXPECT_EQ(step["args"], (json{{"step", 7}, {"tokens", 100}}));
}

TEST_F(TimelineTest, TellsThreadsApart) {
  {
    Timeline timeline(file("a.json"), 0, "rank 0", clock_);
    const TimelineSpan here(&timeline, "here");
    std::thread([&] { const TimelineSpan there(&timeline, "there"); }).join();
  }
  const json all = events({file("a.json")});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_NE(all[1]["tid"], all[2]["tid"]);
}

TEST_F(TimelineTest, GoesOnInTheFileOfAnEarlierProcess) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    Timeline timeline(file("a.json"), 0, "rank 0", clock_);
    const TimelineSpan span(&timeline, "step");
  }
  EXPECT_EQ(events({file("a.json")}).size(), 4U);
}

TEST_F(TimelineTest, MergePassesOverWhatAKilledProcessTore) {
  {
    Timeline timeline(file("a.json"), 0, "rank 0", clock_);
    const TimelineSpan span(&timeline, "step");
  }
  std::ostringstream content;
  content << std::ifstream(file("a.json")).rdbuf();
  const std::string whole = content.str();
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    std::ofstream(file("torn.json"), std::ios::trunc) << whole.substr(0, size);
    const json all = events({file("torn.json"), file("missing.json")});
    EXPECT_LE(all.size(), 2U) << size;
    Timeline(file("torn.json"), 0, "rank 0", clock_);
    EXPECT_EQ(events({file("torn.json")}).size(), all.size() + 1) << size;
  }
  EXPECT_EQ(events({file("a.json")}).size(), 2U);
}

TEST_F(TimelineTest, NoTimelineIsNoWork) {
  const TimelineSpan span(nullptr, "step", {"step", 1});
}

}  // namespace
}  // namespace temper
