// The double of a GPU's memory must be able to fail, else it proves nothing.

#include "tests/trainer/device/far_memory.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <new>

namespace temper::testing {
namespace {

TEST(FarMemoryTest, ReadingItFromHereDies) {
  FarMemory memory;
  const volatile auto* const value = static_cast<float*>(memory.allocate(64));
  EXPECT_EXIT(std::exit(*value > 0 ? 1 : 0), ::testing::KilledBySignal(SIGSEGV), "");
}

TEST(FarMemoryTest, WritingItFromHereDies) {
  FarMemory memory;
  volatile auto* const value = static_cast<float*>(memory.allocate(64));
  EXPECT_EXIT(*value = 1, ::testing::KilledBySignal(SIGSEGV), "");
}

TEST(FarMemoryTest, ItIsOpenWhileAnAccessLives) {
  FarMemory memory;
  volatile auto* const value = static_cast<float*>(memory.allocate(64));
  {
    const FarMemory::Access outer(memory);
    { const FarMemory::Access inner(memory); }
    EXPECT_TRUE(std::isnan(*value));
    *value = 3;
    EXPECT_EQ(*value, 3);
  }
  EXPECT_EXIT(*value = 1, ::testing::KilledBySignal(SIGSEGV), "");
}

TEST(FarMemoryTest, CopiesGoInAndOut) {
  FarMemory memory;
  const std::array<float, 3> sent = {1, 2, 3};
  std::array<float, 3> received = {};
  auto* const one = static_cast<float*>(memory.allocate(sizeof(sent)));
  auto* const other = static_cast<float*>(memory.allocate(sizeof(sent)));
  memory.upload(sent.data(), one, sizeof(sent));
  memory.copy(one, other, sizeof(sent));
  memory.clear(other + 1, sizeof(float));
  memory.download(other, received.data(), sizeof(sent));
  EXPECT_EQ(received, (std::array<float, 3>{1, 0, 3}));
  EXPECT_EQ(memory.uploaded_bytes(), sizeof(sent));
  EXPECT_EQ(memory.downloaded_bytes(), sizeof(sent));
}

TEST(FarMemoryTest, AStartedDownloadComesWhenItIsWaitedFor) {
  FarMemory memory;
  const std::array<float, 2> sent = {1, 2};
  std::array<float, 2> received = {};
  auto* const there = static_cast<float*>(memory.allocate(sizeof(sent)));
  memory.upload(sent.data(), there, sizeof(sent));
  const auto download = memory.start_download(there, received.data(), sizeof(sent));
  EXPECT_TRUE(std::isnan(received[0]) && std::isnan(received[1]));
  download->wait();
  EXPECT_EQ(received, sent);
  memory.clear(there, sizeof(sent));
  download->wait();
  EXPECT_EQ(received, sent);
}

TEST(FarMemoryTest, WritingWhatIsStillBeingDownloadedDies) {
  FarMemory memory;
  float received = 0;
  auto* const there = static_cast<float*>(memory.allocate(sizeof(received)));
  const auto download = memory.start_download(there, &received, sizeof(received));
  EXPECT_DEATH(
      {
        memory.clear(there, sizeof(received));
        download->wait();
      },
      "before their download was over");
}

TEST(FarMemoryTest, AllocationsAreAlignedAndApart) {
  FarMemory memory;
  void* const first = memory.allocate(65);
  void* const second = memory.allocate(1);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second) % 64, 0U);
  EXPECT_EQ(static_cast<std::byte*>(second) - static_cast<std::byte*>(first), 128);
  EXPECT_TRUE(memory.holds(first, 128));
  EXPECT_FALSE(memory.holds(first, 129));
  EXPECT_EQ(memory.peak_bytes(), 192U);
  memory.release(first);
  EXPECT_FALSE(memory.holds(first, 1));
  EXPECT_EQ(memory.allocate(128), first);
  EXPECT_THROW(memory.allocate(std::size_t{1} << 30), std::bad_alloc);
}

}  // namespace
}  // namespace temper::testing
