#include "trainer/comm/heartbeat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <thread>

#include "core/base/error.h"
#include "tests/support/spawn_ranks.h"
#include "tests/support/temporary_directory.h"
#include "tests/trainer/comm/tcp_ranks.h"
#include "trainer/comm/tcp_communicator.h"

namespace temper::comm {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const HeartbeatSettings kQuick{std::chrono::milliseconds(50), std::chrono::seconds(2),
                               std::chrono::minutes(5)};

/// What the ranks of a test were told, by any thread.
class Told {
 public:
  void add(const Loss& loss) {
    const std::lock_guard lock(mutex_);
    losses_.push_back(loss);
  }
  std::vector<Loss> losses() {
    const std::lock_guard lock(mutex_);
    return losses_;
  }
  bool wait_for(std::size_t count) {
    for (int i = 0; i < 500 && losses().size() < count; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return losses().size() >= count;
  }

 private:
  std::mutex mutex_;
  std::vector<Loss> losses_;
};

/// Threads as ranks; each has a heartbeat while `body` runs, rank 0's log is `log`.
void with_heartbeats(
    int size, Told& told,
    const std::function<void(int rank, std::unique_ptr<Heartbeat>&, Activity&)>& body,
    const HeartbeatSettings& settings = kQuick, const std::filesystem::path& log = "/dev/null") {
  testing::spawn_ranks(size, [&](Communicator& communicator) {
    SystemClock clock;
    Activity activity;
    const Logger logger(LogLevel::kWarning, "", communicator.rank() == 0 ? log : "/dev/null");
    auto heartbeat = Heartbeat::start(
        {communicator, activity, logger, clock, [&](const Loss& loss) { told.add(loss); }},
        settings);
    ASSERT_TRUE(heartbeat);
    body(communicator.rank(), heartbeat, activity);
  });
}

TEST(HeartbeatTest, ASingleRankHasNone) {
  testing::spawn_ranks(1, [](Communicator& communicator) {
    SystemClock clock;
    const Activity activity;
    const Logger logger(LogLevel::kError);
    EXPECT_FALSE(Heartbeat::start({communicator, activity, logger, clock, {}}, kQuick));
  });
}

TEST(HeartbeatTest, NobodyIsLostWhereAllLeaveInOrder) {
  Told told;
  with_heartbeats(4, told, [](int rank, auto& heartbeat, Activity&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300 + 100 * rank));
    heartbeat->leave({rank == 2 ? 85 : 0, "done"});
  });
  EXPECT_THAT(told.losses(), SizeIs(0));
}

TEST(HeartbeatTest, ARankThatDiesIsToldToAllOthersWithItsStepAndPhase) {
  Told told;
  with_heartbeats(4, told, [&](int rank, auto& heartbeat, Activity& activity) {
    if (rank == 2) {
      activity.begin_step(17);
      activity.enter("reduce");
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      heartbeat.reset();  // without a word
    }
    EXPECT_TRUE(told.wait_for(3));
  });
  EXPECT_THAT(told.losses(), SizeIs(3));
  for (const Loss& loss : told.losses()) {
    EXPECT_EQ(loss.rank, 2);
    EXPECT_THAT(describe(loss), AllOf(HasSubstr("died"), HasSubstr("step 17, phase reduce")));
  }
}

TEST(HeartbeatTest, TheDeathOfRankZeroIsNoticedByEveryOther) {
  Told told;
  with_heartbeats(3, told, [&](int rank, auto& heartbeat, Activity&) {
    if (rank == 0) {
      heartbeat.reset();
    }
    EXPECT_TRUE(told.wait_for(2));
  });
  for (const Loss& loss : told.losses()) {
    EXPECT_EQ(loss.rank, 0);
    EXPECT_EQ(loss.exit_code, 75);
  }
}

TEST(HeartbeatTest, ARankThatFailsPassesItsReasonToAll) {
  for (const int failing : {0, 1}) {
    Told told;
    with_heartbeats(3, told, [&](int rank, auto& heartbeat, Activity&) {
      if (rank == failing) {
        heartbeat->leave({78, "corrupt data"});
      }
      EXPECT_TRUE(told.wait_for(2));
    });
    EXPECT_THAT(told.losses(), SizeIs(2));
    for (const Loss& loss : told.losses()) {
      EXPECT_EQ(loss.rank, failing);
      EXPECT_EQ(loss.exit_code, 78);
      EXPECT_THAT(loss.reason, HasSubstr("corrupt data"));
    }
  }
}

