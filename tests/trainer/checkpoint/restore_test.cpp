#include "trainer/checkpoint/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "core/base/error.h"
#include "core/run/run_layout.h"
#include "core/storage/memory_store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/spawn_ranks.h"
#include "tests/support/temporary_directory.h"
#include "tests/trainer/checkpoint/training_state.h"

namespace temper::checkpoint {
namespace {

using temper::testing::FaultyStore;
using temper::testing::spawn_ranks;
using ::testing::HasSubstr;

class RestoreRanksTest : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(RestoreRanksTest, ReadsWhatAnyNumberOfRanksWrote) {
  const auto [writers, readers] = GetParam();
  storage::MemoryStore memory;
  ASSERT_TRUE(save(memory, writers, 5, "aaaa"));
  EXPECT_EQ(restored_step(memory, readers), 5);
}

INSTANTIATE_TEST_SUITE_P(WritersAndReaders, RestoreRanksTest,
                         ::testing::Combine(::testing::Range(1, 5), ::testing::Range(1, 5)));

class RestoreTest : public ::testing::Test {
 protected:
  // The error that every rank gets, with its exit code in front.
  std::string error_of(int num_ranks, const storage::ObjectStore& store, TrainingState* state) {
    std::vector<std::string> errors(static_cast<std::size_t>(num_ranks));
    spawn_ranks(num_ranks, [&](comm::Communicator& communicator) {
      TrainingState own;
      try {
        restore(store, communicator, state != nullptr ? state->tensors() : own.tensors(),
                Logger(LogLevel::kError));
      } catch (const Error& error) {
        errors[static_cast<std::size_t>(communicator.rank())] =
            std::to_string(static_cast<int>(error.exit_code())) + " " + error.what();
      }
    });
    for (const std::string& error : errors) {
      EXPECT_EQ(error, errors.front()) << "ranks disagree";
    }
    return errors.front();
  }

  storage::MemoryStore memory_;
};

TEST_F(RestoreTest, WithoutACheckpointThereIsNone) {
  EXPECT_EQ(restored_step(memory_, 3), -1);
}

TEST_F(RestoreTest, ReadsFromAFolder) {
  const temper::testing::TemporaryDirectory root;
  const auto store = storage::open_store((root / "checkpoints").string());
  ASSERT_TRUE(save(*store, 3, 5, "aaaa"));
  ASSERT_TRUE(save(*store, 2, 6, "bbbb"));
  EXPECT_EQ(restored_step(*store, 4), 6);
}

TEST_F(RestoreTest, FallsBackWhenAnObjectIsDamagedMissingOrCut) {
  const std::string newest = "step-00000006.bbbb/" + run::share_name(1, 2);
  ASSERT_TRUE(save(memory_, 2, 5, "aaaa"));
  ASSERT_TRUE(save(memory_, 2, 6, "bbbb"));
  const std::vector<std::byte> whole = memory_.read(newest).value();

  damage(memory_, newest);
  EXPECT_EQ(restored_step(memory_, 2), 5);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, whole.size() / 2, whole.size() - 1}) {
    memory_.write(newest, std::span(whole).first(size));
    EXPECT_EQ(restored_step(memory_, 2), 5) << size << " bytes";
  }
  memory_.remove(newest);
  EXPECT_EQ(restored_step(memory_, 2), 5);
  memory_.write(newest, whole);
  EXPECT_EQ(restored_step(memory_, 2), 6);
}

TEST_F(RestoreTest, FallsBackWhenTheManifestIsCutAnywhere) {
  ASSERT_TRUE(save(memory_, 1, 5, "aaaa"));
  ASSERT_TRUE(save(memory_, 1, 6, "bbbb"));
  const std::string key = "step-00000006.bbbb/" + std::string(run::kManifestName);
  const std::vector<std::byte> whole = memory_.read(key).value();
  // Without its last bytes it may only lack a newline.
  for (std::size_t size = 0; size + 2 < whole.size(); size += 7) {
    memory_.write(key, std::span(whole).first(size));
    EXPECT_EQ(restored_step(memory_, 1), 5) << size << " bytes";
  }
}

