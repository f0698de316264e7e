#include "trainer/device/device_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"

namespace temper::device {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30;

const Gpu kL4{"NVIDIA L4", 8, 9, 22 * kGibibyte};
const Gpu kH100{"NVIDIA H100 80GB HBM3", 9, 0, 79 * kGibibyte};

DeviceReport machine(std::vector<Gpu> gpus) {
  return {.built_with_cuda = true,
          .runtime_version = 13000,
          .driver_version = 13020,
          .gpus = std::move(gpus),
          .problem = ""};
}

std::string refusal(const DeviceReport& report, int num_ranks) {
  try {
    check_gpus(report, num_ranks);
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(DeviceChecksTest, TakesOneGpuARank) {
  EXPECT_EQ(refusal(machine({kL4}), 1), "accepted");
  EXPECT_EQ(refusal(machine({kL4, kL4}), 2), "accepted");
  EXPECT_EQ(refusal(machine({kL4, kL4, kL4}), 2), "accepted");
}

TEST(DeviceChecksTest, ABuildWithoutCudaHasNoDevice) {
  EXPECT_THAT(refusal({}, 1), AllOf(HasSubstr("no CUDA device"), HasSubstr("setup.sh --cuda")));
}

TEST(DeviceChecksTest, NoDriverIsSaid) {
  DeviceReport report = machine({});
  report.driver_version = 0;
  report.problem = "CUDA driver version is insufficient for CUDA runtime version";
  EXPECT_THAT(refusal(report, 1), AllOf(HasSubstr("no CUDA device"), HasSubstr("no NVIDIA driver"),
                                        HasSubstr("is insufficient"), HasSubstr("CUDA 13.0")));
}

TEST(DeviceChecksTest, ADriverOfAnOlderMajorVersionIsTooOld) {
  DeviceReport report = machine({});
  report.driver_version = 12080;
  report.problem = "CUDA driver version is insufficient for CUDA runtime version";
  EXPECT_THAT(refusal(report, 1), AllOf(HasSubstr("too old"), HasSubstr("can run CUDA 12.8"),
                                        HasSubstr("needs CUDA 13.0")));
}

TEST(DeviceChecksTest, ADriverOfAnOlderMinorVersionWillDo) {
  DeviceReport report = machine({kL4});
  report.runtime_version = 13020;
  report.driver_version = 13000;
  EXPECT_EQ(refusal(report, 1), "accepted");
}

TEST(DeviceChecksTest, AnotherProblemOfCudaIsPassedOn) {
  DeviceReport report = machine({});
  report.problem = "system not yet initialized";
  EXPECT_THAT(refusal(report, 1),
              AllOf(HasSubstr("system not yet initialized"), HasSubstr("CUDA_VISIBLE_DEVICES")));
}

TEST(DeviceChecksTest, NoVisibleGpu) {
  EXPECT_THAT(refusal(machine({}), 1), HasSubstr("no GPU is visible"));
}

TEST(DeviceChecksTest, FewerGpusThanRanks) {
  EXPECT_THAT(refusal(machine({kL4}), 2),
              AllOf(HasSubstr("2 ranks on this machine, but 1 GPU:"), HasSubstr("start 1 rank "),
                    HasSubstr("0: NVIDIA L4, 22.0 GiB, compute capability 8.9")));
  EXPECT_THAT(refusal(machine({kL4, kL4}), 4),
              AllOf(HasSubstr("4 ranks on this machine, but 2 GPUs:"), HasSubstr("2 ranks here")));
}

TEST(DeviceChecksTest, GpusOfDifferentKinds) {
  EXPECT_THAT(refusal(machine({kL4, kH100}), 2),
              AllOf(HasSubstr("GPUs 0 and 1 are of different kinds"), HasSubstr("1: NVIDIA H100")));
  EXPECT_EQ(refusal(machine({kL4, kH100}), 1), "accepted") << "the other one is not used";
}

TEST(DeviceChecksTest, GpusWithoutKernels) {
  EXPECT_THAT(refusal(machine({{"Tesla V100", 7, 0, 16 * kGibibyte}}), 1),
              AllOf(HasSubstr("too old"), HasSubstr("7.5")));
  EXPECT_EQ(refusal(machine({{"Tesla T4", 7, 5, 15 * kGibibyte}}), 1), "accepted");
}

TEST(DeviceChecksTest, WritesVersionsAsPeopleDo) {
  EXPECT_EQ(cuda_version_text(13000), "13.0");
  EXPECT_EQ(cuda_version_text(12080), "12.8");
}

TEST(LibraryVersionsTest, NamesLibTorch) {
  EXPECT_THAT(library_versions(), AllOf(HasSubstr("LibTorch 2."), HasSubstr("CUDA")));
}

}  // namespace
}  // namespace temper::device
