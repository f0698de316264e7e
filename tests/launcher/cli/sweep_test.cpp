#include "launcher/cli/sweep.h"

#include <gmock/gmock.h>

#include "core/base/error.h"

namespace temper::launch {
namespace {

using ::testing::ElementsAre;

TEST(SweepTest, WithoutAxesIsOneRunAsItStands) {
  EXPECT_THAT(sweep_points({}), ElementsAre(SweepPoint{"", {}}));
}

TEST(SweepTest, IsAllCombinationsTheLastAxisFastest) {
  EXPECT_THAT(
      sweep_points({"optimizer.lr=1e-4,2e-4", "adapter.rank=8,16"}),
      ElementsAre(SweepPoint{"-lr-1e-4-rank-8", {"optimizer.lr=1e-4", "adapter.rank=8"}},
                  SweepPoint{"-lr-1e-4-rank-16", {"optimizer.lr=1e-4", "adapter.rank=16"}},
                  SweepPoint{"-lr-2e-4-rank-8", {"optimizer.lr=2e-4", "adapter.rank=8"}},
                  SweepPoint{"-lr-2e-4-rank-16", {"optimizer.lr=2e-4", "adapter.rank=16"}}));
}

TEST(SweepTest, NamesRunsWithPlainLetters) {
  EXPECT_EQ(sweep_points({"model.base=a b/c"})[0].name_suffix, "-base-a_b_c");
}

TEST(SweepTest, RefusesWhatIsNoAxis) {
  for (const char* axis : {"", "lr", "=1", "lr=", "lr=1,", "lr=1,,2", "lr=1,1"}) {
    EXPECT_THROW(sweep_points({axis}), UserError) << axis;
  }
}

TEST(SweepTest, RefusesMoreRunsThanAnybodyMeans) {
  std::string axis = "seed=0";
  for (int i = 1; i < 40; ++i) {
    axis += "," + std::to_string(i);
  }
  EXPECT_THROW(sweep_points({axis, axis}), UserError);
}

}  // namespace
}  // namespace temper::launch
