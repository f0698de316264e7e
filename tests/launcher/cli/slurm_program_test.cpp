#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/launcher/cli/program.h"

/// The verbs over a Slurm that only keeps a queue (fake_slurm.sh): what it refuses, loses or
/// forgets is told, and nothing is submitted twice.
namespace temper::launch {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::read_file;
using ::testing::SizeIs;
using testing::write_file;

class SlurmProgramTest : public ::testing::Test {
 protected:
  SlurmProgramTest() {
    fs::create_directories(slurm_);
    for (const char* program : {"sbatch", "squeue", "scontrol", "scancel"}) {
      fs::create_directories(program_.file("bin"));
      fs::create_symlink(fs::path(TEMPER_SOURCE_DIR) / "tests/launcher/cli/fake_slurm.sh",
                         program_.file("bin") / program);
    }
    program_.set_environment("FAKE_SLURM", slurm_.string());
    program_.set_environment("PATH", program_.file("bin").string() + ":/usr/bin:/bin");
    write_file(program_.file("slurm.yaml"), "kind: slurm\nresources: {cpus: 2}\n");
  }

  void slurm_says(const std::string& when, const std::string& text) {
    write_file(slurm_ / when, text + "\n");
  }
  void slurm_recovers_from(const std::string& what) { fs::remove(slurm_ / what); }

  ProgramResult submit(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"submit", program_.file("recipe.yaml").string(), "--on",
                                          program_.file("slurm.yaml").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program_.temper(arguments);
  }

  ProgramResult ask(const std::string& verb, const std::string& run,
                    std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {verb, run, "--runs", program_.runs().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program_.temper(arguments);
  }

  /// The jobs that sbatch took.
  std::vector<std::string> sent() const {
    std::vector<std::string> lines;
    std::istringstream text(fs::exists(slurm_ / "sent") ? read_file(slurm_ / "sent") : "");
    for (std::string line; std::getline(text, line);) {
      lines.push_back(line);
    }
    return lines;
  }

  /// The scheduler's names of all runs' jobs.
  std::vector<std::string> jobs() {
    std::vector<std::string> names;
    const ProgramResult list = program_.temper({"list", "--json", "--runs", program_.runs()});
    std::istringstream lines(list.output);
    for (std::string line; std::getline(lines, line);) {
      names.push_back(nlohmann::json::parse(line).at("job"));
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  /// As if the launcher had died before it noted the run's job.
  void forget_job(const run::RunLayout& layout) {
    run::RunRecord record = *run::read_run_record(layout);
    record.job.clear();
    run::write_run_record(layout, record);
  }

  Program program_;
  const fs::path slurm_ = program_.file("slurm");
};

TEST_F(SlurmProgramTest, SubmitSaysWhatItMadeAsJson) {
  const ProgramResult result = submit({"--json"});
  ASSERT_EQ(result.code, 0) << result.output;
  const auto json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json.at("job"), "41");
  EXPECT_EQ(json.at("backend"), "slurm");
  EXPECT_EQ(json.at("name"), "tiny");
  EXPECT_EQ(json.at("folder"), program_.run().root.string());
  EXPECT_EQ(json.at("id"), program_.record().id);
}

TEST_F(SlurmProgramTest, AMissingSbatchIsTold) {
  fs::remove(program_.file("bin") / "sbatch");
  program_.set_environment("PATH", program_.file("bin").string());  // this machine may have one
  const ProgramResult result = submit();
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, AllOf(HasSubstr("sbatch"), HasSubstr("No such file")));
  EXPECT_FALSE(fs::exists(program_.runs()));
}

TEST_F(SlurmProgramTest, SbatchsRefusalIsPassedOnAndLeavesNothing) {
  slurm_says("refuse",
             "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy");
  const ProgramResult result = submit();
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr("violates accounting/QOS policy"));
  EXPECT_FALSE(fs::exists(program_.runs()));
}

TEST_F(SlurmProgramTest, ALostAnswerMakesNoSecondJob) {
  slurm_says("lose_answer", "sbatch: error: Socket timed out on send/recv operation");
  const ProgramResult result = submit();
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(sent(), SizeIs(1));
  EXPECT_EQ(program_.record().job, "41");
}

TEST_F(SlurmProgramTest, ARepeatedSubmitFindsTheJobThatWasNotNoted) {
  submit();
  forget_job(program_.run());
  const ProgramResult again = submit();
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("going on with it"));
  EXPECT_THAT(sent(), SizeIs(1));
  EXPECT_EQ(program_.record().job, "41");
}

