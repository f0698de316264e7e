#include "trainer/comm/heartbeat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>
#include <mutex>
#include <thread>

#include "core/base/error.h"
#include "tests/support/spawn_ranks.h"
#include "tests/trainer/comm/tcp_ranks.h"
#include "trainer/comm/tcp_communicator.h"

namespace temper::comm {
namespace {

using ::testing::AllOf;
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

/// Threads as ranks; each has a heartbeat while `body` runs.
void with_heartbeats(
    int size, Told& told,
    const std::function<void(int rank, std::unique_ptr<Heartbeat>&, Activity&)>& body) {
  testing::spawn_ranks(size, [&](Communicator& communicator) {
    SystemClock clock;
    Activity activity;
    const Logger logger(LogLevel::kError);
    auto heartbeat = Heartbeat::start(
        {communicator, activity, logger, clock, [&](const Loss& loss) { told.add(loss); }}, kQuick);
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

/// Ranks as processes; rank `victim` gets `signal`. How the others ended: their exit codes.
std::vector<int> codes_after(int size, int victim, int signal) {
  const int port = free_port();
  std::vector<pid_t> pids;
  for (int rank = 0; rank < size; ++rank) {
    pids.push_back(::fork());
    if (pids.back() == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      SystemClock clock;
      const auto communicator = open_tcp_communicator(local_meeting(rank, size, port), clock);
      const Activity activity;
      const Logger logger(LogLevel::kError);
      const auto heartbeat = Heartbeat::start(
          {*communicator, activity, logger, clock,
           [&](const Loss& loss) { ::_exit(loss.rank == victim ? loss.exit_code : 1); }},
          kQuick);
      while (true) {
        ::pause();
      }
    }
  }
  std::this_thread::sleep_for(std::chrono::seconds(1));
  ::kill(pids[static_cast<std::size_t>(victim)], signal);
  std::vector<int> codes;
  for (int rank = 0; rank < size; ++rank) {
    if (rank != victim) {
      int status = 0;
      ::waitpid(pids[static_cast<std::size_t>(rank)], &status, 0);
      codes.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    }
  }
  ::kill(pids[static_cast<std::size_t>(victim)], SIGKILL);
  ::waitpid(pids[static_cast<std::size_t>(victim)], nullptr, 0);
  return codes;
}

TEST(HeartbeatTest, AKilledProcessIsNoticedWithinSeconds) {
  for (const int victim : {0, 2}) {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_THAT(codes_after(3, victim, SIGKILL), Each(75)) << victim;
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  }
}

TEST(HeartbeatTest, AFrozenProcessIsNoticedWithinTwiceTheTimeout) {
  for (const int victim : {0, 1}) {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_THAT(codes_after(3, victim, SIGSTOP), Each(75)) << victim;
    EXPECT_LT(std::chrono::steady_clock::now() - began,
              std::chrono::seconds(1) + 2 * kQuick.timeout + std::chrono::seconds(2));
  }
}

}  // namespace
}  // namespace temper::comm
