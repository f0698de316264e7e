#include "tests/trainer/checkpoint/training_state.h"

#include <gtest/gtest.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "tests/support/spawn_ranks.h"
#include "trainer/checkpoint/restore.h"

namespace temper::checkpoint {

TrainingState::TrainingState() {
  const std::vector<std::vector<std::int64_t>> shapes = {{3, 4}, {5}, {2, 2}};
  storage_.reserve(3 * shapes.size());
  for (const char* kind : {"param/", "exp_avg/", "exp_avg_sq/"}) {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      std::int64_t size = 1;
      for (const std::int64_t extent : shapes[i]) {
        size *= extent;
      }
      std::vector<float>& values = storage_.emplace_back(static_cast<std::size_t>(size), -1.0F);
      named_.push_back({.name = kind + std::to_string(i),
                        .shape = shapes[i],
                        .bytes = std::as_writable_bytes(std::span(values))});
    }
  }
}

void TrainingState::fill(std::int64_t step) {
  float value = static_cast<float>(step) * 1000.0F;
  for (std::vector<float>& values : storage_) {
    for (float& element : values) {
      element = (value += 1.0F);
    }
  }
}

std::vector<std::vector<float>> values_at(std::int64_t step) {
  TrainingState state;
  state.fill(step);
  return state.values();
}

CheckpointWriter::Options options_for(const comm::Communicator& communicator,
                                      const std::string& attempt, std::int64_t keep) {
  return {.rank = communicator.rank(),
          .num_ranks = communicator.size(),
          .attempt = attempt,
          .keep = keep,
          .fingerprints = {"recipe-hash", "data-hash", "model-hash"}};
}

bool save(storage::ObjectStore& store, int num_ranks, std::int64_t step, const std::string& attempt,
          std::int64_t keep) {
  std::vector<int> committed(static_cast<std::size_t>(num_ranks));
  testing::spawn_ranks(num_ranks, [&](comm::Communicator& communicator) {
    SystemClock clock;
    CheckpointWriter writer(store, options_for(communicator, attempt, keep),
                            Logger(LogLevel::kError), clock);
    TrainingState state;
    state.fill(step);
    writer.begin(step, static_cast<std::uint64_t>(10 * step), state.tensors());
    committed[static_cast<std::size_t>(communicator.rank())] = writer.finish(communicator) ? 1 : 0;
  });
  for (const int mine : committed) {
    EXPECT_EQ(mine, committed.front()) << "ranks disagree";
  }
  return committed.front() == 1;
}

std::int64_t restored_step(const storage::ObjectStore& store, int num_ranks) {
  std::vector<std::int64_t> steps(static_cast<std::size_t>(num_ranks), -1);
  testing::spawn_ranks(num_ranks, [&](comm::Communicator& communicator) {
    TrainingState state;
    const auto manifest = restore(store, communicator, state.tensors(), Logger(LogLevel::kError));
    if (manifest) {
      EXPECT_EQ(state.values(), values_at(manifest->step));
      EXPECT_EQ(manifest->position, static_cast<std::uint64_t>(10 * manifest->step));
      steps[static_cast<std::size_t>(communicator.rank())] = manifest->step;
    } else {
      EXPECT_EQ(state.values(), TrainingState().values()) << "touched without a checkpoint";
    }
  });
  for (const std::int64_t mine : steps) {
    EXPECT_EQ(mine, steps.front()) << "ranks disagree";
  }
  return steps.front();
}

void damage(storage::ObjectStore& store, const std::string& key) {
  std::vector<std::byte> bytes = store.read(key).value();
  bytes[bytes.size() / 2] ^= std::byte{1};
  store.write(key, bytes);
}

std::vector<std::string> keys_in(const storage::ObjectStore& store) {
  std::vector<std::string> keys;
  for (const storage::ObjectInfo& object : store.list("")) {
    keys.push_back(object.key);
  }
  return keys;
}

}  // namespace temper::checkpoint
