#include "launcher/backends/orphans.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "core/base/process_runner.h"
#include "tests/support/temporary_directory.h"

namespace temper::launch {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

TEST(OrphansTest, FindsProcessesOfARunByTheirArguments) {
  SystemProcessRunner runner;
  Command command;
  // Waits without a child of its own, which would carry the same arguments until it execs.
  command.argv = {"sh", "-c", "kill -STOP $$", "--run", "/runs/of-orphans-test"};
  const auto process = runner.start(command);
  std::vector<int> found;
  while (found.empty()) {  // the child has yet to exec
    found = trainers_of("/runs/of-orphans-test");
  }
  EXPECT_THAT(found, ElementsAre(process->pid()));
  EXPECT_TRUE(trainers_of("/runs/of-orphans").empty());
  process->signal(9);
  process->wait();
  EXPECT_TRUE(trainers_of("/runs/of-orphans-test").empty());
}

// A process may be gone between the opening and the reading of its file, which then fails; so does
// reading a process's memory from address 0.
TEST(OrphansTest, AProcessThatEndsMeanwhileIsPassedOver) {
  const testing::TemporaryDirectory folder;
  const fs::path proc = folder.path() / "proc";
  fs::create_directories(proc / "17");
  fs::create_symlink("/proc/self/mem", proc / "17" / "cmdline");
  fs::create_directories(proc / "18");
  testing::write_file(proc / "18" / "cmdline", std::string("temper-trainer\0--run\0/runs/a\0", 29));
  EXPECT_THAT(trainers_of("/runs/a", proc), ElementsAre(18));
}

}  // namespace
}  // namespace temper::launch
