// `--json` of the verbs that have no other test of it.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/launcher/cli/program.h"

namespace temper::launch {
namespace {

using nlohmann::json;

/// The lines that are JSON objects; the others are stderr's.
std::vector<json> objects_in(const ProgramResult& result) {
  std::vector<json> objects;
  std::istringstream lines(result.output);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('{')) {
      objects.push_back(json::parse(line));
    }
  }
  return objects;
}

json only_object(const ProgramResult& result) {
  const std::vector<json> objects = objects_in(result);
  if (objects.size() != 1) {
    ADD_FAILURE() << result.output;
    return {};
  }
  return objects.front();
}

TEST(JsonProgramTest, DataTellsCountsAndProblems) {
  Program program;
  const std::string data = program.file("samples.jsonl");
  testing::write_file(data, "{\"text\": \"a\"}\n{\"text\": \"b\"}\n");
  const json checked = only_object(program.temper({"data", "check", data, "--json"}));
  EXPECT_EQ(checked["records"], 2);
  EXPECT_EQ(checked["records_by_keys"], json({{"text", 2}}));
  EXPECT_EQ(checked["num_problems"], 0);
  const std::string shards = program.file("shards");
  const json converted = only_object(program.temper({"data", "convert", data, shards, "--json"}));
  EXPECT_EQ(converted, json({{"destination", shards}, {"records", 2}, {"shards", 1}}));
  const json indexed = only_object(program.temper({"data", "index", data, "--json"}));
  EXPECT_EQ(indexed["records"], 2);
  EXPECT_EQ(indexed["files"], 1);
}

TEST(JsonProgramTest, LogsAreObjects) {
  Program program("steps=1..2 error=no_memory exit=78");
  program.temper(program.run_arguments());
  const auto lines = objects_in(program.temper({"logs", program.run().root.string(), "--json"}));
  ASSERT_FALSE(lines.empty());
  bool found = false;
  for (const json& line : lines) {
    EXPECT_TRUE(line.contains("time") && line.contains("machine") && line.contains("rank"));
    found = found || line["text"].get<std::string>().find("no memory") != std::string::npos;
  }
  EXPECT_TRUE(found);
}

TEST(JsonProgramTest, ExportsTellWhereTheyAre) {
  Program program("steps=1..3 weights=tensors checked");
  program.temper(program.run_arguments());
  const std::string folder = program.file("exported");
  const json exported = only_object(program.temper(
      {"export", program.run().root.string(), "--to", "peft", "--out", folder, "--json"}));
  EXPECT_EQ(exported, json({{"form", "peft"}, {"folder", folder}}));
}

TEST(JsonProgramTest, VerifyTellsEachTrial) {
  Program program("checkpoint=2 steps=1..6 pause=300 weights=%ranks%");
  const ProgramResult result = program.temper(
      {"verify", program.file("recipe.yaml"), "--seed", "3", "--ranks", "1,2", "--json"});
  EXPECT_EQ(result.code, 1);
  const json verified = only_object(result);
  EXPECT_EQ(verified["same"], false);
  EXPECT_EQ(verified["seed"], 3);
  ASSERT_EQ(verified["trials"].size(), 5U);
  EXPECT_EQ(verified["trials"][0]["ranks"], 1);
  EXPECT_EQ(verified["trials"][0]["sha256"].get<std::string>().size(), 64U);
  EXPECT_GT(verified["trials"][4]["killed_after_step"], 0);
}

}  // namespace
}  // namespace temper::launch
