// temper-trainer: one rank of a run. The launcher starts it, directly or under mpirun.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "core/base/error.h"
#include "trainer/device/device_checks.h"
#include "trainer/device/device_report.h"
#include "trainer/model/aten_kernels.h"
#include "trainer/model/attention_check.h"
#include "trainer/rank.h"
#include "trainer/train/stop_signal.h"

namespace {

using temper::ExitCode;
using temper::model::Numbers;

/// For `temper plan`: whether ranks of this machine would find their GPUs, and which.
ExitCode check_gpus(int num_ranks) {
  const temper::device::DeviceReport report = temper::device::report_devices();
  temper::device::check_gpus(report, num_ranks);
  fmt::print("{}", temper::device::describe_gpus(report));
  return ExitCode::kDone;
}

/// For `temper doctor`: whether the first of them computes attention as it should.
ExitCode check_attention(int num_ranks) {
  temper::device::check_gpus(temper::device::report_devices(), num_ranks);
  for (const Numbers numbers : {Numbers::kFloat32, Numbers::kBFloat16}) {
    const auto kernels = temper::model::make_gpu_kernels(0, numbers);
    const auto composition =
        temper::model::make_aten_kernels({.memory = &kernels->memory(), .numbers = numbers});
    fmt::print("{}\n", temper::model::judge_attention(*kernels, *composition));
  }
  return ExitCode::kDone;
}

}  // namespace

int main(int argc, char** argv) try {
  temper::train::StopSignal stop;  // before any thread
  temper::RankArguments arguments;
  int gpu_ranks = 0;  // of this machine that want one
  bool tests_attention = false;
  CLI::App app("One rank of a Temper run; started by `temper run`.", "temper-trainer");
  app.set_version_flag("--version", [] {
    return fmt::format("{} ({})", TEMPER_VERSION, temper::device::library_versions());
  });
  CLI::Option* check = app.add_option("--check-gpus", gpu_ranks,
                                      "Only say whether so many ranks find a GPU here, and which")
                           ->check(CLI::PositiveNumber);
  app.add_flag(
         "--test-attention", tests_attention,
         "With --check-gpus: also compare the first GPU's attention with its composition; for "
         "`temper doctor`")
      ->needs(check);
  CLI::Option* run =
      app.add_option("--run", arguments.run.run_directory, "Run directory with resolved.yaml")
          ->excludes(check);
  app.add_option("--ranks", arguments.ranks, "Planned number of ranks")->check(CLI::PositiveNumber);
  app.add_flag("--gpus", arguments.gpus, "Each rank has a GPU of its own");
  app.add_option("--slot-workers", arguments.run.slot_workers, "Threads that compute slots")
      ->check(CLI::PositiveNumber);
  app.add_option("--attempt", arguments.run.attempt, "Id of this attempt; rank 0's counts");
  app.add_option("--heartbeat-timeout", arguments.heartbeat_timeout_seconds,
                 "Seconds after which a silent rank is lost")
      ->check(CLI::PositiveNumber);
  app.add_option("--meeting-timeout", arguments.meeting_timeout_seconds,
                 "Seconds in which all ranks must have started")
      ->check(CLI::PositiveNumber);
  app.add_option("--allow-changed", arguments.run.allowed_changes, "recipe, data, model, device")
      ->delimiter(',');
  app.add_option("--hold-after-step", arguments.run.hold_after_step,
                 "Wait after this step to be killed or stopped; for `temper verify`")
      ->check(CLI::PositiveNumber);
  app.add_option(
         "--test-collectives", arguments.test_bytes,
         "Only test the communication of the ranks, up to so many bytes; for `temper doctor`")
      ->check(CLI::PositiveNumber);
  app.add_flag("--trace", arguments.run.trace,
               "Write what every thread does into the run's traces/");
  try {
    app.parse(argc, argv);
    if (gpu_ranks == 0 && run->empty()) {
      throw CLI::RequiredError("--run");
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::kUser);
  }
  if (gpu_ranks > 0) {
    return static_cast<int>(tests_attention ? check_attention(gpu_ranks) : check_gpus(gpu_ranks));
  }
  return static_cast<int>(temper::run_rank(arguments, stop));
} catch (const std::exception& error) {
  fmt::print(stderr, "temper-trainer: {}\n", error.what());
  return static_cast<int>(temper::exit_code_of(error));
}
