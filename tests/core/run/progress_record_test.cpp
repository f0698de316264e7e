#include "core/run/progress_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace temper::run {
namespace {

using nlohmann::json;

ProgressRecord example() {
  ProgressRecord record;
  record.time = "2026-11-24T06:30:00.123Z";
  record.attempt = "a1b2c3d4";
  record.step = 50;
  record.total_steps = 500;
  record.position = 3200;
  record.epoch = 0.5;
  record.loss = 1.25;
  record.tokens = 1027;
  record.trained_tokens = 690;
  record.learning_rate = 2e-4;
  record.gradient_norm = 0.1;
  record.tokens_per_second = 245.5;
  record.step_milliseconds = 4183;
  record.data_wait_milliseconds = 1;
  record.compute_milliseconds = 4100;
  record.reduce_milliseconds = 40;
  record.optimizer_milliseconds = 30;
  record.checkpoint_milliseconds = 2;
  record.memory_bytes = 2'100'000'000;
  record.store_requests = 41;
  record.store_retries = 2;
  return record;
}

TEST(ProgressRecordTest, IsTheDocumentedLine) {
  EXPECT_EQ(
      to_json_line(example()),
      R"({"version":1,"time":"2026-11-24T06:30:00.123Z","attempt":"a1b2c3d4","step":50,)"
      R"("total_steps":500,"position":3200,"epoch":0.5,"loss":1.25,"eval_loss":null,)"
      R"("tokens":1027,"trained_tokens":690,"learning_rate":0.0002,"gradient_norm":0.1,)"
      R"("tokens_per_second":245.5,"step_milliseconds":4183.0,"data_wait_milliseconds":1.0,)"
      R"("compute_milliseconds":4100.0,"reduce_milliseconds":40.0,"optimizer_milliseconds":30.0,)"
      R"("checkpoint_milliseconds":2.0,"memory_bytes":2100000000,"store_requests":41,"store_retries":2})");
}

TEST(ProgressRecordTest, GoesThereAndBack) {
  ProgressRecord record = example();
  record.eval_loss = 1.0 / 3;
  record.position = std::numeric_limits<std::uint64_t>::max();
  const std::string line = to_json_line(record);
  const auto parsed = parse_progress_line(line);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(to_json_line(*parsed), line);
  EXPECT_EQ(parsed->eval_loss, record.eval_loss);
  EXPECT_EQ(parsed->memory_bytes, record.memory_bytes);
  EXPECT_EQ(parsed->attempt, record.attempt);
}

TEST(ProgressRecordTest, NotANumberIsNull) {
  ProgressRecord record = example();
  record.loss = std::numeric_limits<double>::quiet_NaN();
  record.gradient_norm = std::numeric_limits<double>::infinity();
  const std::string line = to_json_line(record);
  EXPECT_THAT(line, ::testing::HasSubstr("\"loss\":null"));
  EXPECT_THAT(line, ::testing::HasSubstr("\"gradient_norm\":null"));
  const auto parsed = parse_progress_line(line);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->loss, std::nullopt);
  EXPECT_TRUE(std::isnan(parsed->gradient_norm));
}

TEST(ProgressRecordTest, LineHasNoNewlineWhateverIsInIt) {
  ProgressRecord record = example();
  record.attempt = "a\nb\xFF";
  const std::string line = to_json_line(record);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_TRUE(parse_progress_line(line));
}

TEST(ProgressRecordTest, EveryTruncationIsTorn) {
  const std::string line = to_json_line(example());
  for (std::size_t length = 0; length < line.size(); ++length) {
    EXPECT_FALSE(parse_progress_line(line.substr(0, length))) << length;
  }
  EXPECT_TRUE(parse_progress_line(line + "\r\n"));
}

TEST(ProgressRecordTest, ForeignLinesAreNone) {
  for (const char* line :
       {"{}", "[]", "null", "1", "step 3", "{\"version\":1}", "{\"version\":1,}"}) {
    EXPECT_FALSE(parse_progress_line(line)) << line;
  }
  EXPECT_FALSE(parse_progress_line(std::string(50'000, '[')));
  EXPECT_FALSE(parse_progress_line(std::string(100'000, ' ')));
}

TEST(ProgressRecordTest, EveryFieldIsNeededWithItsType) {
  const json whole = json::parse(to_json_line(example()));
  for (const auto& [name, value] : whole.items()) {
    json changed = whole;
    changed.erase(name);
    EXPECT_FALSE(parse_progress_line(changed.dump())) << name;
    changed[name] = json::array();
    EXPECT_FALSE(parse_progress_line(changed.dump())) << name;
  }
  for (const char* name : {"step", "position", "memory_bytes"}) {
    json changed = whole;
    changed[name] = 1.5;
    EXPECT_FALSE(parse_progress_line(changed.dump())) << name;
  }
  json changed = whole;
  changed["position"] = -1;
  EXPECT_FALSE(parse_progress_line(changed.dump()));
  changed = whole;
  changed["step"] = std::numeric_limits<std::uint64_t>::max();
  EXPECT_FALSE(parse_progress_line(changed.dump()));
}

TEST(ProgressRecordTest, LaterAdditionsAreLeftAlone) {
  json changed = json::parse(to_json_line(example()));
  changed["later_addition"] = "x";
  EXPECT_TRUE(parse_progress_line(changed.dump()));
}

}  // namespace
}  // namespace temper::run
