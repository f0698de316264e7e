// `temper push`, and runs whose recipe publishes, as whole programs over an emulated Hub.

#include <gmock/gmock.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "tests/launcher/cli/program.h"
#include "tests/support/emulator.h"

namespace temper::launch {
namespace {

using nlohmann::json;
using temper::testing::Emulator;
using temper::testing::read_file;
using temper::testing::write_file;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kScript = "steps=1..3 weights=tensors checked";

class PushProgramTest : public ::testing::Test {
 protected:
  PushProgramTest() {
    hub().post("reset");
    program_.set_environment("HF_ENDPOINT", hub().url());
    program_.set_environment("HF_HOME", program_.file("hf").string());
    use_token("hf_write");
  }
  static Emulator& hub() {
    static Emulator emulator("hub_emulator.py");
    return emulator;
  }
  void use_token(const std::string& token) { program_.set_environment("HF_TOKEN", token); }
  /// `run`, with a name for the base model, which is a local folder.
  std::vector<std::string> run_arguments() const {
    return program_.run_arguments({"--set", "model.name=org/tiny"});
  }
  ProgramResult run() { return program_.temper(run_arguments()); }
  ProgramResult push(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"push", program_.run().root.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program_.temper(arguments);
  }
  static json commits(const std::string& branch = "main") {
    const json all = json::parse(hub().get("history"));
    json own = json::array();
    if (all.contains("models/org/adapter") && all["models/org/adapter"].contains(branch)) {
      for (const json& commit : all["models/org/adapter"][branch]) {
        if (commit["author"] == "ann") {
          own.push_back(commit);
        }
      }
    }
    return own;
  }
  void expect_no_token_in_files() {
    for (const auto& file : std::filesystem::recursive_directory_iterator(program_.file(""))) {
      if (file.is_regular_file()) {
        EXPECT_THAT(read_file(file.path()), Not(HasSubstr("hf_write"))) << file.path();
      }
    }
  }

  Program program_{kScript};
};

TEST_F(PushProgramTest, ARunThatPublishesPushesItsAdapterAtTheEnd) {
  program_.add_to_recipe("publish: {hub: org/adapter}");
  const ProgramResult result = run();
  EXPECT_EQ(result.code, 0) << result.output;
  const json made = commits();
  ASSERT_EQ(made.size(), 1U) << result.output;
  EXPECT_THAT(result.output, HasSubstr("pushed final to hf://org/adapter@main: " + hub().url() +
                                       "/org/adapter/commit/"));
  EXPECT_THAT(result.output, HasSubstr("commit " + made[0]["commit"].get<std::string>()));
  EXPECT_TRUE(made[0]["files"].contains("adapter_model.safetensors"));
  EXPECT_TRUE(made[0]["files"].contains("export_check.json"));
  expect_no_token_in_files();

  const ProgramResult again = push();
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_THAT(again.output, AllOf(HasSubstr("nothing to push: final is at"),
                                  HasSubstr(made[0]["commit"].get<std::string>())));
  EXPECT_EQ(commits().size(), 1U);
}

TEST_F(PushProgramTest, ARunEndsWellThoughItCanNotBePushed) {
  program_.add_to_recipe("publish: {hub: org/adapter}");
  hub().post("faults", R"([{"path": "/api/repos/create", "times": -1, "status": 403}])");
  const ProgramResult result = run();
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("not pushed yet: cannot make the repository"),
                                   HasSubstr("temper push "), Not(HasSubstr("hf_write"))));
  EXPECT_EQ(program_.record().state, run::RunState::kDone);

  hub().post("heal");
  const ProgramResult later = push({"--json"});
  EXPECT_EQ(later.code, 0) << later.output;
  EXPECT_THAT(later.output, HasSubstr("pushed final to hf://org/adapter@main"));
  ASSERT_EQ(commits().size(), 1U);
  const json told = json::parse(later.output.substr(later.output.find("{\"id\"")));
  EXPECT_EQ(told["id"], program_.record().id);
  EXPECT_EQ(told["content"], "final");
  EXPECT_EQ(told["repository"], "org/adapter");
  EXPECT_EQ(told["commit"], commits()[0]["commit"]);
}

TEST_F(PushProgramTest, ARunThatWillNotBeAllowedToPushDoesNotStart) {
  program_.add_to_recipe("publish: {hub: org/adapter}");
  use_token("hf_read");
  for (const char* verb : {"run", "plan"}) {
    std::vector<std::string> arguments = run_arguments();
    arguments[0] = verb;
    const ProgramResult result = program_.temper(arguments);
    EXPECT_EQ(result.code, 2) << result.output;
    EXPECT_THAT(result.output, HasSubstr("read"));
  }
  EXPECT_FALSE(std::filesystem::exists(program_.runs()));
}

TEST_F(PushProgramTest, ABaseThatOthersDoNotHaveIsNotPublished) {
  program_.add_to_recipe("publish: {hub: org/adapter}");
  const ProgramResult result = program_.temper(program_.run_arguments());
  EXPECT_EQ(result.code, 2) << result.output;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("publish.hub: the adapter would call its base model '/"),
                    HasSubstr("set model.name to its Hub id (org/name)")));
  EXPECT_FALSE(std::filesystem::exists(program_.runs()));
}

