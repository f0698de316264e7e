#include "trainer/comm/gpu_rank.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <mutex>
#include <thread>

#include "core/base/error.h"
#include "tests/support/spawn_ranks.h"
#include "tests/trainer/comm/communicator_conformance.h"
#include "tests/trainer/comm/gpu_ranks.h"
#include "tests/trainer/comm/tcp_ranks.h"
#include "trainer/comm/heartbeat.h"
#include "trainer/comm/single_communicator.h"
#include "trainer/comm/watched_group.h"

namespace temper::comm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Variables = std::map<std::string, std::string>;

/// The suite of every communicator, from the launcher's group to NCCL's stand-in.
ConformanceBackend wired(int num_ranks) {
  return {"Ranks" + std::to_string(num_ranks), num_ranks,
          [=](const auto& body) { GpuRanks(num_ranks).run_connected(body); }};
}

INSTANTIATE_TEST_SUITE_P(GpuRank, CommunicatorConformanceTest,
                         ::testing::Values(wired(2), wired(3), wired(4)),
                         [](const auto& backend) { return backend.param.name; });

/// What a launcher puts into the environment of rank `rank` of three.
struct Launcher {
  std::string name;
  std::function<Variables(int rank, const std::string& port)> variables;
};

class GpuRankLauncherTest : public ::testing::TestWithParam<Launcher> {};

TEST_P(GpuRankLauncherTest, ItsRanksTalkOverNccl) {
  GpuRanks ranks(3);
  const std::string port = std::to_string(free_port());
  std::array<int, 3> gpus{};
  ranks.run([&](int rank) {
    SystemClock clock;
    const Logger logger(LogLevel::kError);
    const Environment environment(GetParam().variables(rank, port));
    GpuRank opened = open_gpu_rank(open_communicator(environment, 3, "run", clock),
                                   ranks.settings(), ranks.world(rank), logger, clock);
    EXPECT_EQ(opened.communicator->name(), "nccl");
    EXPECT_EQ(opened.communicator->rank(), rank);
    opened.communicator->barrier();
    gpus[static_cast<std::size_t>(rank)] = opened.gpu;
  });
  EXPECT_THAT(gpus, ElementsAre(0, 1, 2));
}

// Those that MPI starts: NcclUnderMpi (gpu_rank_mpi_test.cpp).
INSTANTIATE_TEST_SUITE_P(
    Launchers, GpuRankLauncherTest,
    ::testing::Values(Launcher{"Torchrun",
                               [](int rank, const std::string& port) {
                                 return Variables{{"RANK", std::to_string(rank)},
                                                  {"WORLD_SIZE", "3"},
                                                  {"MASTER_ADDR", "127.0.0.1"},
                                                  {"MASTER_PORT", port}};
                               }},
                      Launcher{"TrainJob",
                               [](int rank, const std::string& port) {
                                 return Variables{{"PET_NODE_RANK", std::to_string(rank)},
                                                  {"PET_NNODES", "3"},
                                                  {"PET_MASTER_ADDR", "127.0.0.1"},
                                                  {"PET_MASTER_PORT", port}};
                               }},
                      Launcher{"JobSet",
                               [](int rank, const std::string& port) {
                                 return Variables{{"JOB_COMPLETION_INDEX", std::to_string(rank)},
                                                  {"MASTER_ADDR", "127.0.0.1"},
                                                  {"MASTER_PORT", port}};
                               }},
                      Launcher{"ClusterSpec",
                               [](int rank, const std::string& /*port: 3333*/) {
                                 const std::string type = rank == 0 ? "workerpool0" : "workerpool1";
                                 const std::string index = rank == 2 ? "1" : "0";
                                 return Variables{
                                     {"CLUSTER_SPEC",
                                      R"({"cluster": {"workerpool0": ["127.0.0.1:2222"],)"
                                      R"( "workerpool1": ["b:2222", "c:2222"]},)"
                                      R"( "task": {"type": ")" +
                                          type + R"(", "index": )" + index + "}}"}};
                               }}),
    [](const auto& launcher) { return launcher.param.name; });

