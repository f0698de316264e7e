#include "trainer/comm/open_nccl.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "tests/support/fake_clock.h"
#include "tests/support/spawn_ranks.h"
#include "tests/trainer/comm/memory_nccl_group.h"

namespace temper::comm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::MemoryNcclGroup;

/// A port that nobody listens on.
std::uint16_t free_port() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return ntohs(address.sin_port);
}

NcclPlace place_of(int rank, int size, std::uint16_t port) {
  return {rank, size, rank, size, "127.0.0.1", port};
}

NcclWorld world_with(std::vector<device::Gpu> gpus) {
  NcclWorld world;
  world.devices = {true, 13000, 13000, std::move(gpus), ""};
  world.libraries = "LibTorch 2.13.0, CUDA 13.0, NCCL 2.29.7";
  world.host = "here";
  return world;
}

const device::Gpu kL4{"NVIDIA L4", 8, 9, std::uint64_t{22} << 30};

// LibTorch's own TCPStore, as on a machine with GPUs; only NCCL is replaced.
TEST(OpenNcclTest, RanksMeetInTheTcpStoreAndConnect) {
  const std::uint16_t port = free_port();
  testing::spawn_ranks(3, [&](Communicator& ranks) {
    SystemClock clock;
    NcclWorld world = world_with({kL4, kL4, kL4});
    world.open_group = [&](const NcclPlace&, const NcclSettings& settings) {
      return std::make_unique<MemoryNcclGroup>(ranks, settings.stage_bytes);
    };
    NcclSettings settings;
    settings.connect_timeout = seconds(20);
    settings.stage_bytes = 1 << 16;
    const auto communicator =
        open_nccl_communicator(place_of(ranks.rank(), 3, port), settings, world, clock);
    EXPECT_EQ(communicator->name(), "nccl");
    EXPECT_EQ(communicator->rank(), ranks.rank());
    EXPECT_EQ(communicator->size(), 3);
    communicator->barrier();
  });
}

TEST(OpenNcclTest, ARankThatNeverComesIsNamedInTime) {
  SystemClock clock;
  NcclWorld world = world_with({kL4, kL4});
  NcclSettings settings;
  settings.connect_timeout = milliseconds(300);
  const auto began = clock.steady_now();
  try {
    open_nccl_communicator(place_of(0, 2, free_port()), settings, world, clock);
    FAIL() << "no error";
  } catch (const RetryableError& error) {
    EXPECT_THAT(error.what(), HasSubstr("rank 1 did not come within"));
  }
  EXPECT_LT(clock.steady_now() - began, seconds(10));
}

TEST(OpenNcclTest, WithoutRank0ThereIsNoMeetingPlace) {
  SystemClock clock;
  NcclSettings settings;
  settings.connect_timeout = milliseconds(300);
  try {
    open_nccl_communicator(place_of(1, 2, free_port()), settings, world_with({kL4, kL4}), clock);
    FAIL() << "no error";
  } catch (const RetryableError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("rank 1"), HasSubstr("rank 0 keeps no meeting place"),
                                    HasSubstr("127.0.0.1:")));
  }
}

TEST(OpenNcclTest, TooFewGpusAreSaidBeforeAnybodyIsWaitedFor) {
  testing::FakeClock clock;
  NcclWorld world = world_with({kL4});
  world.open_store = [](const NcclPlace&, milliseconds) -> std::unique_ptr<MeetingPlace> {
    ADD_FAILURE() << "nobody is to be met";
    return nullptr;
  };
  EXPECT_THROW(open_nccl_communicator(place_of(1, 2, 1), {}, world, clock), UserError);
}

// This machine's own report, whatever it has: in a build without CUDA, or without a driver, a
// clear refusal.
TEST(OpenNcclTest, ThisMachineIsAskedForItsGpus) {
  testing::FakeClock clock;
  NcclWorld world = world_with({});
  world.devices = device::report_devices();
  if (!world.devices.gpus.empty()) {
    GTEST_SKIP() << "this machine has GPUs";
  }
  try {
    open_nccl_communicator(place_of(0, 1, 1), {}, world, clock);
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no CUDA device"));
  }
}

}  // namespace
}  // namespace temper::comm
