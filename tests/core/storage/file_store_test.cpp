// What the file store promises beyond the conformance suites: several processes, crashes, full and
// forbidden places.

#include "core/storage/file_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <stdexcept>

#include "tests/core/storage/store_cases.h"
#include "tests/support/child_process.h"
#include "tests/support/small_disk.h"

namespace temper::storage {
namespace {

namespace fs = std::filesystem;

class FileStoreTest : public ::testing::Test {
 protected:
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
      names.push_back(entry.path().lexically_relative(root_).string());
    }
    return names;
  }

  testing::TemporaryDirectory folder_;
  const fs::path root_ = folder_ / "store";
  FileStore store_{root_};
};

/// "" if `operation` throws a StorageError of this kind, exit code and text, else what it did.
std::string expect_failure(StorageError::Kind kind, ExitCode exit_code,
                           const std::vector<std::string>& texts,
                           const std::function<void()>& operation) {
  try {
    operation();
    return "no error";
  } catch (const StorageError& error) {
    const std::string message = error.what();
    for (const std::string& text : texts) {
      if (message.find(text) == std::string::npos) {
        return fmt::format("'{}' is not in: {}", text, message);
      }
    }
    return error.kind() == kind && error.exit_code() == exit_code
               ? ""
               : fmt::format("kind {}, exit code {}: {}", static_cast<int>(error.kind()),
                             static_cast<int>(error.exit_code()), message);
  }
}

/// Leaves less than a megabyte of room in `folder`, for this process only: a small disk where we
/// may mount one, else a limit on the size of files.
void make_small(const fs::path& folder) {
  try {
    temper::testing::mount_small_disk(folder, 1 << 20);
    return;
  } catch (const std::runtime_error&) {  // is refused
  }
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{1U << 20U, 1U << 20U};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) {
    throw std::runtime_error("setrlimit failed");
  }
}

TEST_F(FileStoreTest, OneOfSeveralProcessesCreates) {
  for (int round = 0; round < 10; ++round) {
    const std::string key = fmt::format("race/{}", round);
    const auto create = [&](int index) -> std::string {
      return store_.create_if_absent(key,
                                     as_bytes(std::string(5000, static_cast<char>('a' + index))))
                 ? ""
                 : "(lost)";
    };
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(testing::run_in_children(6, create), 1);
    ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(read_text(store_, key).size(), 5000U);
  }
}

TEST_F(FileStoreTest, KilledWriterLeavesTheOldObject) {
  store_.write("key", as_bytes("old"));
  const std::string large(8U << 20U, 'n');
  for (int round = 0; round < 20; ++round) {
    testing::run_in_child([&]() -> std::string {
      const itimerval soon{{0, 0}, {0, 200 + 400 * round}};
      ::signal(SIGALRM, SIG_DFL);
      ::setitimer(ITIMER_REAL, &soon, nullptr);
      while (true) {
        store_.write("key", as_bytes(large));
        store_.write("key", as_bytes("old"));
      }
    });
    const std::size_t size = read_text(store_, "key").size();
    ASSERT_TRUE(size == 3 || size == large.size()) << size;
    EXPECT_EQ(store_.list("").size(), 1U);
  }
}

TEST_F(FileStoreTest, UnfinishedFilesOfOthersAreNotListedAndStay) {
  const std::string leftover = "a/.temper-0123456789abcdef.unfinished";
  testing::write_file(root_ / leftover, "part");
  store_.write("a/key", as_bytes("x"));
  EXPECT_THAT(store_.list(""), ::testing::ElementsAre(ObjectInfo{"a/key", 1}));
  store_.remove("a/key");
  EXPECT_THAT(files(), ::testing::UnorderedElementsAre("a", leftover));
}

TEST_F(FileStoreTest, WriteLeavesOnlyTheObject) {
  store_.write("key", as_bytes("1"));
  store_.write("key", as_bytes("2"));
  EXPECT_TRUE(store_.create_if_absent("other", as_bytes("3")));
  EXPECT_FALSE(store_.create_if_absent("other", as_bytes("4")));
  EXPECT_THAT(files(), ::testing::UnorderedElementsAre("key", "other"));
}

TEST_F(FileStoreTest, RemoveTakesEmptyFoldersUpToTheRoot) {
  store_.write("a/b/c", as_bytes("x"));
  FileStore(root_.string() + "/").remove("a/b/c");
  EXPECT_THAT(files(), ::testing::IsEmpty());
  EXPECT_TRUE(fs::exists(root_));
}

