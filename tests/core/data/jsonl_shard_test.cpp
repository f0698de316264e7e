#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/data/shard_reader.h"
#include "tests/core/data/compressed_text.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace temper::data {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::read_file;
using testing::write_file;

class JsonlShardTest : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, std::string_view content) const {
    write_file(folder_ / name, content);
    return folder_ / name;
  }
  std::vector<std::string> records_of(const fs::path& path) const {
    const auto shard = open_jsonl_shard(path, cache_);
    std::vector<std::string> records;
    for (std::uint64_t i = 0; i < shard->size(); ++i) {
      records.push_back(shard->read(i).bytes);
    }
    return records;
  }
  /// The cache's files with this ending.
  std::vector<fs::path> cached(const std::string& ending) const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(cache_)) {
      if (entry.path().extension() == ending) {
        files.push_back(entry.path());
      }
    }
    return files;
  }

  testing::TemporaryDirectory folder_;
  fs::path cache_ = folder_ / "cache";
};

constexpr std::string_view kLines = "{\"a\": 1}\r\n\n{\"b\": 2}\n  \n{\"c\": 3}";

TEST_F(JsonlShardTest, ReadsPlainAndCompressedAlike) {
  const auto plain = write("a.jsonl", kLines);
  const auto gz = write("b.jsonl.gz", gzip(kLines));
  const auto zst = write("c.jsonl.zst", zstd(kLines));
  for (const auto& path : {plain, gz, zst, plain, gz, zst}) {
    EXPECT_THAT(records_of(path), ElementsAre("{\"a\": 1}", "{\"b\": 2}", "{\"c\": 3}")) << path;
    const auto shard = open_jsonl_shard(path, cache_);
    EXPECT_EQ(shard->fingerprint(), sha256_hex(kLines));
    EXPECT_EQ(shard->read(0).origin, path.string() + ":1");
    EXPECT_EQ(shard->read(1).origin, path.string() + ":3");
    EXPECT_EQ(shard->read(2).origin, path.string() + ":5");
  }
}

TEST_F(JsonlShardTest, AnEmptyFileHasNoRecords) {
  EXPECT_EQ(open_jsonl_shard(write("a.jsonl", ""), cache_)->size(), 0U);
  EXPECT_EQ(open_jsonl_shard(write("b.jsonl", "\n\n"), cache_)->size(), 0U);
  EXPECT_EQ(open_jsonl_shard(write("c.jsonl.gz", gzip("")), cache_)->size(), 0U);
}

TEST_F(JsonlShardTest, MakesTheIndexOnce) {
  const auto path = write("a.jsonl.gz", gzip(kLines));
  records_of(path);
  ASSERT_EQ(cached(".index").size(), 1U);
  const auto first = fs::last_write_time(cached(".index")[0]);
  fs::last_write_time(cached(".index")[0], first - std::chrono::hours(1));
  records_of(path);
  EXPECT_EQ(fs::last_write_time(cached(".index")[0]), first - std::chrono::hours(1));
  EXPECT_TRUE(cached(".part").empty());
}

TEST_F(JsonlShardTest, NoticesAChangedFile) {
  for (const std::string name : {"a.jsonl", "a.jsonl.gz"}) {
    const bool compressed = name.ends_with(".gz");
    const auto path = write(name, compressed ? gzip("old\n") : "old\n");
    EXPECT_THAT(records_of(path), ElementsAre("old"));
    write(name, compressed ? gzip("new\n") : "new\n");
    fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(1));
    EXPECT_THAT(records_of(path), ElementsAre("new"));
  }
  EXPECT_EQ(cached(".index").size(), 2U) << "the old entries are replaced";
}

TEST_F(JsonlShardTest, MakesADamagedCacheEntryAnew) {
  const auto path = write("a.jsonl.zst", zstd(kLines));
  const auto expected = records_of(path);
  for (const std::string ending : {".index", ".jsonl"}) {
    const fs::path file = cached(ending)[0];
    const std::string good = read_file(file);
    std::string flipped = good;
    flipped[flipped.size() / 2] ^= 4;
    for (const std::string& bad : {flipped, good.substr(0, good.size() - 1), std::string()}) {
      write_file(file, bad);
      EXPECT_EQ(records_of(path), expected);
      EXPECT_TRUE(read_file(file) == good) << "mended " << ending;
    }
    fs::remove(file);
    EXPECT_EQ(records_of(path), expected);
  }
}

