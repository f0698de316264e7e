#include "trainer/train/update_share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <mutex>
#include <random>

#include "core/model/moment_size.h"
#include "tests/support/seed.h"
#include "tests/support/spawn_ranks.h"
#include "tests/trainer/train/random_values.h"
#include "trainer/checkpoint/named_tensor.h"
#include "trainer/comm/single_communicator.h"
#include "trainer/train/optimizer.h"

namespace temper::train {
namespace {

using recipe::MomentFormat;
using ::testing::ElementsAre;

/// Tensors of uneven sizes, some in groups, with gaps between groups.
model::ParameterLayout seven_tensors() {
  model::ParameterLayout layout;
  layout.begin_group();
  layout.add("model.embed_tokens.weight", {700, 100}, true);
  layout.begin_group();
  layout.add("norm", {37}, false);
  layout.begin_group();
  layout.add("q", {100, 101}, true);
  layout.add("k", {10, 101}, true);
  layout.add("v", {10, 101}, true);
  layout.begin_group();
  layout.add("up", {300, 301}, true);
  layout.begin_group();
  layout.add("down", {301, 300}, true);
  return layout;
}

TEST(UpdateShareTest, WholeMeansEveryTensorOnEveryRank) {
  const model::ParameterLayout layout = seven_tensors();
  const UpdateShare share = UpdateShare::whole(layout, 1, 3);
  EXPECT_FALSE(share.is_split());
  EXPECT_EQ(share.begin_tensor(), 0U);
  EXPECT_EQ(share.end_tensor(), 7U);
  EXPECT_EQ(share.size(), layout.size());
  EXPECT_EQ(share.holder_of(3), checkpoint::kEveryRank);
  ASSERT_EQ(share.offsets().size(), 4U);
  EXPECT_EQ(share.offsets().front(), 0U);
  EXPECT_EQ(share.offsets().back(), layout.size());
  EXPECT_EQ(share.offsets()[1] % model::kFloatsPerLine, 0U);
}

TEST(UpdateShareTest, SplitSharesTileTheBuffer) {
  const model::ParameterLayout layout = seven_tensors();
  for (int num_ranks = 1; num_ranks <= 9; ++num_ranks) {
    std::size_t at = 0;
    std::size_t tensor = 0;
    for (int rank = 0; rank < num_ranks; ++rank) {
      const UpdateShare share = UpdateShare::split(layout, rank, num_ranks);
      EXPECT_EQ(share.begin(), at);
      EXPECT_EQ(share.begin_tensor(), tensor);
      EXPECT_EQ(share.offsets()[static_cast<std::size_t>(rank)], at);
      for (; tensor < share.end_tensor(); ++tensor) {
        EXPECT_EQ(share.holder_of(tensor), rank) << tensor << " of " << num_ranks;
      }
      at = share.end();
    }
    EXPECT_EQ(at, layout.size());
    EXPECT_EQ(tensor, 7U);
  }
}

/// Three steps of AdamW with clipping, gathered as the loop does it: parameters, norms, and the
/// bytes of moments that each rank keeps.
struct Outcome {
  std::vector<float> parameters;
  std::vector<double> norms;
  std::vector<std::size_t> moment_bytes;
};

Outcome train(int num_ranks, bool split, MomentFormat format, std::uint64_t seed) {
  const model::ParameterLayout layout = seven_tensors();
  Outcome outcome;
  outcome.moment_bytes.resize(static_cast<std::size_t>(num_ranks));
  std::mutex mutex;
  testing::spawn_ranks(num_ranks, [&](comm::Communicator& communicator) {
    const int rank = communicator.rank();
    const UpdateShare share = split ? UpdateShare::split(layout, rank, num_ranks)
                                    : UpdateShare::whole(layout, rank, num_ranks);
    recipe::Optimizer options;
    options.moments = format;
    options.weight_decay = 0.01;
    AdamW optimizer(options, layout, share);
    SlotWorkers workers(2);
    std::mt19937_64 random(seed);
    std::vector<float> parameters = random_values(layout.size(), random);
    std::vector<double> norms;
    for (int step = 1; step <= 3; ++step) {
      const std::vector<float> gradient = random_values(layout.size(), random);
      const auto part = std::span(gradient).subspan(share.begin(), share.size());
      norms.push_back(optimizer.gradient_norm(part, 0.5, workers, communicator));
      optimizer.step(std::span(parameters).subspan(share.begin(), share.size()), part,
                     clipping_factor(norms.back(), 1), 0.01, step, workers);
      if (split) {
        std::vector<std::size_t> byte_offsets;
        for (const std::size_t offset : share.offsets()) {
          byte_offsets.push_back(offset * sizeof(float));
        }
        communicator.all_gather_into(std::as_writable_bytes(std::span(parameters)), byte_offsets);
      }
    }
    const std::lock_guard lock(mutex);
    for (const checkpoint::NamedTensor& tensor : optimizer.moments().tensors(layout)) {
      EXPECT_TRUE(tensor.bytes.empty() || tensor.bytes.size() == tensor.size_bytes());
      EXPECT_EQ(tensor.bytes.empty(), split && tensor.holder != rank) << tensor.name;
      outcome.moment_bytes[static_cast<std::size_t>(rank)] += tensor.bytes.size();
    }
    if (rank == num_ranks - 1) {
      outcome.parameters = parameters;
      outcome.norms = norms;
    }
  });
  return outcome;
}

class SplitUpdateTest : public ::testing::TestWithParam<MomentFormat> {};

TEST_P(SplitUpdateTest, GivesTheBitsOfTheWholeOneOnAnyNumberOfRanks) {
  const std::uint64_t seed = testing::test_seed();
  const Outcome expected = train(1, /*split=*/false, GetParam(), seed);
  for (const int num_ranks : {1, 2, 3, 4, 8}) {
    const Outcome outcome = train(num_ranks, /*split=*/true, GetParam(), seed);
    EXPECT_EQ(outcome.norms, expected.norms) << num_ranks << " ranks";
    EXPECT_TRUE(outcome.parameters == expected.parameters) << num_ranks << " ranks";
  }
}

TEST_P(SplitUpdateTest, RanksTogetherKeepTheMomentsOnce) {
  const model::ParameterLayout layout = seven_tensors();
  const Outcome whole = train(1, /*split=*/false, GetParam(), 1);
  for (const int num_ranks : {2, 3, 4}) {
    const Outcome outcome = train(num_ranks, /*split=*/true, GetParam(), 1);
    std::size_t total = 0;
    for (int rank = 0; rank < num_ranks; ++rank) {
      const UpdateShare share = UpdateShare::split(layout, rank, num_ranks);
      std::int64_t computed = 0;
      for (std::size_t i = share.begin_tensor(); i < share.end_tensor(); ++i) {
        const model::TrainedTensor& tensor = layout.tensors()[i];
        computed +=
            model::moment_bytes(GetParam(), tensor.name, static_cast<std::int64_t>(tensor.size));
      }
      const std::size_t kept = outcome.moment_bytes[static_cast<std::size_t>(rank)];
      EXPECT_EQ(kept, static_cast<std::size_t>(computed)) << "rank " << rank;
      total += kept;
    }
    EXPECT_EQ(total, whole.moment_bytes[0]) << num_ranks << " ranks";
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, SplitUpdateTest,
                         ::testing::Values(MomentFormat::kFp32, MomentFormat::k8bit),
                         [](const auto& format) {
                           return format.param == MomentFormat::kFp32 ? "Fp32" : "EightBit";
                         });

}  // namespace
}  // namespace temper::train
