#include "core/export/staged_folder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <set>

#include "core/base/error.h"
#include "tests/support/temporary_directory.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;
using temper::testing::read_file;
using temper::testing::TemporaryDirectory;
using temper::testing::write_file;

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

// Writes that would make a file longer than this fail with EFBIG, like a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    previous_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &previous_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = previous_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &previous_);
    ::signal(SIGXFSZ, previous_handler_);
  }

 private:
  rlimit previous_{};
  void (*previous_handler_)(int);
};

TEST(StagedFolderTest, AppearsWholeWhenPublished) {
  const TemporaryDirectory root;
  StagedFolder staged(root / "run" / "adapter");
  staged.write("one", "1");
  EXPECT_FALSE(fs::exists(root / "run" / "adapter"));
  staged.publish();
  EXPECT_EQ(read_file(root / "run" / "adapter" / "one"), "1");
  EXPECT_EQ(names_in(root / "run"), std::set<std::string>{"adapter"});
}

TEST(StagedFolderTest, ReplacesWhatWasThere) {
  const TemporaryDirectory root;
  write_file(root / "adapter" / "old", "old");
  write_file(root / "adapter" / "one", "old");
  {
    StagedFolder staged((root / "adapter") / "");  // a trailing slash names the same folder
    staged.write("one", "new");
    EXPECT_EQ(read_file(root / "adapter" / "one"), "old");
    staged.publish();
  }
  EXPECT_EQ(read_file(root / "adapter" / "one"), "new");
  EXPECT_EQ(names_in(root / "adapter"), std::set<std::string>{"one"});
  EXPECT_EQ(names_in(root.path()), std::set<std::string>{"adapter"});
}

TEST(StagedFolderTest, LeavesTheTargetAloneWithoutPublish) {
  const TemporaryDirectory root;
  write_file(root / "adapter" / "one", "old");
  { StagedFolder(root / "adapter").write("one", "new"); }
  EXPECT_EQ(read_file(root / "adapter" / "one"), "old");
  EXPECT_EQ(names_in(root.path()), std::set<std::string>{"adapter"});
}

TEST(StagedFolderTest, ClearsAwayWhatAKilledWriterLeft) {
  const TemporaryDirectory root;
  write_file(root / ".adapter.partial" / "torn", "x");
  write_file(root / ".adapter.replaced" / "older", "x");
  StagedFolder staged(root / "adapter");
  staged.write("one", "1");
  staged.publish();
  EXPECT_EQ(names_in(root / "adapter"), std::set<std::string>{"one"});
  EXPECT_EQ(names_in(root.path()), std::set<std::string>{"adapter"});
}

TEST(StagedFolderTest, AFailedWriteLeavesTheTargetAlone) {
  const TemporaryDirectory root;
  write_file(root / "adapter" / "one", "old");
  {
    StagedFolder staged(root / "adapter");
    const FileSizeLimit limit(1000);
    EXPECT_THROW(staged.write("one", std::string(2000, 'x')), Error);
  }
  EXPECT_EQ(read_file(root / "adapter" / "one"), "old");
  EXPECT_EQ(names_in(root.path()), std::set<std::string>{"adapter"});
}

TEST(StagedFolderTest, SaysWhichFolderCannotBeMade) {
  const TemporaryDirectory root;
  write_file(root / "file", "not a folder");
  try {
    const StagedFolder staged(root / "file" / "adapter");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find((root / "file").string()), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace temper::exporting
