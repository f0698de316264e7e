#include "launcher/backends/captured_run.h"

#include <gmock/gmock.h>

#include "core/base/error.h"

namespace temper::launch {
namespace {

TEST(CapturedRunTest, KeepsBothStreamsAndTheCode) {
  SystemProcessRunner runner;
  const CapturedRun run = run_captured(runner, {"sh", "-c", "echo out; echo err >&2; exit 3"});
  EXPECT_EQ(run.out, "out\n");
  EXPECT_EQ(run.err, "err\n");
  EXPECT_EQ(run.code, 3);
}

TEST(CapturedRunTest, KeepsMoreThanAPipeWouldHold) {
  SystemProcessRunner runner;
  const CapturedRun run = run_captured(runner, {"sh", "-c", "head -c 1000000 /dev/zero"});
  EXPECT_EQ(run.out.size(), 1'000'000U);
}

TEST(CapturedRunTest, AProgramThatIsNotThereIsTheUsersError) {
  SystemProcessRunner runner;
  EXPECT_THROW(run_captured(runner, {"/no/such/program"}), UserError);
}

TEST(CapturedRunTest, ComplaintIsTheFirstLineOfTheErrors) {
  EXPECT_EQ(complaint_of({1, "out\n", "\nsbatch: error: no\nmore\n"}), "sbatch: error: no");
  EXPECT_EQ(complaint_of({1, "said on stdout\n", ""}), "said on stdout");
  EXPECT_EQ(complaint_of({137, "", " \n"}), "killed by signal 9");
}

}  // namespace
}  // namespace temper::launch
