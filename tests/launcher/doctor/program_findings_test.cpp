#include "launcher/doctor/program_findings.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/fake_process_runner.h"

namespace temper::launch {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using State = Finding::State;
using testing::FakeProcessRunner;
using testing::ScriptedProcess;

ScriptedProcess says(const std::string& text, int code = 0) {
  ScriptedProcess process;
  process.status = {code};
  process.on_start = [=](const Command& command) {
    std::ofstream(code == 0 ? command.output : command.errors, std::ios::app) << text;
  };
  return process;
}

ScriptedProcess missing() {
  ScriptedProcess process;
  process.start_error = "cannot find it";
  return process;
}

TEST(ProgramFindingsTest, WhatIsThereIsNamedWithItsVersion) {
  FakeProcessRunner runner;
  runner.script(says("mpirun (Open MPI) 4.1.4\n\nReport bugs\n"));
  runner.script(says("slurm-wlm 22.05.8\n"));
  runner.script(says("slurm-wlm 22.05.8\n"));
  runner.script(says("Client Version: v1.30.0\nKustomize\n"));
  runner.script(says("gke_project_zone_cluster\n"));
  const auto findings = program_findings(runner);
  ASSERT_THAT(findings, SizeIs(5));
  EXPECT_EQ(findings[0], (Finding{"mpirun", State::kOk, "mpirun (Open MPI) 4.1.4", ""}));
  EXPECT_EQ(findings[3].detail, "Client Version: v1.30.0");
  EXPECT_EQ(findings[4], (Finding{"kubectl context", State::kOk, "gke_project_zone_cluster", ""}));
  EXPECT_EQ(runner.commands()[4].argv,
            (std::vector<std::string>{"kubectl", "config", "current-context"}));
}

TEST(ProgramFindingsTest, WhatIsNotThereIsAbsentAndSaysWhatItIsFor) {
  FakeProcessRunner runner;
  for (int i = 0; i < 5; ++i) {
    runner.script(missing());
  }
  const auto findings = program_findings(runner);
  ASSERT_THAT(findings, SizeIs(4)) << "no kubectl, no context";
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.state, State::kAbsent) << finding.what;
    EXPECT_THAT(finding.advice, HasSubstr("install")) << finding.what;
  }
  EXPECT_TRUE(all_required_is_there(findings));
}

TEST(ProgramFindingsTest, AProgramThatFailsIsAWarningInItsOwnWords) {
  FakeProcessRunner runner;
  runner.script(says("mpirun: error while loading shared libraries\n", 127));
  runner.script(missing());
  runner.script(missing());
  runner.script(says("Client Version: v1.30.0\n"));
  runner.script(says("error: current-context is not set\n", 1));
  const auto findings = program_findings(runner);
  EXPECT_EQ(findings[0].state, State::kWarning);
  EXPECT_EQ(findings[0].detail, "mpirun: error while loading shared libraries");
  EXPECT_EQ(findings[4].state, State::kAbsent);
  EXPECT_THAT(findings[4].advice, HasSubstr("use-context"));
}

TEST(OwnFindingsTest, TheTrainerMustBeOfTheSameVersion) {
  const auto state_with = [](const ScriptedProcess& trainer) {
    FakeProcessRunner runner;
    runner.script(trainer);
    return own_findings(runner, "1.2.3", "/bin/temper-trainer")[1].state;
  };
  EXPECT_EQ(state_with(says("1.2.3 (LibTorch 2.13.0, no CUDA)\n")), State::kOk);
  EXPECT_EQ(state_with(says("1.2.30 (LibTorch 2.13.0, no CUDA)\n")), State::kFailed);
  EXPECT_EQ(state_with(says("libtorch.so: cannot open\n", 127)), State::kFailed);
  EXPECT_EQ(state_with(missing()), State::kFailed);
}

}  // namespace
}  // namespace temper::launch
