#include "core/base/durable_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/base/file_error.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace temper {
namespace {

namespace fs = std::filesystem;

class DurableFileTest : public ::testing::Test {
 protected:
  std::size_t num_entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }

  testing::TemporaryDirectory folder_;
};

TEST_F(DurableFileTest, WritesAndReplaces) {
  write_file_durably(folder_ / "file", "first");
  write_file_durably(folder_ / "file", "2");
  EXPECT_EQ(testing::read_file(folder_ / "file"), "2");
  EXPECT_EQ(num_entries(), 1U);
}

TEST_F(DurableFileTest, MakesMissingFolders) {
  write_file_durably(folder_ / "a/b/c/file", "x");
  EXPECT_EQ(testing::read_file(folder_ / "a/b/c/file"), "x");
}

TEST_F(DurableFileTest, RelativePathsWork) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_.path());
  write_file_durably("plain", "x");
  write_file_durably("made/here", "y");
  fs::current_path(before);
  EXPECT_EQ(testing::read_file(folder_ / "plain"), "x");
  EXPECT_EQ(testing::read_file(folder_ / "made/here"), "y");
}

TEST_F(DurableFileTest, CreateKeepsWhatIsThere) {
  EXPECT_TRUE(create_file_durably(folder_ / "file", {}));
  const std::byte other[] = {std::byte{1}};
  EXPECT_FALSE(create_file_durably(folder_ / "file", other));
  EXPECT_EQ(testing::read_file(folder_ / "file"), "");
  EXPECT_EQ(num_entries(), 1U);
}

TEST_F(DurableFileTest, FilePermissionsFollowTheUsersMask) {
  write_file_durably(folder_ / "file", "x");
  const mode_t mask = ::umask(0);
  ::umask(mask);
  const auto permissions = fs::status(folder_ / "file").permissions();
  EXPECT_EQ(static_cast<mode_t>(permissions), 0666 & ~mask);
}

TEST_F(DurableFileTest, RemoveToleratesAbsence) {
  write_file_durably(folder_ / "file", "x");
  remove_file_durably(folder_ / "file");
  remove_file_durably(folder_ / "file");
  remove_file_durably(folder_ / "absent/file");
  EXPECT_EQ(num_entries(), 0U);
}

TEST_F(DurableFileTest, FileInTheWayOfAFolderIsNamed) {
  testing::write_file(folder_ / "file", "x");
  try {
    write_file_durably(folder_ / "file/below", "y");
    ADD_FAILURE() << "no error";
  } catch (const FileError& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUser);
    EXPECT_THAT(error.what(), ::testing::HasSubstr((folder_ / "file").string()));
  }
}

TEST_F(DurableFileTest, FailedReplacementLeavesNothingBehind) {
  fs::create_directory(folder_ / "folder");
  EXPECT_THROW(write_file_durably(folder_ / "folder", "x"), FileError);
  EXPECT_EQ(num_entries(), 1U);
}

TEST_F(DurableFileTest, UnwritableFolderIsTheUsersError) {
  fs::create_directory(folder_ / "closed");
  fs::permissions(folder_.path(), fs::perms(0755));
  fs::permissions(folder_ / "closed", fs::perms(0555));
  EXPECT_EQ(testing::run_in_child([&]() -> std::string {
              testing::drop_root();
              try {
                write_file_durably(folder_ / "closed/file", "x");
              } catch (const FileError& error) {
                const bool names_path =
                    std::string(error.what()).find("closed/file") != std::string::npos;
                return error.exit_code() == ExitCode::kUser && names_path ? "" : error.what();
              }
              return "no error";
            }),
            0);
}

TEST(UnfinishedNameTest, IsRecognised) {
  EXPECT_TRUE(is_unfinished(".temper-0123456789abcdef.unfinished"));
  EXPECT_FALSE(is_unfinished(".temper-0123.unfinished"));
  EXPECT_FALSE(is_unfinished("model.safetensors"));
  EXPECT_FALSE(is_unfinished(""));
}

}  // namespace
}  // namespace temper
