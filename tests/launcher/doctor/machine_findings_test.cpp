#include "launcher/doctor/machine_findings.h"

#include <gmock/gmock.h>

#include "tests/support/temporary_directory.h"

namespace temper::launch {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using State = Finding::State;

constexpr const char* kXeon =
    "processor\t: 0\n"
    "vendor_id\t: GenuineIntel\n"
    "model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz\n"
    "flags\t\t: fpu sse4_2 avx avx2 avx512f avx512_bf16 amx_bf16\n"
    "model name\t: another\n";

TEST(ProcessorTest, OfIntel) {
  const Processor processor = parse_cpuinfo(kXeon);
  EXPECT_EQ(processor.name, "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz");
  EXPECT_THAT(processor.instructions, ElementsAre("AVX2", "AVX-512", "AVX-512 BF16", "AMX BF16"));
}

TEST(ProcessorTest, OfArm) {
  const Processor processor =
      parse_cpuinfo("processor\t: 0\nFeatures\t: fp asimd sve bf16\nCPU part\t: 0xd4f\n");
  EXPECT_EQ(processor.name, "");
  EXPECT_THAT(processor.instructions, ElementsAre("AdvSIMD", "SVE", "BF16"));
}

TEST(ProcessorTest, FlagsAreWholeWords) {
  EXPECT_THAT(parse_cpuinfo("flags : avx2x xavx2\n").instructions, IsEmpty());
  EXPECT_THAT(parse_cpuinfo("vmx flags : avx2\n").instructions, IsEmpty());
  EXPECT_THAT(parse_cpuinfo("").instructions, IsEmpty());
}

TEST(AvailableMemoryTest, IsReadInKibibytes) {
  EXPECT_EQ(parse_available_memory("MemTotal:  24 kB\nMemAvailable:   2048 kB\n"), 2 << 20);
  EXPECT_EQ(parse_available_memory("MemTotal:  24 kB\n"), 0);
  EXPECT_EQ(parse_available_memory("MemAvailable: ?\n"), 0);
}

TEST(MachineFindingsTest, AProcessorWithoutAvx2IsSlow) {
  const testing::TemporaryDirectory proc;
  testing::write_file(proc / "cpuinfo", "model name\t: Old\nflags\t: sse4_2\n");
  const auto findings = machine_findings(proc.path(), 1, Environment({}));
  EXPECT_EQ(findings[0].state, State::kWarning);
  EXPECT_THAT(findings[0].detail, HasSubstr("Old, 1 core, no vector instructions"));
  EXPECT_THAT(findings[0].advice, HasSubstr("slower"));
  testing::write_file(proc / "cpuinfo", kXeon);
  EXPECT_EQ(machine_findings(proc.path(), 8, Environment({}))[0].state, State::kOk);
}

TEST(MachineFindingsTest, LittleFreeMemoryIsAWarning) {
  const testing::TemporaryDirectory proc;
  testing::write_file(proc / "meminfo", "MemAvailable: 1048576 kB\n");
  const Finding memory = machine_findings(proc.path(), 1, Environment({}))[1];
  EXPECT_EQ(memory.state, State::kWarning);
  EXPECT_THAT(memory.detail, HasSubstr("1.0 GiB free"));
}

TEST(MachineFindingsTest, TheCachesRoomIsThatOfTheNearestFolder) {
  const testing::TemporaryDirectory folder;
  const Environment environment({{"TEMPER_CACHE", (folder / "not/there").string()}});
  const Finding cache = machine_findings("/proc", 1, environment)[2];
  EXPECT_NE(cache.state, State::kFailed);
  EXPECT_THAT(cache.detail, AllOf(HasSubstr((folder / "not/there").string()), HasSubstr("free")));
}

}  // namespace
}  // namespace temper::launch