TEST(HeartbeatTest, AStallIsLoggedWithEveryRanksPhaseAndASlowRankByName) {
  const testing::TemporaryDirectory folder;
  const std::filesystem::path log = folder.path() / "rank-0.log";
  HeartbeatSettings settings = kQuick;
  settings.stall = std::chrono::milliseconds(400);
  Told told;
  with_heartbeats(
      2, told,
      [&](int rank, auto& heartbeat, Activity& activity) {
        activity.begin_step(17);
        activity.enter(rank == 0 ? "reduce" : "compute", /*waits=*/rank == 0);
        const auto has_reported_all =
            [&] {  // the first report may come before a rank's step is known
              const std::string text = testing::read_file(log);
              return text.find("is slow") != std::string::npos &&
                     text.find("step 17, reduce") != std::string::npos &&
                     text.find("step 17, compute") != std::string::npos;
            };
        for (int i = 0; i < 500 && !has_reported_all(); ++i) {
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        heartbeat->leave({0, "done"});
      },
      settings, log);
  EXPECT_THAT(testing::read_file(log),
              AllOf(HasSubstr("no rank got on"), HasSubstr("step 17, reduce"),
                    HasSubstr("step 17, compute"), ContainsRegex("rank 1 .* is slow")));
}

/// Ranks as processes that do nothing but beat.
class RankProcesses {
 public:
  /// Returns once all beat.
  RankProcesses(int size, const HeartbeatSettings& settings) {
    std::array<int, 2> ready{};
    EXPECT_EQ(::pipe(ready.data()), 0);
    const int port = free_port();
    for (int rank = 0; rank < size; ++rank) {
      pids_.push_back(::fork());
      if (pids_.back() == 0) {
        beat(rank, size, port, settings, ready[1]);
      }
    }
    ::close(ready[1]);
    char byte = 0;
    for (int rank = 0; rank < size; ++rank) {
      EXPECT_EQ(::read(ready[0], &byte, 1), 1) << "a rank did not start";
    }
    ::close(ready[0]);
  }
  ~RankProcesses() {
    for (const pid_t pid : pids_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }
  RankProcesses(const RankProcesses&) = delete;
  RankProcesses& operator=(const RankProcesses&) = delete;

  void strike(int victim, int signal) {
    victim_ = victim;
    ::kill(pids_[static_cast<std::size_t>(victim)], signal);
  }

  /// How the others ended: with the loss's code if the victim is the lost one.
  std::vector<int> codes_of_others() {
    const pid_t victim = pids_[static_cast<std::size_t>(victim_)];
    std::vector<int> codes;
    for (const pid_t pid : pids_) {
      if (pid != victim) {
        int status = 0;
        ::waitpid(pid, &status, 0);
        const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        codes.push_back(code >= kLost ? (code - kLost == victim_ ? 75 : 1) : code);
      }
    }
    pids_ = {victim};
    return codes;
  }

 private:
  static constexpr int kLost = 100;  // exit codes from here on: the rank that was lost

  [[noreturn]] static void beat(int rank, int size, int port, const HeartbeatSettings& settings,
                                int ready) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    SystemClock clock;
    const auto communicator = open_tcp_communicator(local_meeting(rank, size, port), clock);
    const Activity activity;
    const Logger logger(LogLevel::kError);
    const auto heartbeat = Heartbeat::start(
        {*communicator, activity, logger, clock,
         [](const Loss& loss) { ::_exit(loss.exit_code == 75 ? kLost + loss.rank : 1); }},
        settings);
    EXPECT_EQ(::write(ready, "", 1), 1);
    while (true) {
      ::pause();
    }
  }

  std::vector<pid_t> pids_;
  int victim_ = 0;
};

/// Rank 0 of one world and rank 1 of another are struck; how long their peers took to leave, all
/// with 75.
std::chrono::nanoseconds time_to_notice(int signal, const HeartbeatSettings& settings) {
  RankProcesses first(3, settings);
  RankProcesses second(3, settings);
  const auto began = std::chrono::steady_clock::now();
  first.strike(0, signal);
  second.strike(1, signal);
  EXPECT_THAT(first.codes_of_others(), Each(75));
  EXPECT_THAT(second.codes_of_others(), Each(75));
  return std::chrono::steady_clock::now() - began;
}

TEST(HeartbeatTest, AKilledProcessIsNoticedAtOnce) {
  EXPECT_LT(time_to_notice(SIGKILL, kQuick), kQuick.timeout);
}

TEST(HeartbeatTest, AFrozenProcessIsNoticedWithinTwiceTheTimeout) {
  HeartbeatSettings settings = kQuick;
  settings.timeout = std::chrono::seconds(1);
  EXPECT_LT(time_to_notice(SIGSTOP, settings), 2 * settings.timeout);
}

}  // namespace
}  // namespace temper::comm
