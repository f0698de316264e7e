// temper-trainer: one rank of a run. The launcher starts it, directly or under mpirun.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/run/rank_exit.h"
#include "core/run/run_layout.h"
#include "trainer/comm/communicator.h"
#include "trainer/device/device_checks.h"
#include "trainer/device/device_report.h"
#include "trainer/train/stop_signal.h"
#include "trainer/train/training_run.h"

namespace {

using temper::ExitCode;

struct Arguments {
  temper::train::RunOptions run;
  int ranks = 1;
  int check_gpus = 0;  // ranks of this machine that want one
};

/// Leaves word of how this rank goes, for those who only learn how its peers were killed then.
void note_exit(const Arguments& arguments, int rank, const std::exception& error) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  temper::run::note_rank_exit(
      {arguments.run.run_directory}, arguments.run.attempt,
      {rank, host.data(), static_cast<int>(temper::exit_code_of(error)), error.what()});
}

/// For `temper plan`: whether ranks of this machine would find their GPUs, and which.
ExitCode check_gpus(int num_ranks) {
  const temper::device::DeviceReport report = temper::device::report_devices();
  temper::device::check_gpus(report, num_ranks);
  fmt::print("{}", temper::device::describe_gpus(report));
  return ExitCode::kDone;
}

ExitCode train(const Arguments& arguments, temper::train::StopSignal& stop) {
  // A rank that fails leaves at once, without MPI's farewell: its peers wait in a collective, and
  // mpirun ends them when it sees the exit code.
  const auto fail = [](const std::exception& error) {
    fmt::print(stderr, "temper-trainer: {}\n", error.what());
    std::fflush(stderr);
    std::_Exit(static_cast<int>(temper::exit_code_of(error)));
  };
  try {
    auto communicator = temper::comm::open_communicator(arguments.ranks);
    const temper::Logger logger(
        temper::LogLevel::kInfo, fmt::format("rank {}", communicator->rank()),
        temper::run::RunLayout{arguments.run.run_directory}.rank_log(communicator->rank()));
    temper::SystemClock clock;
    try {
      temper::train::run_training(arguments.run, *communicator, logger, clock,
                                  [&] { return stop.requested(); });
    } catch (const temper::StopRequested& stopped) {
      logger.info("{}", stopped.what());
      note_exit(arguments, communicator->rank(), stopped);
      return stopped.exit_code();
    } catch (const std::exception& error) {
      logger.error("{}", error.what());
      note_exit(arguments, communicator->rank(), error);
      fail(error);
    }
  } catch (const std::exception& error) {
    fail(error);
  }
  return ExitCode::kDone;
}

}  // namespace

int main(int argc, char** argv) try {
  temper::train::StopSignal stop;  // before any thread
  Arguments arguments;
  CLI::App app("One rank of a Temper run; started by `temper run`.", "temper-trainer");
  app.set_version_flag("--version", [] {
    return fmt::format("{} ({})", TEMPER_VERSION, temper::device::library_versions());
  });
  CLI::Option* check = app.add_option("--check-gpus", arguments.check_gpus,
                                      "Only say whether so many ranks find a GPU here, and which")
                           ->check(CLI::PositiveNumber);
  CLI::Option* run =
      app.add_option("--run", arguments.run.run_directory, "Run directory with resolved.yaml")
          ->excludes(check);
  app.add_option("--ranks", arguments.ranks, "Planned number of ranks")->check(CLI::PositiveNumber);
  app.add_option("--slot-workers", arguments.run.slot_workers, "Threads that compute slots")
      ->check(CLI::PositiveNumber);
  CLI::Option* attempt =
      app.add_option("--attempt", arguments.run.attempt, "Id of this attempt")->needs(run);
  app.add_option("--allow-changed", arguments.run.allowed_changes, "recipe, data, model")
      ->delimiter(',');
  app.add_option("--hold-after-step", arguments.run.hold_after_step,
                 "Wait after this step to be killed or stopped; for `temper verify`")
      ->check(CLI::PositiveNumber);
  app.add_flag("--trace", arguments.run.trace,
               "Write what every thread does into the run's traces/");
  try {
    app.parse(argc, argv);
    if (arguments.check_gpus == 0 && (run->empty() || attempt->empty())) {
      throw CLI::RequiredError("--run and --attempt");
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::kUser);
  }
  if (arguments.check_gpus > 0) {
    return static_cast<int>(check_gpus(arguments.check_gpus));
  }
  return static_cast<int>(train(arguments, stop));
} catch (const std::exception& error) {
  fmt::print(stderr, "temper-trainer: {}\n", error.what());
  return static_cast<int>(temper::exit_code_of(error));
}