TEST_F(RestoreTest, TheSameStepOfAnotherAttemptStandsInForADamagedOne) {
  ASSERT_TRUE(save(memory_, 2, 6, "aaaa"));
  ASSERT_TRUE(save(memory_, 3, 6, "bbbb"));
  for (const char* broken : {"aaaa", "bbbb"}) {
    const std::string key =
        std::string("step-00000006.") + broken + "/" + std::string(run::kManifestName);
    const std::vector<std::byte> whole = memory_.read(key).value();
    memory_.remove(key);
    EXPECT_EQ(restored_step(memory_, 2), 6);
    memory_.write(key, whole);
  }
}

TEST_F(RestoreTest, AManifestCopiedFromAnotherAttemptIsNoCheckpoint) {
  ASSERT_TRUE(save(memory_, 1, 5, "aaaa"));
  ASSERT_TRUE(save(memory_, 1, 6, "bbbb"));
  const std::string name(run::kManifestName);
  memory_.write("step-00000006.cccc/" + name, memory_.read("step-00000006.bbbb/" + name).value());
  memory_.remove("step-00000006.bbbb/" + name);
  EXPECT_EQ(restored_step(memory_, 2), 5);
}

TEST_F(RestoreTest, RefusesAnotherShape) {
  ASSERT_TRUE(save(memory_, 2, 5, "aaaa"));
  TrainingState state;
  state.named()[0].shape = {4, 3};
  EXPECT_THAT(error_of(1, memory_, &state),
              HasSubstr("tensor param/0 is F32 [3, 4], this recipe trains F32 [4, 3]"));
  EXPECT_THAT(error_of(1, memory_, &state), ::testing::StartsWith("2 "));
}

TEST_F(RestoreTest, RefusesAnotherType) {
  ASSERT_TRUE(save(memory_, 2, 5, "aaaa"));
  TrainingState state;
  state.named()[0].type = weights::DataType::kI32;
  EXPECT_THAT(error_of(1, memory_, &state),
              HasSubstr("tensor param/0 is F32 [3, 4], this recipe trains I32 [3, 4]"));
}

TEST_F(RestoreTest, RefusesATensorThatIsNotSaved) {
  ASSERT_TRUE(save(memory_, 2, 5, "aaaa"));
  TrainingState state;
  std::vector<float> more(2);
  state.named().push_back(
      {.name = "param/more", .shape = {2}, .bytes = std::as_writable_bytes(std::span(more))});
  EXPECT_THAT(error_of(1, memory_, &state),
              HasSubstr("lacks 1 of the tensors that this recipe trains, param/more"));
}

TEST_F(RestoreTest, RefusesATensorThatIsNotTrained) {
  ASSERT_TRUE(save(memory_, 2, 5, "aaaa"));
  TrainingState state;
  state.named().pop_back();
  EXPECT_THAT(error_of(1, memory_, &state),
              HasSubstr("has tensor exp_avg_sq/2, which this recipe does not train"));
}

TEST_F(RestoreTest, AStoreThatIsDownIsNotAnAbsentCheckpoint) {
  ASSERT_TRUE(save(memory_, 2, 5, "aaaa"));
  FaultyStore store(memory_);
  store.fail({.operation = FaultyStore::Operation::kList, .all_later_fail = true});
  EXPECT_THAT(error_of(3, store, nullptr), HasSubstr("75 rank 0: "));
}

TEST_F(RestoreTest, ARankThatReadsOtherBytesStopsAll) {
  ASSERT_TRUE(save(memory_, 2, 5, "aaaa"));
  storage::MemoryStore stale;
  for (const std::string& key : keys_in(memory_)) {
    stale.write(key, memory_.read(key).value());
  }
  damage(stale, "step-00000005.aaaa/" + run::share_name(0, 2));
  std::vector<std::string> errors(3);
  spawn_ranks(3, [&](comm::Communicator& communicator) {
    TrainingState state;
    try {
      restore(communicator.rank() == 1 ? stale : memory_, communicator, state.tensors(),
              Logger(LogLevel::kError));
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::kRetryable);
      errors[static_cast<std::size_t>(communicator.rank())] = error.what();
    }
  });
  EXPECT_THAT(errors, ::testing::Each(HasSubstr("reads differently here")));
}

}  // namespace
}  // namespace temper::checkpoint
