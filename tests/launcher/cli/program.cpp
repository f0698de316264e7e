#include "tests/launcher/cli/program.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "launcher/backends/progress_follower.h"

namespace temper::launch {
namespace {

namespace fs = std::filesystem;
using testing::read_file;
using testing::write_file;

constexpr const char* kRecipe = R"(version: 1
name: tiny
model: {{base: {0}/tests/golden/tiny-model}}
data: {{train: [{{path: {1}/chats.jsonl}}], max_length: 256}}
batch: {{samples: 4, slots: 4}}
duration: {{steps: 100}}
checkpoint: {{to: {1}/runs}}
)";

constexpr const char* kChat =
    R"({"messages": [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]})";

}  // namespace

Program::Program(const std::string& script) {
  set_script(script);
  write_file(file("recipe.yaml"), fmt::format(kRecipe, TEMPER_SOURCE_DIR, folder_.path().string()));
  write_file(file("cluster.yaml"), "version: 1\nbackoff_seconds: 0.01\n");
  write_file(file("chats.jsonl"), fmt::format("{0}\n{0}\n{0}\n", kChat));
}

void Program::set_script(const std::string& script) {
  write_file(file("script"), script + "\n");
}

void Program::add_to_recipe(const std::string& yaml) {
  write_file(file("recipe.yaml"), read_file(file("recipe.yaml")) + yaml + "\n");
}

std::unique_ptr<Process> Program::start(std::vector<std::string> arguments) {
  Command command;
  command.argv = {TEMPER_PROGRAM};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.environment = environment_;
  command.environment.insert({{"TEMPER_TRAINER", FAKE_TRAINER_PROGRAM},
                              {"TEMPER_CACHE", file("cache").string()},
                              {"FAKE_TRAINER_SCRIPT", file("script").string()}});
  command.output = file("output");
  return runner_.start(command);
}

ProgramResult Program::temper(std::vector<std::string> arguments) {
  std::error_code absent;
  const std::uintmax_t size = fs::file_size(file("output"), absent);
  const int code = start(std::move(arguments))->wait().code;
  return {code, output().substr(absent ? 0 : size)};
}

std::string Program::output() const {
  return fs::exists(file("output")) ? read_file(file("output")) : "";
}

std::vector<std::string> Program::run_arguments(std::vector<std::string> more) const {
  std::vector<std::string> arguments = {"run", file("recipe.yaml").string(), "--on",
                                        file("cluster.yaml").string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

run::RunLayout Program::run() const {
  for (const fs::directory_entry& entry : fs::directory_iterator(runs())) {
    return {entry.path()};
  }
  throw std::logic_error("there is no run");
}

run::RunRecord Program::record() const {
  return run::read_run_record(run()).value();
}

std::string Program::trainer_arguments() const {
  return read_file(run().root / "arguments");
}

void Program::wait_until(const std::function<bool()>& condition) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("waited in vain; the program printed:\n" + output());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void Program::wait_for_step(std::int64_t step) const {
  wait_until([&] {
    return fs::exists(runs()) && !fs::is_empty(runs()) &&
           summarise_progress(run().progress()).last_step >= step;
  });
}

}  // namespace temper::launch
