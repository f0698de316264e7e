// What every backend of ObjectStore promises to several threads at once.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <set>
#include <thread>

#include "core/storage/object_store.h"
#include "tests/core/storage/store_cases.h"

namespace temper::storage {
namespace {

constexpr int kThreads = 8;

class ObjectStoreRaceTest : public StoreConformance {
 protected:
  /// Runs `work(index)` on all threads, started together.
  template <typename Work>
  static void race(const Work& work) {
    std::barrier start(kThreads);
    std::vector<std::thread> threads;
    for (int index = 0; index < kThreads; ++index) {
      threads.emplace_back([&, index] {
        start.arrive_and_wait();
        work(index);
      });
    }
    std::ranges::for_each(threads, &std::thread::join);
  }
};

TEST_P(ObjectStoreRaceTest, ExactlyOneCreatorWins) {
  for (int round = 0; round < 20; ++round) {
    const std::string key = fmt::format("race/{}", round);
    std::atomic<int> num_winners = 0;
    std::atomic<int> winner = -1;
    race([&](int index) {
      if (store_->create_if_absent(key,
                                   as_bytes(std::string(1000, static_cast<char>('a' + index))))) {
        ++num_winners;
        winner = index;
      }
    });
    ASSERT_EQ(num_winners, 1);
    EXPECT_EQ(read_text(*store_, key), std::string(1000, static_cast<char>('a' + winner)));
  }
}

TEST_P(ObjectStoreRaceTest, ReadersNeverSeeAPart) {
  constexpr std::size_t kBytes = 300'000;
  store_->write("key", as_bytes(std::string(kBytes, 'a')));
  std::atomic<int> num_torn = 0;
  race([&](int index) {
    for (int round = 0; round < 10; ++round) {
      if (index < 2) {
        store_->write("key", as_bytes(std::string(kBytes, static_cast<char>('b' + round + index))));
      } else {
        const std::string seen = read_text(*store_, "key");
        num_torn += seen.size() == kBytes && std::set(seen.begin(), seen.end()).size() == 1 ? 0 : 1;
      }
    }
  });
  EXPECT_EQ(num_torn, 0);
}

TEST_P(ObjectStoreRaceTest, WritersAndRemoversOfOneFolderDoNotMeet) {
  race([&](int index) {
    const std::string key = fmt::format("folder/below/{}", index);
    for (int round = 0; round < 20; ++round) {
      store_->write(key, as_bytes("x"));
      EXPECT_EQ(read_text(*store_, key), "x");
      store_->remove(key);
    }
    store_->write(key, as_bytes("last"));
  });
  EXPECT_EQ(store_->list("folder/").size(), static_cast<std::size_t>(kThreads));
}

TEST_P(ObjectStoreRaceTest, ListsShowWholeObjectsOnly) {
  std::atomic<int> num_strange = 0;
  race([&](int index) {
    for (int round = 0; round < 10; ++round) {
      store_->write(fmt::format("list/{}-{}", index, round), as_bytes("four"));
      for (const ObjectInfo& object : store_->list("")) {
        num_strange += object.key.starts_with("list/") && object.size_bytes == 4 ? 0 : 1;
      }
    }
  });
  EXPECT_EQ(num_strange, 0);
  EXPECT_EQ(store_->list("").size(), static_cast<std::size_t>(kThreads * 10));
}

INSTANTIATE_TEST_SUITE_P(Backends, ObjectStoreRaceTest, ::testing::ValuesIn(store_cases()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace temper::storage
