#include "core/run/collective_report.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace temper::run {
namespace {

TEST(CollectiveReportTest, ComesBackAsItWasWritten) {
  const CollectiveReport report{
      "nccl",
      {"node-a", "node-b"},
      {{"all_gather", 1024, 1000, 2.5e-5, 0}, {"broadcast", std::uint64_t{1} << 40, 1, 12.0, 7}}};
  EXPECT_EQ(parse_collective_report(to_json(report), "collectives.json"), report);
}

TEST(CollectiveReportTest, ADamagedOneIsRefused) {
  EXPECT_THROW(parse_collective_report("{}", "collectives.json"), UserError);
  EXPECT_THROW(parse_collective_report("", "collectives.json"), UserError);
}

// nccl-tests, PERFORMANCE.md: what the ranks' links carry, whatever their number.
TEST(CollectiveReportTest, BandwidthsAreThoseOfNcclTests) {
  EXPECT_DOUBLE_EQ(algorithm_bandwidth({"all_gather", 800, 1, 2.0, 0}), 400);
  EXPECT_DOUBLE_EQ(bus_bandwidth({"all_gather", 800, 1, 2.0, 0}, 4), 300);
  EXPECT_DOUBLE_EQ(bus_bandwidth({"all_to_all", 800, 1, 2.0, 0}, 8), 350);
  EXPECT_DOUBLE_EQ(bus_bandwidth({"broadcast", 800, 1, 2.0, 0}, 8), 400);
  EXPECT_DOUBLE_EQ(bus_bandwidth({"broadcast", 800, 0, 0, 0}, 8), 0) << "not timed";
}

}  // namespace
}  // namespace temper::run
