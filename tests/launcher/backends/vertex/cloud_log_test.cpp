#include "launcher/backends/vertex/cloud_log.h"

#include <gmock/gmock.h>

#include "core/base/error.h"
#include "core/base/time_format.h"

namespace temper::launch {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kPage =
    R"({"entries": [{"insertId": "a", "timestamp": "2026-11-29T12:00:00.123456Z",)"
    R"( "resource": {"type": "ml_job", "labels": {"task_name": "workerpool0-0"}},)"
    R"( "jsonPayload": {"message": "step 1\n"}}], "nextPageToken": "next"})";

LogEntry entry(const std::string& id, int second) {
  return {id, std::chrono::system_clock::time_point(seconds(second)), "", id};
}

std::vector<std::string> ids(const std::vector<LogEntry>& entries) {
  std::vector<std::string> names;
  for (const LogEntry& one : entries) {
    names.push_back(one.id);
  }
  return names;
}

TEST(CloudLogTest, ReadsAPage) {
  const LogPage page = parse_log_page(kPage);
  ASSERT_EQ(page.entries.size(), 1U);
  EXPECT_EQ(page.entries[0].line, "step 1");
  EXPECT_EQ(page.entries[0].replica, "workerpool0-0");
  EXPECT_EQ(format_rfc3339(page.entries[0].time), "2026-11-29T12:00:00.123Z");
  EXPECT_EQ(page.next, "next");
}

TEST(CloudLogTest, AnyPayloadIsALine) {
  const auto line = [](const std::string& payload) {
    return parse_log_page(R"({"entries": [{"timestamp": "2026-11-29T12:00:00Z", )" + payload +
                          "}]}")
        .entries.at(0)
        .line;
  };
  EXPECT_EQ(line(R"("textPayload": "plain\r\n")"), "plain");
  EXPECT_EQ(line(R"("jsonPayload": {"level": 3})"), R"({"level":3})");
  EXPECT_EQ(line(R"("protoPayload": {})"), "");
}

TEST(CloudLogTest, EveryTruncationIsExplained) {
  const std::string whole = kPage;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(parse_log_page(whole.substr(0, length)), UserError) << length;
  }
}

TEST(CloudLogTest, OtherShapesAreExplained) {
  for (const char* json : {R"({"entries": {}})", R"({"entries": [1]})", R"({"entries": [{}]})",
                           R"({"entries": [{"timestamp": "yesterday"}]})"}) {
    EXPECT_THROW(parse_log_page(json), UserError) << json;
  }
}

TEST(CloudLogTest, AsksInTheQueryLanguage) {
  LogQuery query{"42", "", std::nullopt};
  EXPECT_EQ(log_filter(query), R"(resource.type="ml_job" AND resource.labels.job_id="42")");
  query.replica = "workerpool1-0";
  query.since = *parse_rfc3339("2026-11-29T12:00:00Z");
  EXPECT_EQ(
      log_filter(query),
      R"(resource.type="ml_job" AND resource.labels.job_id="42" AND )"
      R"(resource.labels.task_name="workerpool1-0" AND timestamp>="2026-11-29T12:00:00.000Z")");
}

TEST(NewEntriesTest, GivesEachEntryOnceThoughLateOnesComeIn) {
  NewEntries news;
  EXPECT_FALSE(news.begin());
  EXPECT_THAT(ids(news.take({entry("a", 100), entry("b", 110)})), ElementsAre("a", "b"));
  EXPECT_EQ(news.begin(), std::chrono::system_clock::time_point(seconds(90)));
  EXPECT_THAT(ids(news.take({entry("a", 100), entry("late", 105), entry("b", 110)})),
              ElementsAre("late"));
  EXPECT_THAT(ids(news.take({entry("c", 140)})), ElementsAre("c"));
  EXPECT_EQ(news.begin(), std::chrono::system_clock::time_point(seconds(120)));
  EXPECT_THAT(news.take({entry("c", 140)}), IsEmpty());
}

}  // namespace
}  // namespace temper::launch
