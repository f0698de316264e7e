#include "launcher/plan/render_plan.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "launcher/plan/quantity.h"
#include "tests/support/golden.h"

namespace temper::launch {
namespace {

using testing::expect_golden;

/// Every part is there.
RunPlan full_plan() {
  RunPlan plan;
  plan.name = "debian";
  plan.model = PlannedModel{"/models/smollm2", "llama",       139'400'000, 4'884'480,
                            269'000'000,       2'100'000'000, 58'613'760};
  plan.data = PlannedData{67'000, 3, 344};
  PlannedTokens tokens;
  tokens.measured_samples = 1000;
  tokens.total = 8'601'234;
  tokens.trained = 5'700'000;
  tokens.dropped = 1'200;
  tokens.longest = 3100;
  tokens.num_overlong = 67;
  tokens.overlong = {"chats.jsonl:17: 3100 tokens, max_length is 2048"};
  tokens.num_problems = 1;
  tokens.problems = {"chats.jsonl:99: no assistant turn"};
  plan.tokens = tokens;
  plan.steps = PlannedSteps{3157, 202'032, 3.0};
  plan.batch_samples = 64;
  plan.slots = 16;
  plan.ranks = 2;
  plan.slot_workers = 1;
  plan.backend = "local";
  plan.commands = {"mpirun -n 2 temper-trainer --run '/runs/my run'"};
  plan.first_sample = "<|im_start|>user\nWhat is \"dpkg\"?\n<|im_start|>assistant\n⟦A tool.⟧";
  plan.notes = {"a note: with a colon"};
  plan.files = {{"job.sbatch", "#!/bin/bash\nexec temper attend '/runs/my run'\n"}};
  plan.gpus =
      PlannedGpus{16'060'522'496, 167'772'160,   167'772'160,
                  3'000'000'000,  704'643'072,   134'217'728,
                  805'306'368,    1'476'395'008, {{"L4", 0, 1234.5}, {"H100", 17, 12'345.6}}};
  plan.time = PlannedTime{7200, 2, 6.5, "USD", 1.25};
  plan.checks = {{"runs can be written", PlannedCheck::Result::kOk, "/runs"},
                 {"time limit", PlannedCheck::Result::kWarning, "two jobs"},
                 {"sbatch", PlannedCheck::Result::kFailed, "not there"}};
  return plan;
}

/// What --without-model leaves.
RunPlan bare_plan() {
  RunPlan plan;
  plan.name = "llama";
  plan.batch_samples = 64;
  plan.slots = 16;
  plan.backend = "local";
  plan.commands = {"temper-trainer --run /runs/llama-ID"};
  plan.notes = {"data/*.jsonl: no such file"};
  return plan;
}

TEST(RenderPlanTest, WritesAFullPlanForPeople) {
  expect_golden("plans/full.txt", render_text(full_plan()));
}

TEST(RenderPlanTest, LeavesOutWhatIsNotKnown) {
  expect_golden("plans/bare.txt", render_text(bare_plan()));
  expect_golden("plans/bare.yaml", render_yaml(bare_plan()));
}

TEST(RenderPlanTest, SaysSoWhenTokensWereCounted) {
  RunPlan plan = full_plan();
  plan.tokens->estimated = false;
  EXPECT_EQ(render_text(plan).find("estimated from"), std::string::npos);
  EXPECT_NE(render_text(plan).find("counted"), std::string::npos);
}

TEST(RenderPlanTest, WritesJson) {
  expect_golden("plans/full.json", render_json(full_plan()));
}

TEST(RenderPlanTest, WritesTheSameFactsAsYaml) {
  const std::string yaml = render_yaml(full_plan());
  expect_golden("plans/full.yaml", yaml);
  const YAML::Node node = YAML::Load(yaml);
  const auto json = nlohmann::json::parse(render_json(full_plan()));
  EXPECT_EQ(node["first_sample"].as<std::string>(), json["first_sample"].get<std::string>());
  EXPECT_EQ(node["model"]["trained_parameters"].as<std::int64_t>(),
            json["model"]["trained_parameters"].get<std::int64_t>());
  EXPECT_EQ(node.size(), json.size());
}

TEST(QuantityTest, GroupsDigits) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(1234567), "1,234,567");
}

TEST(QuantityTest, ChoosesTheUnit) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(std::uint64_t{5} << 30), "5.0 GiB");
  EXPECT_EQ(bytes_text(~std::uint64_t{0}), "16.0 EiB");
}

}  // namespace
}  // namespace temper::launch
