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
#include "trainer/collective_test.h"
#include "trainer/comm/activity.h"
#include "trainer/comm/communicator.h"
#include "trainer/comm/gpu_rank.h"
#include "trainer/comm/heartbeat.h"
#include "trainer/comm/start_watch.h"
#include "trainer/comm/tcp_socket.h"
#include "trainer/comm/watched_group.h"
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

  /// Leaves word of how this rank goes, for those who only learn how its peers were killed then, or
  /// who wait for one that is frozen.
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

/// For NCCL to notice by itself what it was told: its own timeout, an abort.
constexpr std::chrono::seconds kNcclGrace{5};

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
                                         [this](const comm::Loss& loss) { leave_after(loss); }},
                                        heartbeat_settings(arguments.heartbeat_timeout_seconds));
  }

  ExitCode live() {
    try {
      if (arguments_.gpus) {
        connect_gpus();
      }
      group_.watch(*communicator_);
      work();
      departure_->note(ExitCode::kDone, "done");
      end(ExitCode::kDone, "");
      return ExitCode::kDone;
    } catch (const StopRequested& stopped) {
      logger_->info("{}", stopped.what());
      departure_->note(stopped.exit_code(), stopped.what());
      end(stopped.exit_code(), stopped.what());
      return stopped.exit_code();
    } catch (const std::exception& error) {
      group_.forget();
      say_goodbye(exit_code_of(error), error.what());
      departure_->leave(exit_code_of(error), error.what());
    }
  }

 private:
  /// The ranks as they were started have met already, and have heartbeats.
  void connect_gpus() {
    activity_.enter("connect");
    comm::NcclSettings settings;
    settings.connect_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(
        duration_of(arguments_.meeting_timeout_seconds));
    const auto patience = 2 * settings.connect_timeout;  // meeting, then connecting
    const comm::StartWatch watch(patience + kNcclGrace, [this] {
      departure_->leave(ExitCode::kRetryable,
                        fmt::format("NCCL hangs while it connects the {} ranks; see what "
                                    "NCCL_DEBUG=INFO says",
                                    arguments_.ranks));
    });
    const comm::NcclWorld world{device::report_devices(), device::library_versions(),
                                comm::host_name()};
    comm::GpuRank opened =
        comm::open_gpu_rank(std::move(communicator_), settings, world, *logger_, clock_);
    communicator_ = std::move(opened.communicator);
    arguments_.run.open_kernels = train::open_gpu_kernels(opened.gpu);
  }

  void work() {
    if (arguments_.test_bytes > 0) {
      test_collectives(arguments_.test_bytes, {arguments_.run.run_directory}, *communicator_,
                       clock_, activity_);
      return;
    }
    train::run_training(arguments_.run, *communicator_, *logger_, clock_, activity_,
                        [this] { return stop_.requested(); });
  }

  /// In the heartbeat's thread: nobody is to wait for the lost rank.
  [[noreturn]] void leave_after(const comm::Loss& loss) {
    group_.give_up(describe(loss), kNcclGrace);
    departure_->leave(static_cast<ExitCode>(loss.exit_code), describe(loss));
  }

  /// The heartbeat goes last: closing the group may wait for the others.
  void end(ExitCode code, const std::string& message) {
    activity_.enter("leave");
    group_.forget();
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
  comm::WatchedGroup group_;
  std::optional<Logger> logger_;
  std::optional<Departure> departure_;
  comm::Activity activity_;
  std::unique_ptr<comm::Heartbeat> heartbeat_;
};

}  // namespace

ExitCode run_rank(RankArguments& arguments, train::StopSignal& stop) {
  try {
    return Rank(arguments, stop).live();
  } catch (const std::exception& error) {
    end_process(exit_code_of(error), error.what());
  }
}

}  // namespace temper
