// A thousand seeded schedules of faults on streaming: whatever fails, is cut off, arrives damaged,
// is evicted, rots on the disk or is killed, the stream is the same as without faults.

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "core/base/error.h"
#include "core/data/sample_pipeline.h"
#include "tests/core/data/stored_data.h"
#include "tests/support/fake_clock.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_directory.h"

namespace temper::data {
namespace {

constexpr int kSchedules = 1000;
constexpr std::uint64_t kBatch = 7;
constexpr std::uint64_t kSeed = 11;

/// A token a byte, so that a sample is its record.
class ByteEncoder final : public RecordEncoder {
 public:
  text::EncodedSample encode(const Record& record) const override {
    text::EncodedSample sample;
    sample.ids.assign(record.bytes.begin(), record.bytes.end());
    sample.trained.assign(record.bytes.size(), 1);
    return sample;
  }
};

/// One run over an unreliable store: ranks that die and are started again, as many as they like.
class FaultyRun {
 public:
  FaultyRun(std::uint64_t seed, const std::vector<std::string>& expected)
      : random_(seed), expected_(expected), store_(seed, {}), data_(store_.inner(), 6, 12) {
    access_.cache_dir = folder_ / "cache";
    access_.cache_bytes = random_() % 3 == 0 ? 1500 : 1 << 20;
    access_.open_store = opener_of(store_);
    access_.clock = &clock_;
    store_.set_odds({chance(0.3), chance(0.2), chance(0.03)});
  }

  /// The whole stream, step by step, through all restarts.
  void run() {
    while (next_step_ < num_steps()) {
      ASSERT_LT(++attempts_, 200);
      try {
        run_attempt();
      } catch (const Error&) {
        ++failures_;  // the supervisor starts it again
      }
      damage_the_cache();
    }
    ASSERT_EQ(stream_.size(), expected_.size());
    for (std::size_t i = 0; i < stream_.size(); ++i) {
      ASSERT_EQ(stream_[i], expected_[i]) << "position " << i;
    }
  }
  int attempts() const { return attempts_; }

 private:
  double chance(double most) { return std::uniform_real_distribution<double>(0, most)(random_); }
  std::uint64_t num_steps() const { return (expected_.size() + kBatch - 1) / kBatch; }

  /// From the last step on, on another number of ranks, until something fails or it is killed.
  void run_attempt() {
    const int num_ranks = 1 + static_cast<int>(random_() % 3);
    const std::uint64_t killed_at = next_step_ + 1 + random_() % num_steps();
    std::vector<std::unique_ptr<Dataset>> datasets;
    std::vector<std::unique_ptr<PositionOrder>> orders;
    std::vector<std::unique_ptr<SamplePipeline>> ranks;
    for (int rank = 0; rank < num_ranks; ++rank) {
      datasets.push_back(std::make_unique<Dataset>(data_.sources(), access_));
      orders.push_back(make_order(*datasets.back(), kSeed));
      SamplePipeline::Options options;
      options.first_step = next_step_;
      options.end_step = num_steps();
      options.batch_samples = kBatch;
      options.end_position = expected_.size();
      options.rank = rank;
      options.num_ranks = num_ranks;
      options.max_fetched_bytes = random_() % 2000;
      ranks.push_back(std::make_unique<SamplePipeline>(*datasets.back(), *orders.back(), encoder_,
                                                       recipe_, options));
    }
    while (next_step_ < std::min(killed_at, num_steps())) {
      std::vector<std::string> step;
      for (auto& rank : ranks) {
        for (const PreparedSample& sample : rank->take(next_step_)) {
          step.emplace_back(sample.pieces.at(0).ids.begin(), sample.pieces.at(0).ids.end());
        }
      }
      stream_.insert(stream_.end(), step.begin(), step.end());
      ++next_step_;
    }
  }

  void damage_the_cache() {
    if (random_() % 3 != 0 || !std::filesystem::exists(access_.cache_dir / "shards")) {
      return;
    }
    for (const auto& entry : std::filesystem::directory_iterator(access_.cache_dir / "shards")) {
      const auto size = entry.file_size();
      if (size == 0 || random_() % 3 != 0) {
        continue;
      }
      std::string bytes = testing::read_file(entry.path());
      bytes[random_() % size] ^= 1;
      bytes.resize(random_() % 2 == 0 ? size : random_() % size);
      testing::write_file(entry.path(), bytes);
    }
  }

  std::mt19937_64 random_;
  const std::vector<std::string>& expected_;
  UnreliableStore store_;
  StoredData data_;
  testing::TemporaryDirectory folder_;
  testing::FakeClock clock_;
  DataAccess access_;
  ByteEncoder encoder_;
  recipe::Data recipe_;
  std::uint64_t next_step_ = 0;
  std::vector<std::string> stream_;
  int attempts_ = 0;
  int failures_ = 0;
};

/// Two epochs and a half, as a sound store gives them.
std::vector<std::string> stream_without_faults() {
  UnreliableStore store(0, {});
  const StoredData data(store.inner(), 6, 12);
  const testing::TemporaryDirectory folder;
  DataAccess access;
  access.cache_dir = folder / "cache";
  access.open_store = opener_of(store);
  const Dataset dataset(data.sources(), access);
  const auto order = make_order(dataset, kSeed);
  std::vector<std::string> stream;
  for (std::uint64_t position = 0; position < dataset.size() * 5 / 2; ++position) {
    const auto sample = order->at(position);
    stream.push_back(dataset.read(sample.shard, sample.index).bytes);
  }
  return stream;
}

TEST(FaultScheduleTest, TheStreamIsTheSameUnderAThousandSchedules) {
  const std::vector<std::string> expected = stream_without_faults();
  const std::uint64_t epoch = expected.size() * 2 / 5;
  std::vector<std::string> first(expected.begin(),
                                 expected.begin() + static_cast<std::ptrdiff_t>(epoch));
  std::sort(first.begin(), first.end());
  ASSERT_EQ(std::unique(first.begin(), first.end()), first.end());

  const std::uint64_t seed = testing::test_seed();
  int attempts = 0;
  for (int i = 0; i < kSchedules; ++i) {
    SCOPED_TRACE("schedule " + std::to_string(i));
    FaultyRun run(seed + static_cast<std::uint64_t>(i), expected);
    run.run();
    attempts += run.attempts();
    if (HasFailure()) {
      return;
    }
  }
  std::cout << kSchedules << " schedules, " << attempts << " attempts, " << expected.size()
            << " samples each: the same stream\n";
}

}  // namespace
}  // namespace temper::data
