// temper-trainer: one rank of a run. The launcher starts it, directly or under mpirun.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>

#include "core/base/clock.h"
#include "core/base/environment.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/run/rank_exit.h"
#include "core/run/run_layout.h"
#include "trainer/comm/activity.h"
#include "trainer/comm/communicator.h"
#include "trainer/comm/heartbeat.h"
#include "trainer/comm/start_watch.h"
#include "trainer/comm/tcp_socket.h"
#include "trainer/device/device_checks.h"
#include "trainer/device/device_report.h"
#include "trainer/train/stop_signal.h"
#include "trainer/train/training_run.h"

namespace {

using temper::ExitCode;

struct Arguments {
  temper::train::RunOptions run;
  int ranks = 1;
  double heartbeat_timeout_seconds = 30;
  double meeting_timeout_seconds = 600;
  int check_gpus = 0;  // ranks of this machine that want one
};

/// What a rank needs to leave: whom to tell, and how.
class Departure {
 public:
  Departure(const Arguments& arguments, int rank, const temper::Logger& logger)
      : arguments_(arguments), rank_(rank), logger_(logger) {}

  /// Leaves word of how this rank goes, for those who only learn how its peers were killed then.
  void note(ExitCode code, const std::string& message) const {
    temper::run::note_rank_exit(
        {arguments_.run.run_directory}, arguments_.run.attempt,
        {rank_, temper::comm::host_name(), static_cast<int>(code), message});
  }

  /// A rank that fails leaves at once, without MPI's farewell: its peers wait in a collective, and
  /// the starter of ranks ends the others when it sees the exit code.
  [[noreturn]] void leave(ExitCode code, const std::string& message) const {
    logger_.error("{}", message);
    note(code, message);
    fmt::print(stderr, "temper-trainer: {}\n", message);
    std::fflush(stderr);
    std::_Exit(static_cast<int>(code));
  }

 private:
  const Arguments& arguments_;
  int rank_;
  const temper::Logger& logger_;
};

/// Rank 0's attempt is everybody's: in pods the others can't know it.
std::string agree_on_attempt(temper::comm::Communicator& communicator, const std::string& own) {
  const auto all = communicator.all_gather(std::as_bytes(std::span(own)));
  return {reinterpret_cast<const char*>(all[0].data()), all[0].size()};
}

/// For `temper plan`: whether ranks of this machine would find their GPUs, and which.
ExitCode check_gpus(int num_ranks) {
  const temper::device::DeviceReport report = temper::device::report_devices();
  temper::device::check_gpus(report, num_ranks);
  fmt::print("{}", temper::device::describe_gpus(report));
  return ExitCode::kDone;
}

std::chrono::nanoseconds duration_of(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

temper::comm::HeartbeatSettings heartbeat_settings(double timeout_seconds) {
  constexpr int kBeatsATimeout = 5;
  temper::comm::HeartbeatSettings settings;
  settings.timeout = duration_of(timeout_seconds);
  settings.interval = std::min(settings.interval, settings.timeout / kBeatsATimeout);
  return settings;
}

[[noreturn]] void leave_before_the_start(ExitCode code, const std::string& message) {
  fmt::print(stderr, "temper-trainer: {}\n", message);
  std::fflush(stderr);
  std::_Exit(static_cast<int>(code));
}

/// A group and what keeps watch over it: made and ended in an order of their own.
class Rank {
 public:
  Rank(Arguments& arguments, temper::train::StopSignal& stop) : arguments_(arguments), stop_(stop) {
    const temper::comm::StartWatch watch(
        duration_of(arguments.meeting_timeout_seconds), [&arguments] {
          leave_before_the_start(
              ExitCode::kRetryable,
              fmt::format("the {} ranks did not meet within {:.0f} s; one is frozen or never "
                          "started",
                          arguments.ranks, arguments.meeting_timeout_seconds));
        });
    communicator_ =
        temper::comm::open_communicator(temper::Environment::from_process(), arguments.ranks,
                                        arguments.run.run_directory.filename().string(), clock_);
    arguments.run.attempt = agree_on_attempt(*communicator_, arguments.run.attempt);
    const int rank = communicator_->rank();
    logger_.emplace(temper::LogLevel::kInfo, fmt::format("rank {}", rank),
                    temper::run::RunLayout{arguments.run.run_directory}.rank_log(rank));
    departure_.emplace(arguments, rank, *logger_);
    heartbeat_ = temper::comm::Heartbeat::start(
        {*communicator_, activity_, *logger_, clock_,
         [this](const temper::comm::Loss& loss) {
           departure_->leave(static_cast<ExitCode>(loss.exit_code), describe(loss));
         }},
        heartbeat_settings(arguments.heartbeat_timeout_seconds));
  }

  ExitCode train() {
    try {
      temper::train::run_training(arguments_.run, *communicator_, *logger_, clock_, activity_,
                                  [this] { return stop_.requested(); });
      end(ExitCode::kDone, "");
      return ExitCode::kDone;
    } catch (const temper::StopRequested& stopped) {
      logger_->info("{}", stopped.what());
      departure_->note(stopped.exit_code(), stopped.what());
      end(stopped.exit_code(), stopped.what());
      return stopped.exit_code();
    } catch (const std::exception& error) {
      say_goodbye(temper::exit_code_of(error), error.what());
      departure_->leave(temper::exit_code_of(error), error.what());
    }
  }

 private:
  /// The heartbeat goes last: closing the group may wait for the others.
  void end(ExitCode code, const std::string& message) {
    activity_.enter("leave");
    communicator_.reset();
    say_goodbye(code, message);
  }

  void say_goodbye(ExitCode code, const std::string& message) {
    if (heartbeat_) {
      heartbeat_->leave({static_cast<int>(code), message});
    }
  }

  Arguments& arguments_;
  temper::train::StopSignal& stop_;
  temper::SystemClock clock_;
  std::unique_ptr<temper::comm::Communicator> communicator_;
  std::optional<temper::Logger> logger_;
  std::optional<Departure> departure_;
  temper::comm::Activity activity_;
  std::unique_ptr<temper::comm::Heartbeat> heartbeat_;
};

ExitCode train(Arguments& arguments, temper::train::StopSignal& stop) {
  try {
    return Rank(arguments, stop).train();
  } catch (const std::exception& error) {
    leave_before_the_start(temper::exit_code_of(error), error.what());
  }
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
  app.add_option("--attempt", arguments.run.attempt, "Id of this attempt; rank 0's counts");
  app.add_option("--heartbeat-timeout", arguments.heartbeat_timeout_seconds,
                 "Seconds after which a silent rank is lost")
      ->check(CLI::PositiveNumber);
  app.add_option("--meeting-timeout", arguments.meeting_timeout_seconds,
                 "Seconds in which all ranks must have started")
      ->check(CLI::PositiveNumber);
  app.add_option("--allow-changed", arguments.run.allowed_changes, "recipe, data, model")
      ->delimiter(',');
  app.add_option("--hold-after-step", arguments.run.hold_after_step,
                 "Wait after this step to be killed or stopped; for `temper verify`")
      ->check(CLI::PositiveNumber);
  app.add_flag("--trace", arguments.run.trace,
               "Write what every thread does into the run's traces/");
  try {
    app.parse(argc, argv);
    if (arguments.check_gpus == 0 && run->empty()) {
      throw CLI::RequiredError("--run");
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