TEST_F(JsonlShardTest, IgnoresWhatAKilledProcessLeft) {
  const auto path = write("a.jsonl.gz", gzip(kLines));
  const auto expected = records_of(path);
  const fs::path index = cached(".index")[0];
  const fs::path content = cached(".jsonl")[0];
  // Killed while writing the content, between the two files, and while writing the index.
  fs::rename(content, content.string() + ".part");
  fs::remove(index);
  EXPECT_EQ(records_of(path), expected);
  fs::remove(index);
  EXPECT_EQ(records_of(path), expected);
  fs::resize_file(index, 20);
  fs::rename(index, index.string() + ".part");
  EXPECT_EQ(records_of(path), expected);
}

TEST_F(JsonlShardTest, WorksFromMemoryWhenTheCacheCannotBeWritten) {
  const auto plain = write("a.jsonl", kLines);
  const auto gz = write("b.jsonl.gz", gzip(kLines));
  cache_ = folder_ / "a.jsonl" / "no-folder";
  EXPECT_EQ(records_of(plain).size(), 3U);
  EXPECT_EQ(records_of(gz).size(), 3U);
  EXPECT_EQ(open_jsonl_shard(gz, cache_)->fingerprint(), sha256_hex(kLines));
}

TEST_F(JsonlShardTest, DamagedCompressionNamesFileAndPositionAndLeavesNothing) {
  const std::string good = gzip(std::string(50'000, 'x') + "\n");
  const auto path = write("a.jsonl.gz", good.substr(0, good.size() - 9));
  try {
    open_jsonl_shard(path, cache_);
    FAIL() << "damage went unnoticed";
  } catch (const FatalError& error) {
    EXPECT_THAT(error.what(), HasSubstr(path.string() + ": damaged at byte"));
  }
  EXPECT_TRUE(cached(".index").empty());
  EXPECT_TRUE(cached(".part").empty());
}

TEST_F(JsonlShardTest, AMissingFileIsTheUsersError) {
  EXPECT_THROW(open_jsonl_shard(folder_ / "none.jsonl", cache_), UserError);
  EXPECT_THROW(open_jsonl_shard(folder_.path(), cache_), UserError);
}

TEST_F(JsonlShardTest, NoticesAFileThatIsCutWhileInUse) {
  const auto path = write("a.jsonl", std::string(100'000, 'x') + "\nsecond\n");
  const auto shard = open_jsonl_shard(path, cache_);
  fs::resize_file(path, 10);
  try {
    shard->read(1);
    FAIL() << "the cut went unnoticed";
  } catch (const FatalError& error) {
    EXPECT_THAT(error.what(), HasSubstr(path.string() + ":2: the file was cut to 10 bytes"));
  }
}

TEST_F(JsonlShardTest, KeepsTheOldFileWhenItIsReplacedWhileInUse) {
  const auto path = write("a.jsonl", "first\nsecond\n");
  const auto shard = open_jsonl_shard(path, cache_);
  fs::rename(write("other", "x\n"), path);
  EXPECT_EQ(shard->read(1).bytes, "second");
}

TEST_F(JsonlShardTest, ManyProcessesMayOpenItAtOnce) {
  std::string lines;
  for (int i = 0; i < 20'000; ++i) {
    lines += std::to_string(i) + "\n";
  }
  const auto path = write("a.jsonl.gz", gzip(lines));
  constexpr int kProcesses = 8;
  const int good = testing::run_in_children(kProcesses, [&](int) -> std::string {
    return records_of(path).size() == 20'000 ? "" : "records are missing";
  });
  EXPECT_EQ(good, kProcesses);
  EXPECT_EQ(cached(".index").size(), 1U);
  EXPECT_TRUE(cached(".part").empty());
}

TEST_F(JsonlShardTest, AProcessMayBeKilledAtAnyMoment) {
  std::string lines;
  for (int i = 0; i < 200'000; ++i) {
    lines += std::to_string(i) + "\n";
  }
  const auto path = write("a.jsonl.gz", gzip(lines));
  int killed = 0;
  for (int round = 0; round < 12; ++round) {
    fs::remove_all(cache_);
    const int code = testing::run_in_child([&]() -> std::string {
      std::thread([round] {
        std::this_thread::sleep_for(std::chrono::milliseconds(round));
        ::kill(::getpid(), SIGKILL);
      }).detach();
      records_of(path);
      return "";
    });
    killed += code == 128 + SIGKILL ? 1 : 0;
    const auto shard = open_jsonl_shard(path, cache_);
    ASSERT_EQ(shard->size(), 200'000U) << "killed after " << round << " ms";
    ASSERT_EQ(shard->fingerprint(), sha256_hex(lines));
    ASSERT_EQ(shard->read(199'999).bytes, "199999");
  }
  EXPECT_GT(killed, 0);
}

}  // namespace
}  // namespace temper::data
