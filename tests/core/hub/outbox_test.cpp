#include "core/hub/outbox.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "core/base/error.h"
#include "core/base/file_error.h"
#include "core/base/hash.h"
#include "tests/support/child_process.h"
#include "tests/support/fake_clock.h"
#include "tests/support/small_disk.h"
#include "tests/support/temporary_directory.h"

namespace temper::hub {
namespace {

namespace fs = std::filesystem;
using temper::testing::FakeClock;
using temper::testing::read_file;
using temper::testing::TemporaryDirectory;
using temper::testing::write_file;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest() {
    write_file(adapter() / "adapter_model.safetensors", "weights");
    write_file(adapter() / "README.md", "card");
    write_file(adapter() / "sub" / "more.json", "{}");
    write_file(adapter() / ".temper-0123456789abcdef.unfinished", "rest");
  }
  fs::path adapter() const { return folder_ / "adapter"; }
  OutboxEntry put() {
    return outbox_.put({adapter(), "final", {"org/name", "main", true, false}, "Upload", "more"},
                       clock_);
  }

  TemporaryDirectory folder_;
  Outbox outbox_{folder_ / "outbox"};
  FakeClock clock_;
};

TEST_F(OutboxTest, AFullDiskIsSaidAndNoHalfEntryIsSeen) {
  if (!temper::testing::may_mount_disks()) {
    GTEST_SKIP() << "mounting is refused";
  }
  write_file(adapter() / "adapter_model.safetensors", std::string(1 << 20, 'w'));
  const int code = temper::testing::run_in_child([&]() -> std::string {
    temper::testing::mount_small_disk(outbox_.folder(), 256 << 10);
    try {
      put();
      return "fitted on a full disk";
    } catch (const FileError& error) {
      const std::string said = error.what();
      if (error.error_number() != ENOSPC || said.find("Free some space") == said.npos) {
        return said;
      }
    }
    if (!outbox_.list().empty()) {
      return "a half entry is seen";
    }
    temper::testing::resize_small_disk(outbox_.folder(), 2 << 20);
    return verify_files(put());
  });
  EXPECT_EQ(code, 0);
}

TEST_F(OutboxTest, KeepsAllFilesAndWhatTheyAre) {
  const OutboxEntry put_entry = put();
  const auto entries = outbox_.list();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].manifest, put_entry.manifest);
  EXPECT_TRUE(entries[0].waits());
  const auto& files = entries[0].manifest.files;
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files[0].path, "README.md");
  EXPECT_EQ(files[0].sha256, sha256_hex(std::string_view("card")));
  // git hash-object
  EXPECT_EQ(files[2].path, "sub/more.json");
  EXPECT_EQ(files[2].git_hash, "9e26dfeeb6e641a33dae4961196235bdb965b21b");
  EXPECT_EQ(read_file(entries[0].path_of(files[1])), "weights");
  EXPECT_EQ(verify_files(entries[0]), "");
}

TEST_F(OutboxTest, LinksInsteadOfCopying) {
  const OutboxEntry entry = put();
  EXPECT_EQ(fs::hard_link_count(adapter() / "README.md"), 2U);
  // The run replaces its folder; the entry keeps what was put.
  fs::remove_all(adapter());
  EXPECT_EQ(verify_files(entry), "");
}

TEST_F(OutboxTest, ListsInTheOrderOfPutting) {
  std::vector<std::string> ids;
  for (int i = 0; i < 12; ++i) {
    ids.push_back(put().manifest.id);
  }
  std::vector<std::string> listed;
  for (const OutboxEntry& entry : outbox_.list()) {
    listed.push_back(entry.manifest.id);
  }
  EXPECT_EQ(listed, ids);
}

TEST_F(OutboxTest, RefusesAnEmptyFolderAndLeavesNothing) {
  fs::create_directories(folder_ / "empty");
  EXPECT_THROW(
      outbox_.put({folder_ / "empty", "final", {"org/name", "main", true, false}, "", ""}, clock_),
      UserError);
  EXPECT_THAT(outbox_.list(), IsEmpty());
}

TEST_F(OutboxTest, RefusesAFileThatCanNotBeInARepository) {
  write_file(adapter() / "a\nb", "x");
  try {
    put();
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("control character"));
  }
  EXPECT_THAT(outbox_.list(), IsEmpty());
}

TEST_F(OutboxTest, DoesNotBelieveATruncatedEntry) {
  const OutboxEntry entry = put();
  const std::string manifest = read_file(entry.folder / "entry.json");
  for (std::size_t size = 0; size < manifest.size() - 2; size += 7) {
    write_file(entry.folder / "entry.json", manifest.substr(0, size));
    EXPECT_FALSE(outbox_.list().at(0).waits()) << size;
  }
  fs::remove(entry.folder / "entry.json");
  EXPECT_THAT(outbox_.list().at(0).problem, HasSubstr("no entry.json"));
  write_file(entry.folder / "entry.json", manifest);
  EXPECT_TRUE(outbox_.list().at(0).waits());

  for (const OutboxFile& file : entry.manifest.files) {
    const std::string content = read_file(entry.path_of(file));
    fs::remove(entry.path_of(file));
    EXPECT_THAT(outbox_.list().at(0).problem, HasSubstr(file.path + " is missing"));
    write_file(entry.path_of(file), content.substr(1));
    EXPECT_THAT(outbox_.list().at(0).problem, HasSubstr(file.path + " has "));
    write_file(entry.path_of(file), std::string(content.size(), '?'));
    EXPECT_THAT(verify_files(entry), HasSubstr(file.path + " is not what was put there"));
    write_file(entry.path_of(file), content);
  }
  EXPECT_EQ(verify_files(entry), "");
}

TEST_F(OutboxTest, RemembersAStartAndGivesFilesBackWhenDone) {
  OutboxEntry entry = put();
  const PushStart start{std::string(40, 'a')};
  outbox_.note_start(entry, start);
  EXPECT_EQ(outbox_.list().at(0).start, start);
  EXPECT_TRUE(outbox_.list().at(0).waits());
  const PushDone done{std::string(40, 'b'), "https://hub/x", "", "2026-11-24T12:00:00.000Z"};
  outbox_.note_done(entry, done);
  const OutboxEntry listed = outbox_.list().at(0);
  EXPECT_EQ(listed.done, done);
  EXPECT_FALSE(listed.waits());
  EXPECT_EQ(listed.problem, "");
  EXPECT_FALSE(fs::exists(entry.folder / "files"));
}

TEST_F(OutboxTest, AKilledPutLeavesNoEntryAndItsRestIsRemoved) {
  const fs::path rest = folder_ / "outbox" / ".temper-00000000000000ff.unfinished" / "files";
  write_file(rest / "README.md", "card");
  write_file(rest.parent_path() / "entry.json", "{");
  EXPECT_THAT(outbox_.list(), IsEmpty());
  put();
  EXPECT_FALSE(fs::exists(rest.parent_path()));
  EXPECT_EQ(outbox_.list().size(), 1U);
}

TEST_F(OutboxTest, ProcessesPutAtOnceWithoutLoss) {
  const int good = temper::testing::run_in_children(4, [this](int) {
    for (int i = 0; i < 5; ++i) {
      put();
    }
    return std::string();
  });
  EXPECT_EQ(good, 4);
  const auto entries = outbox_.list();
  EXPECT_EQ(entries.size(), 20U);
  for (const OutboxEntry& entry : entries) {
    EXPECT_EQ(entry.problem, "");
  }
}

}  // namespace
}  // namespace temper::hub
