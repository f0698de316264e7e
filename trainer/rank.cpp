#include "trainer/rank.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/base/clock.h"
#include "core/base/environment.h"
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

namespace temper {
namespace {

[[noreturn]] void end_process(ExitCode code, const std::string& message) {
  fmt::print(stderr, "temper-trainer: {}\n", message);
  std::fflush(stderr);
  std::_Exit(static_cast<int>(code));
}

/// What a rank needs to leave: whom to tell, and how.
class Departure {
 public:
  Departure(const RankArguments& arguments, int rank, const Logger& logger)
      : arguments_(arguments), rank_(rank), logger_(logger) {}

  /// Leaves word of how this rank goes, for those who only learn how its peers were killed then.
  void note(ExitCode code, const std::string& message) const {
    run::note_rank_exit({arguments_.run.run_directory}, arguments_.run.attempt,
                        {rank_, comm::host_name(), static_cast<int>(code), message});
  }

  /// A rank that fails leaves at once, without MPI's farewell: its peers wait in a collective, and
  /// the starter of ranks ends the others when it sees the exit code.
  [[noreturn]] void leave(ExitCode code, const std::string& message) const {
    logger_.error("{}", message);
    note(code, message);
    end_process(code, message);
  }

 private:
  const RankArguments& arguments_;
  int rank_;
  const Logger& logger_;
};

/// Rank 0's attempt is everybody's: in pods the others can't know it.
std::string agree_on_attempt(comm::Communicator& communicator, const std::string& own) {
  const auto all = communicator.all_gather(std::as_bytes(std::span(own)));
  return {reinterpret_cast<const char*>(all[0].data()), all[0].size()};
}

std::chrono::nanoseconds duration_of(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

comm::HeartbeatSettings heartbeat_settings(double timeout_seconds) {
  constexpr int kBeatsATimeout = 5;
  comm::HeartbeatSettings settings;
  settings.timeout = duration_of(timeout_seconds);
  settings.interval = std::min(settings.interval, settings.timeout / kBeatsATimeout);
  return settings;
}

/// A machine's ranks take its GPUs in their order.
int choose_gpu(comm::Communicator& communicator) {
  const std::string host = comm::host_name();
  const auto hosts = communicator.all_gather(std::as_bytes(std::span(host)));
  const auto& own = hosts[static_cast<std::size_t>(communicator.rank())];
  const auto local_ranks = std::count(hosts.begin(), hosts.end(), own);
  device::check_gpus(device::report_devices(), static_cast<int>(local_ranks));
  return static_cast<int>(std::count(hosts.begin(), hosts.begin() + communicator.rank(), own));
}

/// A group and what keeps watch over it: made and ended in an order of their own.
class Rank {
 public:
  Rank(RankArguments& arguments, train::StopSignal& stop) : arguments_(arguments), stop_(stop) {
    const comm::StartWatch watch(duration_of(arguments.meeting_timeout_seconds), [&arguments] {
      end_process(ExitCode::kRetryable,
                  fmt::format("the {} ranks did not meet within {:.0f} s; one is frozen or never "
                              "started",
                              arguments.ranks, arguments.meeting_timeout_seconds));
    });
    communicator_ =
        comm::open_communicator(Environment::from_process(), arguments.ranks,
                                arguments.run.run_directory.filename().string(), clock_);
    arguments.run.attempt = agree_on_attempt(*communicator_, arguments.run.attempt);
    const int rank = communicator_->rank();
    logger_.emplace(LogLevel::kInfo, fmt::format("rank {}", rank),
                    run::RunLayout{arguments.run.run_directory}.rank_log(rank));
    departure_.emplace(arguments, rank, *logger_);
    heartbeat_ = comm::Heartbeat::start({*communicator_, activity_, *logger_, clock_,
                                         [this](const comm::Loss& loss) {
                                           departure_->leave(static_cast<ExitCode>(loss.exit_code),
                                                             describe(loss));
                                         }},
                                        heartbeat_settings(arguments.heartbeat_timeout_seconds));
  }

  ExitCode train() {
    try {
      if (arguments_.gpus) {
        arguments_.run.open_kernels = train::open_gpu_kernels(choose_gpu(*communicator_));
      }
      train::run_training(arguments_.run, *communicator_, *logger_, clock_, activity_,
                          [this] { return stop_.requested(); });
      end(ExitCode::kDone, "");
      return ExitCode::kDone;
    } catch (const StopRequested& stopped) {
      logger_->info("{}", stopped.what());
      departure_->note(stopped.exit_code(), stopped.what());
      end(stopped.exit_code(), stopped.what());
      return stopped.exit_code();
    } catch (const std::exception& error) {
      say_goodbye(exit_code_of(error), error.what());
      departure_->leave(exit_code_of(error), error.what());
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

  RankArguments& arguments_;
  train::StopSignal& stop_;
  SystemClock clock_;
  std::unique_ptr<comm::Communicator> communicator_;
  std::optional<Logger> logger_;
  std::optional<Departure> departure_;
  comm::Activity activity_;
  std::unique_ptr<comm::Heartbeat> heartbeat_;
};

}  // namespace

ExitCode run_rank(RankArguments& arguments, train::StopSignal& stop) {
  try {
    return Rank(arguments, stop).train();
  } catch (const std::exception& error) {
    end_process(exit_code_of(error), error.what());
  }
}

}  // namespace temper
