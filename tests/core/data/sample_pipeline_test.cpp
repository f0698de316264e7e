#include "core/data/sample_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/data/sample_order.h"
#include "tests/core/data/letter_dataset.h"
#include "tests/core/data/letters.h"
#include "tests/support/seed.h"

namespace temper::data {
namespace {

using Options = SamplePipeline::Options;

/// "position:letters" of each piece of a share.
std::vector<std::string> texts_of(const std::vector<PreparedSample>& samples) {
  std::vector<std::string> texts;
  for (const PreparedSample& sample : samples) {
    for (const auto& piece : sample.pieces) {
      texts.push_back(std::to_string(sample.position) + ":" + letters_of(piece));
    }
  }
  return texts;
}

/// What all ranks of a world take, in rank order, over the steps of `options`.
std::vector<std::string> stream_of(const Dataset& dataset, const SampleOrder& order, int num_ranks,
                                   Options options) {
  const LetterEncoder encoder;
  const recipe::Data data;
  std::vector<std::unique_ptr<SamplePipeline>> pipelines;
  options.num_ranks = num_ranks;
  for (int rank = 0; rank < num_ranks; ++rank) {
    options.rank = rank;
    options.num_threads = 1 + rank % 2;
    pipelines.push_back(std::make_unique<SamplePipeline>(dataset, order, encoder, data, options));
  }
  std::vector<std::string> stream;
  for (std::uint64_t step = options.first_step; step < options.end_step; ++step) {
    for (const auto& pipeline : pipelines) {
      const auto texts = texts_of(pipeline->take(step));
      stream.insert(stream.end(), texts.begin(), texts.end());
    }
  }
  return stream;
}

// The numerics contract, points 1 and 2: what is trained on is a function of the position alone.
TEST(SampleStreamTest, IsTheSameForEveryWorldAndEveryResume) {
  const std::uint64_t seed = testing::test_seed();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 6; ++round) {
    std::vector<std::uint64_t> sizes(1 + random() % 5);
    for (std::uint64_t& size : sizes) {
      size = random() % 40;
    }
    sizes[0] += 1;
    const LetterDataset letters(numbered_records(sizes));
    const SampleOrder order(letters.dataset().shard_sizes(), random(), 1 + random() % 3);
    Options options;
    options.batch_samples = 1 + random() % 20;
    options.end_position = 2 * order.epoch_size() + random() % order.epoch_size();
    options.end_step = (options.end_position + options.batch_samples - 1) / options.batch_samples;
    options.max_buffered_bytes = random() % 4000;

    const auto expected = stream_of(letters.dataset(), order, 1, options);
    ASSERT_EQ(expected.size(), options.end_position) << "seed " << seed;
    for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
      std::map<std::string, int> times;
      for (std::uint64_t i = 0; i < order.epoch_size(); ++i) {
        const std::string& text = expected[epoch * order.epoch_size() + i];
        ++times[text.substr(text.find(':'))];
      }
      ASSERT_EQ(times.size(), order.epoch_size()) << "a sample twice in an epoch, seed " << seed;
    }
    for (const int num_ranks : {1, 2, 3, 4, 6, 8}) {
      Options resumed = options;
      resumed.first_step = random() % options.end_step;
      const auto stream = stream_of(letters.dataset(), order, num_ranks, resumed);
      const auto begin = static_cast<std::ptrdiff_t>(resumed.first_step * options.batch_samples);
      ASSERT_EQ(stream, std::vector<std::string>(expected.begin() + begin, expected.end()))
          << num_ranks << " ranks from step " << resumed.first_step << ", seed " << seed;
    }
  }
}

class SamplePipelineTest : public ::testing::Test {
 protected:
  LetterDataset letters_{numbered_records({30, 30})};
  SampleOrder order_{letters_.dataset().shard_sizes(), 5};
  recipe::Data data_;
  Options options_ = [] {
    Options options;
    options.end_step = 10;
    options.batch_samples = 6;
    options.end_position = 60;
    return options;
  }();
};