TEST_F(FileStoreTest, LinksToFilesAreObjects) {
  testing::write_file(folder_ / "elsewhere", "linked");
  store_.write("key", as_bytes("x"));
  fs::create_symlink(folder_ / "elsewhere", root_ / "link");
  fs::create_symlink(folder_ / "absent", root_ / "dangling");
  fs::create_directory_symlink(root_, root_ / "loop");
  EXPECT_THAT(store_.list(""), ::testing::ElementsAre(ObjectInfo{"key", 1}, ObjectInfo{"link", 6}));
  EXPECT_EQ(read_text(store_, "link"), "linked");
}

TEST_F(FileStoreTest, FullDiskSaysWhereAndWhatToDo) {
  EXPECT_EQ(testing::run_in_child([&]() -> std::string {
              make_small(root_);
              store_.write("old", as_bytes("kept"));
              const std::vector<std::byte> large(4U << 20U);
              for (const bool create : {false, true}) {
                std::string problem = expect_failure(
                    StorageError::Kind::kNoSpace, ExitCode::kRetryable,
                    {(root_ / "a/new").string(), "Free some space"}, [&] {
                      create ? static_cast<void>(store_.create_if_absent("a/new", large))
                             : store_.write("a/new", large);
                    });
                if (!problem.empty()) {
                  return problem;
                }
              }
              store_.write("small", as_bytes("fits"));
              const bool clean = files().size() == 3 && read_text(store_, "old") == "kept";
              return clean ? "" : "something was left behind";
            }),
            0);
}

TEST_F(FileStoreTest, LimitedFileSizeIsNoSpace) {
  EXPECT_EQ(testing::run_in_child([&]() -> std::string {
              ::signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{1000, 1000};
              ::setrlimit(RLIMIT_FSIZE, &limit);
              return expect_failure(StorageError::Kind::kNoSpace, ExitCode::kRetryable,
                                    {(root_ / "key").string()},
                                    [&] { store_.write("key", std::vector<std::byte>(1001)); });
            }),
            0);
  EXPECT_THAT(store_.list(""), ::testing::IsEmpty());
  EXPECT_THAT(files(), ::testing::IsEmpty());
}

TEST_F(FileStoreTest, ForbiddenPlaceIsAPermissionError) {
  store_.write("closed/key", as_bytes("x"));
  fs::permissions(root_ / "closed/key", fs::perms(0));
  fs::permissions(folder_.path(), fs::perms(0755));
  fs::permissions(root_ / "closed", fs::perms(0555));
  const auto try_all = [&]() -> std::string {
    testing::drop_root();
    const std::vector<std::function<void()>> operations = {
        [&] { static_cast<void>(store_.read("closed/key")); },
        [&] { store_.write("closed/key", {}); },
        [&] { store_.write("closed/new", {}); },
        [&] { static_cast<void>(store_.create_if_absent("closed/new", {})); },
        [&] { store_.remove("closed/key"); },
    };
    for (const auto& operation : operations) {
      std::string problem = expect_failure(StorageError::Kind::kPermission, ExitCode::kUser,
                                           {(root_ / "closed").string(), "access"}, operation);
      if (!problem.empty()) {
        return problem;
      }
    }
    return "";
  };
  EXPECT_EQ(testing::run_in_child(try_all), 0);
  fs::permissions(root_ / "closed", fs::perms(0755));
}

TEST_F(FileStoreTest, ClosedFolderIsNotSilentlyEmpty) {
  store_.write("closed/key", as_bytes("x"));
  fs::permissions(folder_.path(), fs::perms(0755));
  fs::permissions(root_ / "closed", fs::perms(0));
  EXPECT_EQ(testing::run_in_child([&] {
              testing::drop_root();
              return expect_failure(StorageError::Kind::kPermission, ExitCode::kUser,
                                    {(root_ / "closed").string()},
                                    [&] { static_cast<void>(store_.list("")); });
            }),
            0);
  fs::permissions(root_ / "closed", fs::perms(0755));
}

TEST_F(FileStoreTest, ObjectInTheWayOfAFolderIsNamed) {
  store_.write("a", as_bytes("x"));
  EXPECT_EQ(expect_failure(StorageError::Kind::kPermission, ExitCode::kUser,
                           {(root_ / "a").string()}, [&] { store_.write("a/b", as_bytes("y")); }),
            "");
}

}  // namespace
}  // namespace temper::storage
