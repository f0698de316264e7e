#include "core/data/stream/shard_cache.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/base/error.h"
#include "core/base/file_error.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace temper::data {
namespace {

std::string text_of(const CachedContent& content) {
  return {reinterpret_cast<const char*>(content.bytes().data()), content.bytes().size()};
}

ShardCache::Make writes(const std::string& text, int* times = nullptr) {
  return [text, times](CacheEntryWriter& out) {
    out.clear();
    out.append(std::as_bytes(std::span(text)));
    if (times != nullptr) {
      ++*times;
    }
  };
}

class ShardCacheTest : public ::testing::Test {
 protected:
  std::filesystem::path folder() const { return folder_ / "shards"; }
  testing::TemporaryDirectory folder_;
  testing::FakeClock clock_;
};

TEST_F(ShardCacheTest, MakesAnEntryOnceAndFindsItAgain) {
  ShardCache first({folder(), 1 << 20}, clock_);
  int times = 0;
  EXPECT_EQ(text_of(first.get("a", 5, writes("hello", &times))), "hello");
  EXPECT_EQ(text_of(first.get("a", 5, writes("hello", &times))), "hello");
  ShardCache second({folder(), 1 << 20}, clock_);
  EXPECT_EQ(text_of(second.get("a", 5, writes("hello", &times))), "hello");
  EXPECT_EQ(times, 1);
  EXPECT_EQ(text_of(first.get("empty", 0, writes(""))), "");
}

TEST_F(ShardCacheTest, ADamagedEntryIsMadeAgain) {
  ShardCache cache({folder(), 1 << 20}, clock_);
  const std::string text = "some content";
  cache.get("a", text.size(), writes(text));
  const std::string stored = testing::read_file(cache.path_of("a"));
  for (std::size_t i = 0; i < stored.size(); ++i) {
    std::string damaged = stored;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    testing::write_file(cache.path_of("a"), damaged);
    int times = 0;
    EXPECT_EQ(text_of(cache.get("a", text.size(), writes(text, &times))), text);
    EXPECT_EQ(times, 1) << "byte " << i;
    testing::write_file(cache.path_of("a"), stored.substr(0, i));
    EXPECT_EQ(text_of(cache.get("a", text.size(), writes(text, &times))), text);
    EXPECT_EQ(times, 2) << "cut to " << i;
  }
}

TEST_F(ShardCacheTest, TheLeastRecentlyOpenedMakeRoom) {
  ShardCache cache({folder(), 4000}, clock_);
  const std::string kilobyte(1000, 'x');
  int times = 0;
  for (const char* name : {"a", "b", "c"}) {
    cache.get(name, 1000, writes(kilobyte));
    clock_.advance(std::chrono::nanoseconds(1));
  }
  const CachedContent held = cache.get("b", 1000, writes(kilobyte));  // used later than a and c
  clock_.advance(std::chrono::nanoseconds(1));
  cache.get("d", 1000, writes(kilobyte));
  clock_.advance(std::chrono::nanoseconds(1));
  cache.get("e", 1000, writes(kilobyte));
  EXPECT_FALSE(std::filesystem::exists(cache.path_of("a")));
  EXPECT_FALSE(std::filesystem::exists(cache.path_of("c")));
  EXPECT_TRUE(std::filesystem::exists(cache.path_of("b")));
  cache.get("f", 4000, writes(std::string(3900, 'y')));
  EXPECT_FALSE(std::filesystem::exists(cache.path_of("b")));
  EXPECT_EQ(text_of(held), kilobyte);  // still mapped
  cache.get("b", 1000, writes(kilobyte, &times));
  EXPECT_EQ(times, 1);
}

TEST_F(ShardCacheTest, AFailedMakeLeavesItsPartForTheNextAndNothingElse) {
  ShardCache cache({folder(), 1 << 20}, clock_);
  const auto fails = [](CacheEntryWriter& out) {
    out.append(std::as_bytes(std::span("hel", 3)));
    throw RetryableError("the store is down");
  };
  EXPECT_THROW(cache.get("a", 5, fails), RetryableError);
  EXPECT_FALSE(std::filesystem::exists(cache.path_of("a")));
  const auto goes_on = [](CacheEntryWriter& out) {
    EXPECT_EQ(out.size_bytes(), 3U);
    out.append(std::as_bytes(std::span("lo", 2)));
  };
  EXPECT_EQ(text_of(cache.get("a", 5, goes_on)), "hello");
}

TEST_F(ShardCacheTest, PartsOfKilledProcessesMakeRoomToo) {
  ShardCache cache({folder(), 2000}, clock_);
  std::filesystem::create_directories(folder());
  testing::write_file(folder() / "dead.shard.part", std::string(1900, 'z'));
  cache.get("a", 1000, writes(std::string(1000, 'x')));
  EXPECT_FALSE(std::filesystem::exists(folder() / "dead.shard.part"));
}

TEST_F(ShardCacheTest, ManyProcessesMakeEachEntryOnce) {
  const auto log = folder_ / "log";
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ShardCache cache({folder(), 1 << 20}, clock_);
      for (int i = 0; i < 20; ++i) {
        const std::string name = "e" + std::to_string(i);
        const auto content = cache.get(name, 100, [&](CacheEntryWriter& out) {
          out.clear();
          std::ofstream(log, std::ios::app) << name + "\n";
          out.append(std::as_bytes(std::span(name)));
        });
        if (text_of(content) != name) {
          ::_exit(1);
        }
      }
      ::_exit(0);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  const std::string made = testing::read_file(log);
  EXPECT_EQ(std::count(made.begin(), made.end(), '\n'), 20);
}

TEST_F(ShardCacheTest, AKilledWriterIsNeverBelieved) {
  const std::string text(200'000, 'k');
  for (int repeat = 0; repeat < 20; ++repeat) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ShardCache cache({folder(), 1 << 20}, clock_);
      cache.get("a", text.size(), [&](CacheEntryWriter& out) {
        out.clear();
        for (std::size_t i = 0; i < text.size(); i += 1000) {
          if (i == static_cast<std::size_t>(repeat) * 10'000) {
            ::raise(SIGKILL);
          }
          out.append(std::as_bytes(std::span(text)).subspan(i, 1000));
        }
      });
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status));
    ShardCache cache({folder(), 1 << 20}, clock_);
    EXPECT_FALSE(CachedContent::open(cache.path_of("a")));
  }
  ShardCache cache({folder(), 1 << 20}, clock_);
  EXPECT_EQ(text_of(cache.get("a", text.size(), writes(text))), text);
}

TEST_F(ShardCacheTest, AFullDiskGivesUpOldEntriesAndThenSaysSo) {
  // A limit on the size of files stands in for a full disk: EFBIG counts as out of space.
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    ShardCache cache({folder(), 1 << 30}, clock_);
    cache.get("old", 1000, writes(std::string(1000, 'x')));
    const rlimit limit{50'000, 50'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      cache.get("big", 100'000, writes(std::string(100'000, 'x')));
    } catch (const FileError& error) {
      const bool gave_up = !std::filesystem::exists(cache.path_of("old"));
      ::_exit(gave_up && error.exit_code() == ExitCode::kRetryable ? 0 : 2);
    }
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
}

TEST_F(ShardCacheTest, AFolderThatCantBeMadeIsTheUsersError) {
  testing::write_file(folder_ / "file", "");
  ShardCache cache({folder_ / "file" / "shards", 1 << 20}, clock_);
  try {
    cache.get("a", 1, writes("x"));
    FAIL();
  } catch (const FileError& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kUser);
    EXPECT_NE(std::string(error.what()).find("shards"), std::string::npos);
  }
}

}  // namespace
}  // namespace temper::data
