#include "launcher/backends/launch_command.h"

#include <gtest/gtest.h>

namespace temper::launch {
namespace {

LaunchSpec spec_of(int ranks) {
  LaunchSpec spec;
  spec.trainer = "/opt/temper/bin/temper-trainer";
  spec.run_dir = "/runs/my run";
  spec.ranks = ranks;
  spec.slot_workers = 2;
  return spec;
}

TEST(LaunchCommandTest, StartsTheTrainerItselfForOneRank) {
  EXPECT_EQ(shell_line(attempt_command(spec_of(1), "a1", {})),
            "/opt/temper/bin/temper-trainer --run '/runs/my run' --ranks 1 --slot-workers 2 "
            "--attempt a1");
}

TEST(LaunchCommandTest, StartsSeveralRanksWithMpirun) {
  LaunchSpec spec = spec_of(3);
  spec.as_root = true;
  spec.allow_changed = "data,model";
  spec.environment = {{"OMP_PROC_BIND", "it's off"}};
  EXPECT_EQ(
      shell_line(attempt_command(spec, "a1", {})),
      "OMP_PROC_BIND='it'\\''s off' mpirun --allow-run-as-root --oversubscribe --bind-to none "
      "-n 3 -x OMP_PROC_BIND /opt/temper/bin/temper-trainer --run '/runs/my run' --ranks 3 "
      "--slot-workers 2 --attempt a1 --heartbeat-timeout 30 --meeting-timeout 600 "
      "--allow-changed data,model");
}

TEST(LaunchCommandTest, StartsRanksThatMeetOverTcpItself) {
  LaunchSpec spec = spec_of(6);
  spec.tcp_starter = "/opt/temper/bin/temper";
  spec.heartbeat_timeout_seconds = 5;
  EXPECT_EQ(shell_line(attempt_command(spec, "a1", {})),
            "/opt/temper/bin/temper start-ranks --ranks 6 -- /opt/temper/bin/temper-trainer --run "
            "'/runs/my run' --ranks 6 --slot-workers 2 --attempt a1 --heartbeat-timeout 5 "
            "--meeting-timeout 600");
  spec.nodes = 3;
  EXPECT_EQ(shell_line(attempt_command(spec, "a1", {})).find("temper start-ranks --ranks 2 --of 6"),
            std::string("/opt/temper/bin/").size());
}

TEST(LaunchCommandTest, TellsTheTrainerWhereToHold) {
  LaunchSpec spec = spec_of(1);
  spec.hold_after_step = 5;
  EXPECT_EQ(shell_line(attempt_command(spec, "a1", {})),
            "/opt/temper/bin/temper-trainer --run '/runs/my run' --ranks 1 --slot-workers 2 "
            "--attempt a1 --hold-after-step 5");
}

TEST(LaunchCommandTest, TellsTheTrainerThatItHasAGpu) {
  LaunchSpec spec = spec_of(1);
  spec.gpus = true;
  EXPECT_EQ(shell_line(attempt_command(spec, "a1", {})),
            "/opt/temper/bin/temper-trainer --run '/runs/my run' --ranks 1 --slot-workers 2 "
            "--attempt a1 --gpus");
}

TEST(LaunchCommandTest, TellsTheTrainerToTrace) {
  LaunchSpec spec = spec_of(1);
  spec.trace = "trace.json";
  EXPECT_EQ(shell_line(attempt_command(spec, "a1", {})),
            "/opt/temper/bin/temper-trainer --run '/runs/my run' --ranks 1 --slot-workers 2 "
            "--attempt a1 --trace");
}

TEST(LaunchCommandTest, AsksForRootOnlyAsRoot) {
  EXPECT_EQ(shell_line(attempt_command(spec_of(2), "a1", {})).find("allow-run-as-root"),
            std::string::npos);
}

TEST(LaunchCommandTest, HandsOutputAndEnvironmentToTheRunner) {
  LaunchSpec spec = spec_of(1);
  spec.environment = {{"A", "1"}};
  const Command command = attempt_command(spec, "a1", "/runs/log");
  EXPECT_EQ(command.output, "/runs/log");
  EXPECT_EQ(command.environment, spec.environment);
  EXPECT_TRUE(command.own_process_group);
}

}  // namespace
}  // namespace temper::launch
