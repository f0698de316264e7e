#include "trainer/checkpoint/checkpoint_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "core/storage/memory_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_store.h"
#include "tests/support/spawn_ranks.h"
#include "tests/trainer/checkpoint/training_state.h"

namespace temper::checkpoint {
namespace {

using temper::testing::FakeClock;
using temper::testing::FaultyStore;
using temper::testing::spawn_ranks;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// One step boundary: everybody tells, everybody hears.
void exchange(CheckpointWriter& writer, comm::Communicator& communicator) {
  writer.apply(communicator.all_gather(writer.status()));
}

// Holds back writes until it is opened.
class GatedStore final : public storage::ObjectStore {
 public:
  explicit GatedStore(storage::ObjectStore& inner) : inner_(inner) {}
  void open() { gate_.set_value(); }

  std::string url() const override { return inner_.url(); }
  std::optional<storage::ObjectState> state(std::string_view key) const override {
    return inner_.state(key);
  }
  std::optional<std::vector<std::byte>> read(std::string_view key) const override {
    return inner_.read(key);
  }
  void read_range(std::string_view key, std::uint64_t begin,
                  std::span<std::byte> out) const override {
    inner_.read_range(key, begin, out);
  }
  void write(std::string_view key, std::span<const std::byte> bytes) override {
    opened_.wait();
    inner_.write(key, bytes);
  }
  bool create_if_absent(std::string_view key, std::span<const std::byte> bytes) override {
    return inner_.create_if_absent(key, bytes);
  }
  std::vector<storage::ObjectInfo> list(std::string_view prefix) const override {
    return inner_.list(prefix);
  }
  void remove(std::string_view key) override { inner_.remove(key); }