TEST_F(SamplePipelineTest, PositionGoesToTheRankTheContractSays) {
  const LetterEncoder encoder;
  constexpr int kRanks = 4;
  options_.num_ranks = kRanks;
  for (int rank = 0; rank < kRanks; ++rank) {
    options_.rank = rank;
    SamplePipeline pipeline(letters_.dataset(), order_, encoder, data_, options_);
    for (std::uint64_t step = 0; step < options_.end_step; ++step) {
      for (const PreparedSample& sample : pipeline.take(step)) {
        const std::uint64_t in_step = sample.position - step * options_.batch_samples;
        EXPECT_EQ(in_step * kRanks / options_.batch_samples, static_cast<std::uint64_t>(rank));
      }
    }
  }
}

/// Counts what it has encoded; fails at some records.
class CountingEncoder final : public RecordEncoder {
 public:
  explicit CountingEncoder(std::vector<std::string> bad = {}) : bad_(std::move(bad)) {}
  text::EncodedSample encode(const Record& record) const override {
    ++count_;
    for (const std::string& bad : bad_) {
      if (record.bytes == bad) {
        throw UserError("bad record " + bad);
      }
    }
    return LetterEncoder().encode(record);
  }
  int count() const { return count_; }

 private:
  std::vector<std::string> bad_;
  mutable std::atomic<int> count_ = 0;
};

TEST_F(SamplePipelineTest, AnErrorComesOutOfTheStepItBelongsTo) {
  const auto bytes_at = [&](std::uint64_t position) {
    const auto sample = order_.at(position);
    return letters_.dataset().read(sample.shard, sample.index).bytes;
  };
  // Two bad samples in step 2: the first in the order of the stream is the one reported.
  const CountingEncoder encoder({bytes_at(15), bytes_at(13)});
  options_.num_threads = 4;
  SamplePipeline pipeline(letters_.dataset(), order_, encoder, data_, options_);
  pipeline.take(0);
  pipeline.take(1);
  for (int again = 0; again < 2; ++again) {
    try {
      pipeline.take(2);
      FAIL() << "no error";
    } catch (const UserError& error) {
      EXPECT_EQ(error.what(), "bad record " + bytes_at(13));
    }
  }
}

TEST_F(SamplePipelineTest, PreparesAheadButNotBeyondTheBound) {
  const CountingEncoder encoder;
  options_.max_buffered_bytes = 1;
  SamplePipeline pipeline(letters_.dataset(), order_, encoder, data_, options_);
  const auto wait_for_count = [&](int count) {
    for (int i = 0; i < 2000 && encoder.count() < count; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  };
  wait_for_count(6);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(encoder.count(), 6) << "the first step, and nothing of the second";
  pipeline.take(0);
  wait_for_count(12);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(encoder.count(), 12) << "the second step is prepared before it is asked for";
}

TEST_F(SamplePipelineTest, CanBeLeftAtAnyMoment) {
  const CountingEncoder encoder;
  options_.num_threads = 3;
  for (int round = 0; round < 50; ++round) {
    SamplePipeline pipeline(letters_.dataset(), order_, encoder, data_, options_);
    if (round % 2 == 0) {
      pipeline.take(0);
    }
  }
}

TEST_F(SamplePipelineTest, RanksWithoutAShareGetNothing) {
  const LetterEncoder encoder;
  options_.num_ranks = 8;
  options_.batch_samples = 3;
  options_.end_step = 20;
  options_.max_buffered_bytes = 1;
  std::size_t taken = 0;
  for (int rank = 0; rank < 8; ++rank) {
    options_.rank = rank;
    SamplePipeline pipeline(letters_.dataset(), order_, encoder, data_, options_);
    for (std::uint64_t step = 0; step < options_.end_step; ++step) {
      taken += pipeline.take(step).size();
    }
  }
  EXPECT_EQ(taken, 60U);
}

}  // namespace
}  // namespace temper::data