TEST_F(SlurmProgramTest, ANameThatWaitsIsRefused) {
  submit();
  const ProgramResult again = submit();
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.output, HasSubstr("a run called tiny is pending already"));
  EXPECT_THAT(sent(), SizeIs(1));
}

TEST_F(SlurmProgramTest, AWaitingRunHasNoLogAndSaysSo) {
  submit();
  const ProgramResult logs = ask("logs", "tiny");
  EXPECT_EQ(logs.code, 2);
  EXPECT_THAT(logs.output, HasSubstr("has no attempt yet"));
}

TEST_F(SlurmProgramTest, AWaitingRunIsCancelledOnce) {
  submit();
  const ProgramResult first = ask("cancel", "tiny", {"--json"});
  EXPECT_EQ(first.code, 0) << first.output;
  EXPECT_THAT(first.output, HasSubstr(R"("state":"stopped")"));
  const ProgramResult second = ask("cancel", "tiny");
  EXPECT_EQ(second.code, 2);
  EXPECT_THAT(second.output, HasSubstr("isn't running, it is stopped"));
}

TEST_F(SlurmProgramTest, AForgottenJobIsToldWithTheWayOn) {
  submit();
  fs::remove(slurm_ / "jobs");
  const ProgramResult status = ask("status", "tiny");
  EXPECT_EQ(status.code, 0) << status.output;
  EXPECT_THAT(status.output, AllOf(HasSubstr("failed"), HasSubstr("no longer knows job 41"),
                                   HasSubstr("temper resume")));
  EXPECT_EQ(ask("cancel", "tiny").code, 2);
  const ProgramResult resumed = ask("resume", "tiny", {"--json"});
  EXPECT_EQ(resumed.code, 0) << resumed.output;
  EXPECT_EQ(nlohmann::json::parse(resumed.output).at("job"), "42");
}

TEST_F(SlurmProgramTest, ASlurmThatIsDownLeavesTheRecord) {
  submit();
  slurm_says("down", "slurm_load_jobs error: Unable to contact slurm controller (connect failure)");
  const ProgramResult status = ask("status", "tiny");
  EXPECT_EQ(status.code, 0) << status.output;
  EXPECT_THAT(status.output, AllOf(HasSubstr("pending"), HasSubstr("Unable to contact")));
  const ProgramResult cancelled = ask("cancel", "tiny");
  EXPECT_EQ(cancelled.code, 2);
  EXPECT_THAT(cancelled.output, HasSubstr("Unable to contact"));
  EXPECT_EQ(ask("resume", "tiny").code, 2);
  slurm_recovers_from("down");
  EXPECT_EQ(ask("cancel", "tiny").code, 0);
}

const std::vector<std::string> kSweep = {"--sweep", "optimizer.lr=1e-4,2e-4,3e-4"};

TEST_F(SlurmProgramTest, ASweepIsOneArray) {
  const ProgramResult result = submit(kSweep);
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(sent(), ElementsAre(HasSubstr("-sweep-")));
  EXPECT_THAT(jobs(), ElementsAre("41_0", "41_1", "41_2"));
}

TEST_F(SlurmProgramTest, ASweepThatIsRepeatedIsLeftAsItIs) {
  submit(kSweep);
  const ProgramResult again = submit(kSweep);
  EXPECT_EQ(again.code, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("is submitted already"));
  EXPECT_THAT(sent(), SizeIs(1));
  EXPECT_THAT(jobs(), SizeIs(3));
}

