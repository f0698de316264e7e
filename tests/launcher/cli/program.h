#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/process_runner.h"
#include "core/run/run_record.h"
#include "tests/support/temporary_directory.h"

namespace temper::launch {

/// What a program printed (both streams) and how it ended.
struct ProgramResult {
  int code = 0;
  std::string output;
};

/// The real temper program over a fake trainer (tests/launcher/fake_trainer.cpp), in its own folder
/// with a recipe for the tiny model, a few chats, and a cluster file that restarts at once.
class Program {
 public:
  /// `script`: what the trainer does, one line an attempt.
  explicit Program(const std::string& script = "steps=1..3");

  void set_script(const std::string& script);
  /// Of the programs that are started from here on.
  void set_environment(const std::string& name, const std::string& value) {
    environment_[name] = value;
  }
  /// Adds a section to the recipe.
  void add_to_recipe(const std::string& yaml);
  /// Runs it to its end.
  ProgramResult temper(std::vector<std::string> arguments);
  /// Starts it in the background; it prints into output().
  std::unique_ptr<Process> start(std::vector<std::string> arguments);
  std::string output() const;
  /// `run RECIPE --on CLUSTER …`
  std::vector<std::string> run_arguments(std::vector<std::string> more = {}) const;

  std::filesystem::path file(const std::string& name) const { return folder_ / name; }
  std::filesystem::path runs() const { return folder_ / "runs"; }
  /// The only run directory.
  run::RunLayout run() const;
  run::RunRecord record() const;
  /// The options of each attempt's trainer, one line each.
  std::string trainer_arguments() const;

  /// Waits for something that takes milliseconds; fails the test after 20 s.
  void wait_until(const std::function<bool()>& condition) const;
  /// Waits until the trainer of the only run has written this step.
  void wait_for_step(std::int64_t step) const;

 private:
  testing::TemporaryDirectory folder_;
  SystemProcessRunner runner_;
  std::map<std::string, std::string> environment_;
};

}  // namespace temper::launch
