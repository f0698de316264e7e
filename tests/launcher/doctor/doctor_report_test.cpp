#include "launcher/doctor/doctor_report.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/golden.h"

namespace temper::launch {
namespace {

using ::testing::HasSubstr;
using State = Finding::State;

DoctorReport example() {
  DoctorReport report;
  report.findings = {{"temper", State::kOk, "1.2.3", ""},
                     {"sbatch", State::kAbsent, "not found", "kind: slurm needs it"},
                     {"processor", State::kWarning, "old", "it is slow"},
                     {"GPUs", State::kOk, "0: NVIDIA L4\n1: NVIDIA L4", ""}};
  report.communication =
      run::CollectiveReport{"tcp",
                            {"here", "here", "there", "there"},
                            {{"all_gather", 1024, 1000, 0.000'05, 0},
                             {"broadcast", std::uint64_t{64} << 20, 3, 0.064, 0}}};
  return report;
}

TEST(DoctorReportTest, ATableForPeople) {
  testing::expect_golden("doctor.txt", doctor_text(example()));
}

TEST(DoctorReportTest, JsonForPrograms) {
  const auto json = nlohmann::json::parse(doctor_json(example()));
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["findings"][1], (nlohmann::json{{"what", "sbatch"},
                                                 {"state", "absent"},
                                                 {"detail", "not found"},
                                                 {"advice", "kind: slurm needs it"}}));
  EXPECT_EQ(json["communication"]["communicator"], "tcp");
  EXPECT_EQ(json["communication"]["ranks"], 4);
  EXPECT_EQ(json["communication"]["hosts"][2], "there");
  EXPECT_EQ(json["communication"]["collectives"][1]["bytes"], 64 << 20);
}

TEST(DoctorReportTest, OneFailureIsTheVerdict) {
  DoctorReport report = example();
  report.findings.push_back({"GPUs", State::kFailed, "no CUDA device", ""});
  EXPECT_THAT(doctor_text(report), HasSubstr("something that is required is missing"));
  EXPECT_EQ(nlohmann::json::parse(doctor_json(report))["ok"], false);
}

TEST(CommunicationFindingTest, TellsLatencyAndTheBestBandwidth) {
  const Finding finding = communication_finding(*example().communication);
  EXPECT_EQ(finding.state, State::kOk);
  EXPECT_THAT(finding.detail, HasSubstr("latency 50.0 us, bus bandwidth up to 1.05 GB/s"));
}

TEST(CommunicationFindingTest, WrongBytesFail) {
  run::CollectiveReport report = *example().communication;
  report.timings[0].wrong_bytes = 1;
  EXPECT_EQ(communication_finding(report).state, State::kFailed);
  EXPECT_THAT(communication_finding(report).detail, HasSubstr("1 bytes arrived wrong over tcp"));
}

}  // namespace
}  // namespace temper::launch
