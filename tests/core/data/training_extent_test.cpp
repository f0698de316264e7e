#include "core/data/training_extent.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace temper::data {
namespace {

TrainingExtent of_epochs(double epochs, std::int64_t batch, std::uint64_t num_samples) {
  recipe::Recipe recipe;
  recipe.batch.samples = batch;
  recipe.duration.epochs = epochs;
  return training_extent(recipe, num_samples);
}

TrainingExtent of_steps(std::int64_t steps, std::int64_t batch, std::uint64_t num_samples) {
  recipe::Recipe recipe;
  recipe.batch.samples = batch;
  recipe.duration.steps = steps;
  return training_extent(recipe, num_samples);
}

TEST(TrainingExtentTest, StepsAreFullWhateverTheDataHolds) {
  EXPECT_EQ(of_steps(10, 8, 3), (TrainingExtent{10, 80}));
}

TEST(TrainingExtentTest, EpochsMayEndWithAShortStep) {
  EXPECT_EQ(of_epochs(1, 8, 17), (TrainingExtent{3, 17}));
  EXPECT_EQ(of_epochs(2, 8, 16), (TrainingExtent{4, 32}));
}

TEST(TrainingExtentTest, APartOfASampleIsASample) {
  EXPECT_EQ(of_epochs(0.5, 8, 17), (TrainingExtent{2, 9}));
  EXPECT_EQ(of_epochs(1e-9, 8, 17), (TrainingExtent{1, 1}));
}

TEST(TrainingExtentTest, BinaryRoundingAddsNoSample) {
  // 0.1 * 30 is 3.0000000000000004 and 1.1 * 10 is 11.000000000000002 in binary.
  EXPECT_EQ(of_epochs(0.1, 1, 30), (TrainingExtent{3, 3}));
  EXPECT_EQ(of_epochs(1.1, 1, 10), (TrainingExtent{11, 11}));
}

TEST(TrainingExtentTest, HoldsThe67344DebianChats) {
  EXPECT_EQ(of_epochs(3, 64, 67344), (TrainingExtent{3157, 202032}));
}

TEST(TrainingExtentTest, RefusesMoreThanCanBeCounted) {
  EXPECT_THROW(of_steps(1'000'000'000, 1 << 24, 10), UserError);
  EXPECT_THROW(of_epochs(1e6, 1, std::uint64_t{1} << 40), UserError);
}

}  // namespace
}  // namespace temper::data
