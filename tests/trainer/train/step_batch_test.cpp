#include "trainer/train/step_batch.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "tests/support/spawn_ranks.h"

namespace temper::train {
namespace {

/// Position p: one piece of (p * 5) % 11 + 2 tokens, every third split in two, every seventh
/// dropped.
data::PreparedSample sample_at(std::uint64_t position) {
  data::PreparedSample sample;
  sample.position = position;
  if (position % 7 == 6) {
    sample.dropped_tokens = 9;
    return sample;
  }
  const std::size_t pieces = position % 3 == 0 ? 2 : 1;
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    text::EncodedSample encoded;
    for (std::uint64_t t = 0; t < (position * 5) % 11 + 2; ++t) {
      encoded.ids.push_back(static_cast<std::int32_t>(position * 100 + piece * 50 + t));
      encoded.trained.push_back(t > 0 ? 1 : 0);
    }
    sample.pieces.push_back(encoded);
  }
  return sample;
}

std::map<std::int64_t, model::PackedSequences> slots_on(int num_ranks, std::uint64_t samples,
                                                        std::int64_t num_slots) {
  std::map<std::int64_t, model::PackedSequences> slots;
  std::mutex mutex;
  testing::spawn_ranks(num_ranks, [&](comm::Communicator& communicator) {
    std::vector<data::PreparedSample> share;
    for (std::uint64_t p = 0; p < samples; ++p) {
      if (p * static_cast<std::uint64_t>(num_ranks) / samples ==
          static_cast<std::uint64_t>(communicator.rank())) {
        share.push_back(sample_at(p));
      }
    }
    const StepBatch batch = assemble_step(communicator, share, num_slots);
    const auto range = batch.ranges[static_cast<std::size_t>(communicator.rank())];
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < batch.slots.size(); ++i) {
      EXPECT_TRUE(slots.emplace(range.first + static_cast<std::int64_t>(i), batch.slots[i]).second);
    }
    EXPECT_EQ(batch.dropped_tokens, static_cast<std::int64_t>(9 * ((samples + 0) / 7)));
  });
  return slots;
}

TEST(StepBatchTest, SlotsAreTheSameOnAnyNumberOfRanks) {
  for (const std::uint64_t samples : {1U, 5U, 21U}) {
    const auto expected = slots_on(1, samples, 6);
    EXPECT_EQ(expected.size(), 6U);
    for (const int ranks : {2, 3, 4, 8}) {
      const auto slots = slots_on(ranks, samples, 6);
      ASSERT_EQ(slots.size(), expected.size());
      for (const auto& [slot, sequences] : slots) {
        EXPECT_EQ(sequences.ids, expected.at(slot).ids)
            << "slot " << slot << " on " << ranks << " ranks";
        EXPECT_EQ(sequences.trained, expected.at(slot).trained);
        EXPECT_EQ(sequences.offsets, expected.at(slot).offsets);
      }
    }
  }
}

}  // namespace
}  // namespace temper::train