TEST(AgreeOnPlaceTest, LocalRanksAreCountedByHost) {
  std::array<NcclPlace, 4> places;
  testing::spawn_ranks(4, [&](Communicator& launched) {
    SystemClock clock;
    const auto rank = static_cast<std::size_t>(launched.rank());
    places[rank] =
        agree_on_place(launched, rank % 2 == 0 ? "even" : "odd", Logger(LogLevel::kError), clock);
  });
  for (int rank = 0; rank < 4; ++rank) {
    const NcclPlace& place = places[static_cast<std::size_t>(rank)];
    EXPECT_EQ(place.rank, rank);
    EXPECT_EQ(place.size, 4);
    EXPECT_EQ(place.local_rank, rank / 2);
    EXPECT_EQ(place.local_size, 2);
    EXPECT_EQ(place.address, "127.0.0.1");
    EXPECT_NE(place.port, 0);
    EXPECT_EQ(place.port, places[0].port);
  }
}

TEST(OpenGpuRankTest, ASingleRankNeedsAGpuButNoNccl) {
  SystemClock clock;
  const Logger logger(LogLevel::kError);
  GpuRanks ranks(1);
  EXPECT_EQ(open_gpu_rank(std::make_unique<SingleCommunicator>(), {}, ranks.world(0), logger, clock)
                .communicator->name(),
            "single");
  NcclWorld world = ranks.world(0);
  world.devices.gpus.clear();
  EXPECT_THAT(error_of([&] {
                open_gpu_rank(std::make_unique<SingleCommunicator>(), {}, world, logger, clock);
              }),
              AllOf(StartsWith("user: "), HasSubstr("no GPU is visible")));
}

/// What each of three ranks says when the worlds are as `change` makes them.
std::vector<std::string> errors_with(milliseconds connect_timeout,
                                     const std::function<void(int rank, NcclWorld&)>& change) {
  GpuRanks ranks(3);
  std::vector<std::string> errors(3);
  std::vector<GpuRank> opened(3);  // a rank that lives keeps its store until the others are done
  ranks.run([&](int rank) {
    SystemClock clock;
    NcclWorld world = ranks.world(rank);
    change(rank, world);
    const auto index = static_cast<std::size_t>(rank);
    errors[index] = error_of([&] {
      opened[index] = open_gpu_rank(ranks.launched(rank, clock), ranks.settings(connect_timeout),
                                    world, Logger(LogLevel::kError), clock);
    });
  });
  return errors;
}

TEST(OpenGpuRankTest, ARankThatDoesNotComeToTheMeetingIsNamedByAllOthersInTime) {
  const auto began = std::chrono::steady_clock::now();
  const auto errors = errors_with(seconds(2), [](int rank, NcclWorld& world) {
    if (rank == 2) {
      world.devices.gpus.resize(1);
    }
  });
  EXPECT_THAT(errors[0], AllOf(StartsWith("retryable: "), HasSubstr("rank 2 did not come within")));
  EXPECT_THAT(errors[1], AllOf(StartsWith("retryable: "), HasSubstr("rank 2 did not come within")));
  EXPECT_THAT(errors[2], AllOf(StartsWith("user: "), HasSubstr("3 ranks on this machine, but 1")));
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(10));
}

TEST(OpenGpuRankTest, MixedGpusAreRefusedByAllRanks) {
  EXPECT_THAT(errors_with(seconds(20),
                          [](int rank, NcclWorld& world) {
                            world.host = "node-" + std::to_string(rank);
                            if (rank == 1) {
                              world.devices.gpus.assign(1, {"NVIDIA H100 80GB HBM3", 9, 0, 1});
                            }
                          }),
              Each(AllOf(StartsWith("user: "), HasSubstr("GPU of kind NVIDIA L4"),
                         HasSubstr("rank 1 on node-1 has NVIDIA H100"))));
}

