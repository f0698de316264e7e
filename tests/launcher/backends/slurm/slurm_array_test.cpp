#include "launcher/backends/slurm/slurm_array.h"

#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <string>

#include "core/base/error.h"
#include "launcher/backends/slurm/batch_script.h"
#include "tests/launcher/backends/slurm/example_job.h"
#include "tests/support/fake_process_runner.h"
#include "tests/support/golden.h"

namespace temper::launch {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::SizeIs;

JobSpec run_of_sweep(const std::string& id) {
  JobSpec spec = example_slurm_job();
  spec.run_id = id;
  spec.launch.run_dir = "/shared/my runs/" + id;
  spec.place = spec.launch.run_dir.string();
  return spec;
}

class SlurmArrayTest : public ::testing::Test {
 protected:
  void answer(const std::string& out, int code = 0) {
    testing::ScriptedProcess process;
    process.status = {code};
    process.on_start = [out](const Command& command) {
      std::ofstream(command.output, std::ios::app) << out;
    };
    runner_.script(process);
  }

  const std::vector<JobSpec> specs_ = {run_of_sweep("lr-1e-4-0a1b2c3d"),
                                       run_of_sweep("lr-2e-4-1b2c3d4e")};
  testing::FakeProcessRunner runner_;
  SlurmArray array_{runner_};
};

TEST_F(SlurmArrayTest, IsOneScriptInTheFirstRunsDirectory) {
  const RenderedJob job = array_.render(specs_);
  EXPECT_THAT(job.commands,
              ElementsAre("sbatch --parsable '/shared/my runs/lr-1e-4-0a1b2c3d/job.sbatch'"));
  ASSERT_THAT(job.files, SizeIs(1));
  EXPECT_EQ(job.files[0].name, "job.sbatch");
  testing::expect_golden("slurm/sweep.sbatch", job.files[0].content);
}

TEST_F(SlurmArrayTest, EachRunIsAnElement) {
  answer("");
  answer("41\n");
  EXPECT_THAT(array_.submit(specs_), ElementsAre("41_0", "41_1"));
}

TEST_F(SlurmArrayTest, ARepeatedSubmitFindsTheFirstArray) {
  answer("41\n41\n");  // squeue prints elements
  EXPECT_THAT(array_.submit(specs_), ElementsAre("41_0", "41_1"));
  EXPECT_THAT(runner_.commands(), SizeIs(1));
}

TEST_F(SlurmArrayTest, IsFoundByJustItsRuns) {
  answer("41\n");
  EXPECT_THAT(array_.find(specs_), Optional(ElementsAre("41_0", "41_1")));
  answer("");
  EXPECT_EQ(array_.find(specs_), std::nullopt);
  EXPECT_NE(array_name(specs_), array_name({specs_.front()}));
}

TEST(SlurmJobAroundTest, AnElementIsNamedByItsIndex) {
  using Variables = std::map<std::string, std::string>;
  EXPECT_EQ(slurm_job_around(Environment(Variables{{"SLURM_JOB_ID", "12"}})), "12");
  const Variables element = {
      {"SLURM_JOB_ID", "41"}, {"SLURM_ARRAY_JOB_ID", "41"}, {"SLURM_ARRAY_TASK_ID", "3"}};
  EXPECT_EQ(slurm_job_around(Environment(element)), "41_3");
  EXPECT_EQ(slurm_job_around(Environment(Variables{})), "");
}

}  // namespace
}  // namespace temper::launch