 private:
  storage::ObjectStore& inner_;
  std::promise<void> gate_;
  std::shared_future<void> opened_ = gate_.get_future().share();
};

TEST(CheckpointWriterTest, WritesInTheBackgroundFromACopy) {
  storage::MemoryStore memory;
  spawn_ranks(3, [&](comm::Communicator& communicator) {
    FakeClock clock;
    GatedStore store(memory);
    CheckpointWriter writer(store, options_for(communicator, "aaaa"), Logger(LogLevel::kError),
                            clock);
    TrainingState state;
    state.fill(5);
    writer.begin(5, 50, state.tensors());
    state.fill(6);  // training goes on
    for (int boundary = 0; boundary < 3; ++boundary) {
      exchange(writer, communicator);
      EXPECT_FALSE(writer.idle());
    }
    EXPECT_TRUE(keys_in(memory).empty());
    communicator.barrier();
    store.open();
    EXPECT_TRUE(writer.finish(communicator));
    EXPECT_TRUE(writer.idle());
    EXPECT_EQ(writer.last_committed_step(), 5);
  });
  EXPECT_EQ(restored_step(memory, 2), 5);
}

TEST(CheckpointWriterTest, CommitsAtStepBoundariesWithoutFinish) {
  storage::MemoryStore memory;
  spawn_ranks(2, [&](comm::Communicator& communicator) {
    FakeClock clock;
    CheckpointWriter writer(memory, options_for(communicator, "aaaa"), Logger(LogLevel::kError),
                            clock);
    TrainingState state;
    state.fill(5);
    writer.begin(5, 50, state.tensors());
    while (!writer.idle()) {
      exchange(writer, communicator);
    }
    EXPECT_EQ(writer.last_committed_step(), 5);
    exchange(writer, communicator);  // nothing in flight: nothing happens
    EXPECT_TRUE(writer.idle());
  });
  EXPECT_EQ(restored_step(memory, 1), 5);
}

TEST(CheckpointWriterTest, ARankWithoutTensorsWritesNoObject) {
  storage::MemoryStore memory;
  spawn_ranks(4, [&](comm::Communicator& communicator) {
    FakeClock clock;
    CheckpointWriter writer(memory, options_for(communicator, "aaaa"), Logger(LogLevel::kError),
                            clock);
    TrainingState state;
    state.fill(1);
    writer.begin(1, 10, state.tensors().first(2));
    EXPECT_TRUE(writer.finish(communicator));
  });
  EXPECT_THAT(keys_in(memory), ElementsAre("step-00000001.aaaa/MANIFEST.json",
                                           "step-00000001.aaaa/state-00001-of-00004.safetensors",
                                           "step-00000001.aaaa/state-00002-of-00004.safetensors"));
}

TEST(CheckpointWriterTest, ManifestTellsWhatWasSaved) {
  storage::MemoryStore memory;
  ASSERT_TRUE(save(memory, 2, 7, "aaaa"));
  const auto candidates = run::find_checkpoint(memory);
  ASSERT_EQ(candidates.size(), 1U);
  const run::CheckpointManifest& manifest = candidates[0].manifest;
  EXPECT_EQ(manifest.step, 7);
  EXPECT_EQ(manifest.position, 70U);
  EXPECT_EQ(manifest.num_ranks, 2);
  EXPECT_EQ(manifest.attempt, "aaaa");
  EXPECT_EQ(manifest.recipe_fingerprint, "recipe-hash");
  EXPECT_EQ(manifest.data_fingerprint, "data-hash");
  EXPECT_EQ(manifest.model_fingerprint, "model-hash");
  EXPECT_EQ(manifest.objects.size(), 2U);
}

TEST(CheckpointWriterTest, OneFailingRankMakesAllDropTheSaveAndGoOn) {
  for (int failing = 0; failing < 3; ++failing) {
    storage::MemoryStore memory;
    spawn_ranks(3, [&](comm::Communicator& communicator) {
      FakeClock clock;
      FaultyStore store(memory);
      CheckpointWriter writer(store, options_for(communicator, "aaaa"), Logger(LogLevel::kError),
                              clock);
      TrainingState state;
      state.fill(5);
      if (communicator.rank() == failing) {
        store.fail({.operation = FaultyStore::Operation::kWrite,
                    .kind = storage::StorageError::Kind::kNoSpace});
      }
      writer.begin(5, 50, state.tensors());
      EXPECT_FALSE(writer.finish(communicator)) << "rank " << failing << " fails";
      EXPECT_TRUE(writer.idle());
      EXPECT_EQ(writer.last_committed_step(), std::nullopt);
      EXPECT_THAT(writer.last_problem(), StartsWith("rank " + std::to_string(failing) + ": "));

      state.fill(6);
      writer.begin(6, 60, state.tensors());
      EXPECT_TRUE(writer.finish(communicator));
      EXPECT_EQ(writer.last_committed_step(), 6);
    });
    EXPECT_EQ(restored_step(memory, 2), 6);
    EXPECT_THAT(keys_in(memory), Not(Contains(HasSubstr("step-00000005"))))
        << "shares of the dropped save are still there";
  }
}

TEST(CheckpointWriterTest, AProblemNamesTheObjectAndReachesTheOtherRanks) {
  storage::MemoryStore memory("full-disk");
  spawn_ranks(2, [&](comm::Communicator& communicator) {
    FakeClock clock;
    FaultyStore store(memory);
    store.fail({.operation = FaultyStore::Operation::kWrite});
    CheckpointWriter writer(store, options_for(communicator, "aaaa"), Logger(LogLevel::kError),
                            clock);
    TrainingState state;
    writer.begin(5, 50, state.tensors());
    SaveStatus status;
    do {
      status = decode_status(communicator.all_gather(writer.status())[1]);
    } while (status.progress == SaveProgress::kBusy);
    EXPECT_EQ(status.progress, SaveProgress::kFailed);
    EXPECT_THAT(status.problem,
                HasSubstr("full-disk/step-00000005.aaaa/state-00002-of-00002.safetensors"));
    EXPECT_FALSE(writer.finish(communicator));
  });
}

TEST(CheckpointWriterTest, AFailedCommitDropsTheSaveEverywhere) {
  storage::MemoryStore memory;
  spawn_ranks(3, [&](comm::Communicator& communicator) {
    FakeClock clock;
    FaultyStore store(memory);
    store.fail({.operation = FaultyStore::Operation::kCreate});  // only rank 0 creates
    CheckpointWriter writer(store, options_for(communicator, "aaaa"), Logger(LogLevel::kError),
                            clock);
    TrainingState state;
    state.fill(5);
    writer.begin(5, 50, state.tensors());
    EXPECT_FALSE(writer.finish(communicator));
  });
  EXPECT_EQ(restored_step(memory, 1), -1);
}

TEST(CheckpointWriterTest, ALostAnswerToTheCommitIsMadeGoodBySavingTheStepAgain) {
  storage::MemoryStore memory;
  spawn_ranks(2, [&](comm::Communicator& communicator) {
    FakeClock clock;
    FaultyStore store(memory);
    store.fail({.operation = FaultyStore::Operation::kCreate, .takes_effect = true});
    CheckpointWriter writer(store, options_for(communicator, "aaaa"), Logger(LogLevel::kError),
                            clock);
    TrainingState state;
    state.fill(5);
    writer.begin(5, 50, state.tensors());
    EXPECT_FALSE(writer.finish(communicator));
    writer.begin(5, 50, state.tensors());
    EXPECT_TRUE(writer.finish(communicator));
  });
  EXPECT_EQ(restored_step(memory, 1), 5);
}

TEST(CheckpointWriterTest, AnotherManifestUnderTheSameAttemptIsAFailure) {
  storage::MemoryStore memory;
  ASSERT_TRUE(save(memory, 1, 5, "aaaa"));
  EXPECT_FALSE(save(memory, 2, 5, "aaaa"));
  EXPECT_EQ(restored_step(memory, 2), 5);
}

TEST(CheckpointWriterTest, AFailedCollectionIsNoFailedSave) {
  storage::MemoryStore memory;
  ASSERT_TRUE(save(memory, 1, 1, "aaaa", 1));
  FaultyStore store(memory);
  store.fail({.operation = FaultyStore::Operation::kRemove});
  EXPECT_TRUE(save(store, 1, 2, "bbbb", 1));
  EXPECT_TRUE(store.has_failed());
  EXPECT_EQ(restored_step(memory, 1), 2);
}

TEST(CheckpointWriterTest, AShareThatTheStoreLostIsNotCommitted) {
  storage::MemoryStore memory;
  spawn_ranks(2, [&](comm::Communicator& communicator) {
    FakeClock clock;
    FaultyStore store(memory);
    CheckpointWriter writer(store, options_for(communicator, "aaaa"), Logger(LogLevel::kError),
                            clock);
    TrainingState state;
    writer.begin(5, 50, state.tensors());
    while (decode_status(writer.status()).progress == SaveProgress::kBusy) {
    }
    if (communicator.rank() == 1) {
      store.drop_last_writes(1);
    }
    EXPECT_FALSE(writer.finish(communicator));
  });
  EXPECT_EQ(restored_step(memory, 1), -1);
}

TEST(CheckpointWriterTest, KeepsTheNewestOnes) {
  storage::MemoryStore memory;
  for (std::int64_t step = 1; step <= 5; ++step) {
    ASSERT_TRUE(save(memory, 2, step, "aaaa", 2));
  }
  EXPECT_THAT(keys_in(memory), ElementsAre("step-00000004.aaaa/MANIFEST.json",
                                           "step-00000004.aaaa/state-00001-of-00002.safetensors",
                                           "step-00000004.aaaa/state-00002-of-00002.safetensors",
                                           "step-00000005.aaaa/MANIFEST.json",
                                           "step-00000005.aaaa/state-00001-of-00002.safetensors",
                                           "step-00000005.aaaa/state-00002-of-00002.safetensors"));
}

TEST(CheckpointWriterTest, ACommittedStepIsNotSavedAgain) {
  storage::MemoryStore memory;
  spawn_ranks(2, [&](comm::Communicator& communicator) {
    FakeClock clock;
    FaultyStore store(memory);
    CheckpointWriter writer(store, options_for(communicator, "aaaa"), Logger(LogLevel::kError),
                            clock);
    TrainingState state;
    writer.begin(5, 50, state.tensors());
    EXPECT_TRUE(writer.finish(communicator));
    const int before = store.num_operations();
    writer.begin(5, 50, state.tensors());
    EXPECT_TRUE(writer.idle());
    EXPECT_TRUE(writer.finish(communicator));
    EXPECT_EQ(store.num_operations(), before);
  });
}

TEST(CheckpointWriterTest, JoinsItsThreadWhenItGoes) {
  storage::MemoryStore memory;
  TrainingState state;
  FakeClock clock;
  {
    CheckpointWriter writer(memory, {.attempt = "aaaa", .fingerprints = {}},
                            Logger(LogLevel::kError), clock);
    writer.begin(5, 50, state.tensors());
  }
  EXPECT_THAT(keys_in(memory), ElementsAre("step-00000005.aaaa/state-00001-of-00001.safetensors"));
}

TEST(CheckpointWriterDeathTest, TwoSavesAtOnceAreABug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  storage::MemoryStore memory;
  TrainingState state;
  FakeClock clock;
  CheckpointWriter writer(memory, {.attempt = "aaaa", .fingerprints = {}}, Logger(LogLevel::kError),
                          clock);
  writer.begin(5, 50, state.tensors());
  EXPECT_DEATH(writer.begin(6, 60, state.tensors()), "step 6 begun while that of step 5");
}

}  // namespace
}  // namespace temper::checkpoint