TEST(OpenGpuRankTest, LackOfMemoryWhileConnectingIsFatalAndSaysWhatToLower) {
  const auto errors = errors_with(seconds(20), [](int rank, NcclWorld& world) {
    if (rank == 1) {
      world.open_group = [](const NcclPlace&, const NcclSettings&) -> std::unique_ptr<NcclGroup> {
        throw NcclFailure(NcclFailure::Kind::kOutOfMemory, "Tried to allocate 64.00 MiB");
      };
    }
  });
  EXPECT_THAT(errors[1], AllOf(StartsWith("fatal: rank 1 of 3"), HasSubstr("64.00 MiB"),
                               HasSubstr("memory: low"), HasSubstr("batch.slots")));
}

TEST(OpenGpuRankTest, NcclThatDoesNotConnectIsRetryable) {
  EXPECT_THAT(
      errors_with(seconds(20),
                  [](int, NcclWorld& world) {
                    world.open_group = [](const NcclPlace&,
                                          const NcclSettings&) -> std::unique_ptr<NcclGroup> {
                      std::this_thread::sleep_for(milliseconds(300));  // all get so far
                      throw NcclFailure(NcclFailure::Kind::kTimedOut, "timed out");
                    };
                  }),
      Each(AllOf(StartsWith("retryable: "), HasSubstr("all ranks are there"),
                 HasSubstr("NCCL_SOCKET_IFNAME"))));
}

/// Three ranks under heartbeats wait in a collective for rank 2, which `leave`s. What they say.
std::vector<std::string> errors_after(const std::function<void(std::unique_ptr<Heartbeat>&)>& leave,
                                      int* num_losses) {
  const HeartbeatSettings quick{milliseconds(50), seconds(2), std::chrono::minutes(5)};
  GpuRanks ranks(3);
  std::vector<std::string> errors(3);
  std::atomic<int> losses = 0;
  ranks.run([&](int rank) {
    SystemClock clock;
    Activity activity;
    const Logger logger(LogLevel::kError);
    WatchedGroup group;
    auto launched = ranks.launched(rank, clock);
    auto heartbeat = Heartbeat::start({*launched, activity, logger, clock,
                                       [&](const Loss& loss) {
                                         ++losses;
                                         EXPECT_TRUE(group.give_up(describe(loss), seconds(5)));
                                       }},
                                      quick);
    ASSERT_TRUE(heartbeat);
    const GpuRank opened =
        open_gpu_rank(std::move(launched), ranks.settings(), ranks.world(rank), logger, clock);
    group.watch(*opened.communicator);
    opened.communicator->barrier();
    if (rank == 2) {
      leave(heartbeat);
    } else {
      errors[static_cast<std::size_t>(rank)] = error_of([&] { opened.communicator->barrier(); });
      EXPECT_THAT(error_of([&] { opened.communicator->all_gather({}); }), StartsWith("retryable"));
    }
    group.forget();
  });
  *num_losses = losses;
  return errors;
}

TEST(GpuRankHeartbeatTest, APeerThatDiesFreesWhoeverWaitsForIt) {
  int losses = 0;
  const auto began = std::chrono::steady_clock::now();
  const auto errors = errors_after([](auto& heartbeat) { heartbeat.reset(); }, &losses);
  for (const int rank : {0, 1}) {
    EXPECT_THAT(errors[static_cast<std::size_t>(rank)],
                AllOf(HasSubstr("NCCL barrier was given up: rank 2"), HasSubstr("died")));
  }
  EXPECT_EQ(losses, 2);
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(10));
}

TEST(GpuRankHeartbeatTest, APeerThatFailsTellsItsReason) {
  int losses = 0;
  const auto errors = errors_after(
      [](auto& heartbeat) {
        heartbeat->leave({78, "no GPU memory left"});
      },
      &losses);
  EXPECT_THAT(errors[0], AllOf(StartsWith("retryable"), HasSubstr("no GPU memory left")));
  EXPECT_EQ(losses, 2);
}

}  // namespace
}  // namespace temper::comm