TEST_F(SlurmProgramTest, ASweepWhoseJobsWereNotAllNotedFindsThem) {
  for (const std::size_t num_forgotten : {std::size_t{1}, std::size_t{3}}) {
    submit(kSweep);
    std::size_t forgotten = 0;
    for (const auto& entry : fs::directory_iterator(program_.runs())) {
      if (forgotten++ < num_forgotten) {
        forget_job({entry.path()});
      }
    }
    const ProgramResult again = submit(kSweep);
    EXPECT_EQ(again.code, 0) << again.output;
    EXPECT_THAT(sent(), SizeIs(1)) << num_forgotten;
    EXPECT_THAT(jobs(), ElementsAre("41_0", "41_1", "41_2"));
  }
}

TEST_F(SlurmProgramTest, ALargerSweepSendsWhatIsNew) {
  submit({"--sweep", "optimizer.lr=1e-4,2e-4"});
  const ProgramResult larger = submit({"--sweep", "optimizer.lr=1e-4,2e-4,3e-4"});
  EXPECT_EQ(larger.code, 0) << larger.output;
  EXPECT_THAT(sent(), SizeIs(2));
  EXPECT_THAT(jobs(), ElementsAre("41_0", "41_1", "42_0"));
}

TEST_F(SlurmProgramTest, ARefusedSweepIsSentByTheNextCommand) {
  slurm_says("lose_answer", "sbatch: error: Socket timed out on send/recv operation");
  submit(kSweep);
  slurm_recovers_from("lose_answer");
  EXPECT_EQ(submit(kSweep).code, 0);
  EXPECT_THAT(sent(), SizeIs(1));
  EXPECT_THAT(jobs(), ElementsAre("41_0", "41_1", "41_2"));
}

TEST_F(SlurmProgramTest, APlanShowsWhatASweepWouldSend) {
  const ProgramResult result = program_.temper({"plan", program_.file("recipe.yaml").string(),
                                                "--on", program_.file("slurm.yaml").string(),
                                                "--json", "--sweep", "optimizer.lr=1e-4,2e-4"});
  ASSERT_EQ(result.code, 0) << result.output;
  const std::size_t second = result.output.find("\n{");
  const auto first_plan = nlohmann::json::parse(result.output.substr(0, second));
  const auto second_plan = nlohmann::json::parse(result.output.substr(second));
  EXPECT_EQ(first_plan.at("name"), "tiny-lr-1e-4");
  EXPECT_EQ(second_plan.at("name"), "tiny-lr-2e-4");
  const std::string script = first_plan.at("files").begin().value();
  EXPECT_THAT(script, AllOf(HasSubstr("#SBATCH --array=0-1"), HasSubstr("tiny-lr-1e-4-ID"),
                            HasSubstr("tiny-lr-2e-4-ID")));
  EXPECT_FALSE(second_plan.contains("files"));
  EXPECT_THAT(result.output, HasSubstr("is submitted with tiny-lr-1e-4, as one job"));
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(SlurmProgramTest, RunsThatASchedulerTellsApartAreJobsOfTheirOwn) {
  const std::string runs = program_.runs();
  const ProgramResult result =
      submit({"--sweep", "checkpoint.to=" + runs + "," + runs + "/others"});
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(sent(), SizeIs(2));
}

TEST_F(SlurmProgramTest, ImpossibleResourcesAreToldBeforeAnythingIsAsked) {
  write_file(program_.file("slurm.yaml"),
             "kind: slurm\nnodes: 2\nranks: 5\nresources: {cpus: 2}\ngraceseconds: 5\n");
  const ProgramResult result = submit();
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, AllOf(HasSubstr("5 ranks can't be spread evenly over 2 nodes"),
                                   HasSubstr("grace_seconds"), Not(HasSubstr("sbatch"))));
  EXPECT_THAT(sent(), IsEmpty());
}

}  // namespace
}  // namespace temper::launch
