#include "trainer/comm/nccl_communicator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/support/spawn_ranks.h"
#include "tests/trainer/comm/communicator_conformance.h"
#include "tests/trainer/comm/memory_nccl_group.h"
#include "trainer/comm/single_communicator.h"

namespace temper::comm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::MemoryNcclGroup;
using ::testing::Not;
using Kind = NcclFailure::Kind;

/// The suite of every communicator, over stages of `stage_bytes`.
ConformanceBackend staged(int num_ranks, std::size_t stage_bytes) {
  return {"Ranks" + std::to_string(num_ranks) + "Stage" + std::to_string(stage_bytes), num_ranks,
          [=](const auto& body) {
            testing::spawn_ranks(num_ranks, [&](Communicator& ranks) {
              NcclCommunicator communicator(std::make_unique<MemoryNcclGroup>(ranks, stage_bytes));
              body(communicator);
            });
          }};
}

// A stage that holds all but the largest messages, and one that is no multiple of anything.
INSTANTIATE_TEST_SUITE_P(Nccl, CommunicatorConformanceTest,
                         ::testing::Values(staged(1, 1 << 20), staged(2, 1 << 20),
                                           staged(3, 1 << 20), staged(4, 1 << 20),
                                           staged(3, 100'003), staged(4, 100'003)),
                         [](const auto& backend) { return backend.param.name; });

/// A communicator of one rank whose group is at hand.
struct Alone {
  SingleCommunicator ranks;
  MemoryNcclGroup* group = nullptr;
  std::unique_ptr<NcclCommunicator> communicator;
};

std::unique_ptr<Alone> alone(std::size_t stage_bytes = 4096) {
  auto parts = std::make_unique<Alone>();
  auto group = std::make_unique<MemoryNcclGroup>(parts->ranks, stage_bytes);
  parts->group = group.get();
  parts->communicator = std::make_unique<NcclCommunicator>(std::move(group));
  return parts;
}

TEST(NcclCommunicatorTest, AFailedCallIsRetryableAndAbortsTheGroup) {
  const auto parts = alone();
  parts->group->fail_next({Kind::kTimedOut, "WorkNCCL(SeqNum=7) timed out"});
  try {
    parts->communicator->barrier();
    FAIL() << "no error";
  } catch (const RetryableError& error) {
    EXPECT_STREQ(error.what(), "rank 0 of 1: NCCL barrier failed: WorkNCCL(SeqNum=7) timed out");
  }
  EXPECT_TRUE(parts->group->aborted()) << "or the peers would wait";
  EXPECT_THROW(parts->communicator->barrier(), RetryableError) << "it is of no use any more";
}

TEST(NcclCommunicatorTest, LackOfMemoryIsFatalAndSaysWhatToLower) {
  const auto parts = alone();
  parts->group->fail_next({Kind::kOutOfMemory, "CUDA out of memory. Tried to allocate 2 MiB"});
  std::vector<std::byte> bytes(10);
  try {
    parts->communicator->broadcast(bytes, 0);
    FAIL() << "no error";
  } catch (const FatalError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("broadcast"), HasSubstr("Tried to allocate 2 MiB"),
                                    HasSubstr("memory: low"), HasSubstr("batch.slots")));
  }
}

TEST(NcclCommunicatorTest, GivenUpItNamesTheFirstReason) {
  const auto parts = alone();
  parts->communicator->give_up("rank 3 on node-b sends no heartbeats");
  parts->communicator->give_up("something later");
  try {
    parts->communicator->all_gather({});
    FAIL() << "no error";
  } catch (const RetryableError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("given up: rank 3 on node-b sends no heartbeats"),
                                    Not(HasSubstr("later"))));
  }
}

TEST(NcclCommunicatorTest, WhatFitsTheStageGoesInOneCollective) {
  const auto parts = alone(4096);
  std::vector<std::byte> bytes(4096);
  parts->communicator->broadcast(bytes, 0);
  EXPECT_EQ(parts->group->collectives(), 1);
  bytes.resize(4097);
  parts->communicator->broadcast(bytes, 0);
  EXPECT_EQ(parts->group->collectives(), 3);
}

// A rank that sends nothing makes as many rounds as the one that sends most.
TEST(NcclCommunicatorTest, AllRanksMakeTheSameRounds) {
  std::array<int, 3> collectives{};
  testing::spawn_ranks(3, [&](Communicator& ranks) {
    auto owned = std::make_unique<MemoryNcclGroup>(ranks, 3 * 128);
    MemoryNcclGroup& group = *owned;
    NcclCommunicator communicator(std::move(owned));
    const std::size_t size = ranks.rank() == 1 ? 1000 : 0;  // to rank 2 alone
    const std::vector<std::byte> message(size, std::byte{7});
    std::vector<std::span<const std::byte>> send(3);
    std::vector<std::vector<std::byte>> receive(3);
    send[2] = message;
    if (ranks.rank() == 2) {
      receive[1].resize(1000);
    }
    communicator.all_to_all_into(send, {receive.begin(), receive.end()});
    collectives[static_cast<std::size_t>(ranks.rank())] = group.collectives();
    if (ranks.rank() == 2) {
      EXPECT_EQ(receive[1], std::vector<std::byte>(1000, std::byte{7}));
    }
  });
  const int rounds = 8;  // of 128 bytes
  EXPECT_THAT(collectives, ::testing::Each(1 + rounds));
}

}  // namespace
}  // namespace temper::comm