TEST_F(PushProgramTest, AHubThatDoesNotAnswerCanBeLeftBySignal) {
  program_.add_to_recipe("publish: {hub: org/adapter}");
  hub().post("faults", R"([{"path": "/api/models", "times": -1, "status": 503}])");
  const auto process = program_.start(run_arguments());
  program_.wait_until([&] { return json::parse(hub().get("log")).size() > 2; });
  process->signal(SIGINT);
  EXPECT_EQ(process->wait().code, 0) << program_.output();
  EXPECT_THAT(program_.output(), HasSubstr("temper push "));
  hub().post("heal");
  EXPECT_EQ(push().code, 0);
  EXPECT_EQ(commits().size(), 1U);
}

TEST_F(PushProgramTest, PushesARunWhoseRecipeDoesNotPublish) {
  EXPECT_EQ(run().code, 0);
  const ProgramResult nowhere = push();
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.output, HasSubstr("--hub org/name"));
  const ProgramResult result = push({"--hub", "org/adapter", "--revision", "runs/one", "--public"});
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_EQ(commits("runs/one").size(), 1U);
  EXPECT_EQ(commits().size(), 0U);
  expect_no_token_in_files();
}

TEST_F(PushProgramTest, AnAdapterWhoseLossWasNotComparedIsNotPushed) {
  EXPECT_EQ(run().code, 0);
  const auto record = program_.run().adapter() / "export_check.json";
  json check = json::parse(read_file(record));
  check["file_loss"] = nullptr;
  write_file(record, check.dump());
  const ProgramResult result = push({"--hub", "org/adapter"});
  EXPECT_EQ(result.code, 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr("export_check.json has no comparison of the losses"));
  EXPECT_TRUE(commits().empty());
}

TEST_F(PushProgramTest, AKilledPushIsFinishedByTheNextEvenElsewhere) {
  EXPECT_EQ(run().code, 0);
  hub().post("faults", R"([{"path": "/commit/", "method": "POST", "stall": 30}])");
  const auto process =
      program_.start({"push", program_.run().root.string(), "--hub", "org/adapter"});
  program_.wait_until([&] { return hub().get("log").find("/commit/") != std::string::npos; });
  process->signal(SIGKILL);
  process->wait();
  for (const auto& entry : std::filesystem::directory_iterator(program_.run().outbox())) {
    if (entry.is_directory()) {
      EXPECT_THAT(read_file(entry.path() / "entry.json"), HasSubstr("\"private\": true"));
    }
  }
  hub().post("heal");
  // Another machine, which has a copy of the run.
  const auto copy = program_.file("elsewhere");
  std::filesystem::copy(program_.run().root, copy, std::filesystem::copy_options::recursive);
  const ProgramResult there = program_.temper({"push", copy.string()});
  EXPECT_EQ(there.code, 0) << there.output;
  EXPECT_EQ(commits().size(), 1U);
  // Back here nobody knows of it: it is found, not repeated.
  const ProgramResult here = push();
  EXPECT_EQ(here.code, 0) << here.output;
  EXPECT_THAT(here.output, HasSubstr("was pushed before"));
  EXPECT_EQ(commits().size(), 1U);
}

TEST_F(PushProgramTest, WhatCanNotBePushedIsSaid) {
  program_.set_script("steps=1..3 exit=2");
  EXPECT_EQ(run().code, 2);
  const ProgramResult unfinished = push({"--hub", "org/adapter"});
  EXPECT_EQ(unfinished.code, 2);
  EXPECT_THAT(unfinished.output, HasSubstr("has no finished adapter"));
}

TEST_F(PushProgramTest, AResultThatChangedSinceItsGateIsRefused) {
  EXPECT_EQ(run().code, 0);
  write_file(program_.run().adapter() / "adapter_model.safetensors", "tensorz");
  const ProgramResult result = push({"--hub", "org/adapter"});
  EXPECT_EQ(result.code, 78) << result.output;
  EXPECT_THAT(result.output, HasSubstr("adapter_model.safetensors"));
  EXPECT_EQ(commits().size(), 0U);
}

TEST_F(PushProgramTest, TokensAreThoseOfAModelOfTheHub) {
  json files;
  for (const char* name : {"config.json", "tokenizer.json", "tokenizer_config.json"}) {
    files[name] =
        read_file(std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/golden/tiny-model" / name);
  }
  hub().post("repository", json{{"name", "org/tiny"}, {"files", files}}.dump());
  const auto shown = [&](const std::string& model) {
    const ProgramResult result =
        program_.temper({"tokens", program_.file("chats.jsonl").string(), "--model", model});
    EXPECT_EQ(result.code, 0) << result.output;
    return result.output;
  };
  const std::string local = shown(TEMPER_SOURCE_DIR "/tests/golden/tiny-model");
  EXPECT_THAT(local, HasSubstr("trained (between"));
  EXPECT_THAT(shown("hf://org/tiny@main"), HasSubstr(local));  // after what it fetched
  EXPECT_EQ(shown("org/tiny"), local);
}

TEST_F(PushProgramTest, NamesTheRefusal) {
  EXPECT_EQ(run().code, 0);
  const ProgramResult bad_name = push({"--hub", "org/a--b"});
  EXPECT_EQ(bad_name.code, 2);
  EXPECT_THAT(bad_name.output, HasSubstr("--hub"));
  use_token("");
  const ProgramResult no_token = push({"--hub", "org/adapter"});
  EXPECT_EQ(no_token.code, 2);
  EXPECT_THAT(no_token.output, HasSubstr("there is no token"));
}

}  // namespace
}  // namespace temper::launch
