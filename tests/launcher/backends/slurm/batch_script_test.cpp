#include "launcher/backends/slurm/batch_script.h"

#include <gmock/gmock.h>

#include "core/base/error.h"
#include "tests/launcher/backends/slurm/example_job.h"
#include "tests/support/golden.h"

namespace temper::launch {
namespace {

using testing::expect_golden;
using ::testing::HasSubstr;

std::string starter_line(const JobSpec& spec, recipe::RankStarter starter) {
  return shell_line(slurm_rank_starter(spec.cluster, starter, spec.launch));
}

TEST(BatchScriptTest, LeavesToTheSiteWhatTheClusterFileDoesNotSay) {
  expect_golden("slurm/plain.sbatch", batch_script(example_slurm_job()));
}

TEST(BatchScriptTest, SaysAllThatTheClusterFileSays) {
  JobSpec spec = example_slurm_job();
  recipe::Cluster& cluster = spec.cluster;
  cluster.ranks = 16;
  cluster.resources = {96, 1.5, 8, "h100"};
  cluster.time_limit_minutes = 240;
  cluster.grace_seconds = 300;
  cluster.slurm.partition = "gpu";
  cluster.slurm.account = "lab";
  cluster.slurm.qos = "high";
  cluster.slurm.constraint = "ib&nvme";
  cluster.slurm.exclusive = true;
  cluster.slurm.setup = {"module load openmpi/4.1", "export UCX_TLS=rc"};
  cluster.slurm.options = {"--reservation=week", "--mail-type=END"};
  expect_golden("slurm/full.sbatch", batch_script(spec));
}

TEST(BatchScriptTest, QuotesPathsWithSpacesAndPercentSigns) {
  JobSpec spec = example_slurm_job();
  spec.launch.run_dir = "/shared/my runs/100%/tiny-1";
  spec.place = spec.launch.run_dir.string();
  const std::string script = batch_script(spec);
  EXPECT_THAT(script, HasSubstr("--output=\"/shared/my runs/100%%/tiny-1/logs/slurm-%j.log\"\n"));
  EXPECT_THAT(script, HasSubstr("attend '/shared/my runs/100%/tiny-1'\n"));
}

TEST(BatchScriptTest, RefusesWhatCannotBeWritten) {
  JobSpec spec = example_slurm_job();
  spec.launch.run_dir = "/shared/\"quoted\"";
  EXPECT_THROW(batch_script(spec), UserError);
}

TEST(BatchScriptTest, StartsRanksBySrunOrMpirun) {
  const JobSpec spec = example_slurm_job();
  EXPECT_EQ(starter_line(spec, recipe::RankStarter::kSrun),
            "srun --mpi=pmix --nodes=2 --ntasks=4 --ntasks-per-node=2 --cpus-per-task=4 "
            "--kill-on-bad-exit=1 --wait=60 --unbuffered --input=none");
  JobSpec as_root = spec;
  as_root.launch.as_root = true;
  as_root.launch.environment = {{"HF_TOKEN", "secret"}};
  const std::string line = starter_line(as_root, recipe::RankStarter::kMpirun);
  EXPECT_EQ(line, "mpirun --allow-run-as-root --bind-to none --map-by ppr:2:node -n 4 -x HF_TOKEN");
}

}  // namespace
}  // namespace temper::launch
