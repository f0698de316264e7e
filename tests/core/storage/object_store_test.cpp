// What every backend of ObjectStore promises, alone on its store. Races:
// object_store_race_test.cpp.

#include "core/storage/object_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <limits>

#include "core/base/crc32c.h"
#include "tests/core/storage/store_cases.h"

namespace temper::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ObjectStoreTest : public StoreConformance {
 protected:
  void expect_error(StorageError::Kind kind, ExitCode exit_code, std::string_view named,
                    const std::function<void()>& operation) {
    try {
      operation();
      ADD_FAILURE() << "no error";
    } catch (const StorageError& error) {
      EXPECT_EQ(error.kind(), kind);
      EXPECT_EQ(error.exit_code(), exit_code);
      EXPECT_THAT(error.what(), HasSubstr(store_->url()));
      EXPECT_THAT(error.what(), HasSubstr(std::string(named)));
    }
  }
};

TEST_P(ObjectStoreTest, AbsenceIsAValue) {
  EXPECT_EQ(store_->size("a"), std::nullopt);
  EXPECT_EQ(store_->read("a/b"), std::nullopt);
  EXPECT_THAT(store_->list(""), IsEmpty());
  EXPECT_THAT(store_->list("folder/"), IsEmpty());
  store_->remove("a/b");
}

TEST_P(ObjectStoreTest, WrittenBytesComeBack) {
  store_->write("folder/name", as_bytes(std::string("\0\xFF\n", 3)));
  EXPECT_EQ(store_->size("folder/name"), 3U);
  EXPECT_EQ(read_text(*store_, "folder/name"), std::string("\0\xFF\n", 3));
}

TEST_P(ObjectStoreTest, EmptyObjectIsAnObject) {
  store_->write("empty", {});
  EXPECT_EQ(store_->size("empty"), 0U);
  EXPECT_EQ(read_text(*store_, "empty"), "");
  store_->read_range("empty", 0, {});
  EXPECT_THAT(store_->list(""), ElementsAre(ObjectInfo{"empty", 0}));
}

TEST_P(ObjectStoreTest, WriteReplacesTheWhole) {
  store_->write("key", as_bytes("a long first content"));
  store_->write("key", as_bytes("short"));
  EXPECT_EQ(read_text(*store_, "key"), "short");
  EXPECT_THAT(store_->list(""), ElementsAre(ObjectInfo{"key", 5}));
}

TEST_P(ObjectStoreTest, FolderIsNoObject) {
  store_->write("folder/name", as_bytes("x"));
  EXPECT_EQ(store_->size("folder"), std::nullopt);
  EXPECT_EQ(store_->read("folder"), std::nullopt);
  EXPECT_EQ(store_->read("folder/name/below"), std::nullopt);
}

TEST_P(ObjectStoreTest, CreateIfAbsentDoesJustThat) {
  EXPECT_TRUE(store_->create_if_absent("a/key", as_bytes("first")));
  EXPECT_FALSE(store_->create_if_absent("a/key", as_bytes("second")));
  EXPECT_EQ(read_text(*store_, "a/key"), "first");
  store_->remove("a/key");
  EXPECT_TRUE(store_->create_if_absent("a/key", as_bytes("third")));
  EXPECT_EQ(read_text(*store_, "a/key"), "third");
}

TEST_P(ObjectStoreTest, RangesAreThoseBytes) {
  store_->write("key", as_bytes("0123456789"));
  std::string out(4, ' ');
  store_->read_range("key", 3, std::as_writable_bytes(std::span(out)));
  EXPECT_EQ(out, "3456");
  store_->read_range("key", 6, std::as_writable_bytes(std::span(out)));
  EXPECT_EQ(out, "6789");
  store_->read_range("key", 10, {});
}

TEST_P(ObjectStoreTest, RangePastTheEndIsCorrupt) {
  store_->write("key", as_bytes("0123456789"));
  std::array<std::byte, 4> out{};
  for (const std::uint64_t begin :
       {std::uint64_t{7}, std::uint64_t{11}, std::numeric_limits<std::uint64_t>::max()}) {
    expect_error(StorageError::Kind::kCorrupt, ExitCode::kUser, "key",
                 [&] { store_->read_range("key", begin, out); });
  }
}

TEST_P(ObjectStoreTest, RangeOfAnAbsentObjectIsNotFound) {
  std::array<std::byte, 4> out{};
  expect_error(StorageError::Kind::kNotFound, ExitCode::kUser, "a/key",
               [&] { store_->read_range("a/key", 0, out); });
}

TEST_P(ObjectStoreTest, RemoveTakesOneObject) {
  store_->write("a/b/one", as_bytes("1"));
  store_->write("a/b/two", as_bytes("2"));
  store_->remove("a/b/one");
  EXPECT_EQ(store_->size("a/b/one"), std::nullopt);
  EXPECT_EQ(read_text(*store_, "a/b/two"), "2");
  store_->remove("a/b/two");
  EXPECT_THAT(store_->list(""), IsEmpty());
  store_->write("a/b/one", as_bytes("again"));
  EXPECT_EQ(read_text(*store_, "a/b/one"), "again");
}

TEST_P(ObjectStoreTest, RemovingAFolderDoesNothing) {
  store_->write("folder/name", as_bytes("x"));
  EXPECT_NO_THROW(store_->remove("folder"));
  EXPECT_EQ(read_text(*store_, "folder/name"), "x");
}

TEST_P(ObjectStoreTest, ListIsSortedByBytesAndCutByPrefix) {
  for (const char* key : {"b", "a/z", "a/b/c", "a-b", "a.b", "ab"}) {
    store_->write(key, as_bytes(key));
  }
  const auto keys = [&](std::string_view prefix) {
    std::vector<std::string> found;
    for (const ObjectInfo& object : store_->list(prefix)) {
      EXPECT_EQ(object.size_bytes, object.key.size());
      found.push_back(object.key);
    }
    return found;
  };
  EXPECT_THAT(keys(""), ElementsAre("a-b", "a.b", "a/b/c", "a/z", "ab", "b"));
  EXPECT_THAT(keys("a"), ElementsAre("a-b", "a.b", "a/b/c", "a/z", "ab"));
  EXPECT_THAT(keys("a/"), ElementsAre("a/b/c", "a/z"));
  EXPECT_THAT(keys("a/b"), ElementsAre("a/b/c"));
  EXPECT_THAT(keys("a/b/c"), ElementsAre("a/b/c"));
  EXPECT_THAT(keys("a/b/c/"), IsEmpty());
  EXPECT_THAT(keys("c"), IsEmpty());
}

TEST_P(ObjectStoreTest, ThousandsOfKeysAreListed) {
  // Listings of a bucket come in pages of 1,000.
  constexpr std::size_t kNumKeys = 2'500;
  for (std::size_t i = 0; i < kNumKeys; ++i) {
    ASSERT_TRUE(store_->create_if_absent(fmt::format("many/{:05}", i), {}));
  }
  const std::vector<ObjectInfo> objects = store_->list("many/");
  ASSERT_EQ(objects.size(), kNumKeys);
  EXPECT_EQ(objects.front().key, "many/00000");
  EXPECT_EQ(objects.back().key, "many/02499");
  EXPECT_EQ(store_->list("many/012").size(), 100U);
}

TEST_P(ObjectStoreTest, OddNamesWork) {
  std::vector<std::string> keys = {
      "with space", " leading",    "percent%20",    "hash#tag",           "question?x=1&y", "plus+",
      "quote'\"",   "back\\slash", "Ümläut/日本語", "line\nbreak",        ".hidden",        "...",
      "~tilde",     "*star*",      "a:b",           std::string(255, 'n')};
  if (!GetParam().allows_line_breaks) {
    std::erase(keys, "line\nbreak");
    EXPECT_THROW(store_->write("line\nbreak", {}), StorageError);
  }
  for (const std::string& key : keys) {
    store_->write(key, as_bytes(key));
  }
  for (const std::string& key : keys) {
    EXPECT_EQ(read_text(*store_, key), key);
    EXPECT_EQ(store_->list(key).size(), 1U) << key;
  }
  EXPECT_EQ(store_->list("").size(), keys.size());
}

TEST_P(ObjectStoreTest, KeysThatLeaveTheRootAreRefused) {
  for (const char* key : {"", "/", "/a", "a/", "..", "../a", "a/../b", "a//b", ".", "./a"}) {
    EXPECT_THROW(static_cast<void>(store_->size(key)), UserError) << key;
    EXPECT_THROW(static_cast<void>(store_->read(key)), UserError) << key;
    EXPECT_THROW(store_->read_range(key, 0, {}), UserError) << key;
    EXPECT_THROW(store_->write(key, {}), UserError) << key;
    EXPECT_THROW(static_cast<void>(store_->create_if_absent(key, {})), UserError) << key;
    EXPECT_THROW(store_->remove(key), UserError) << key;
  }
  for (const char* prefix : {"/", "../", "..", "a/../", "a//"}) {
    EXPECT_THROW(static_cast<void>(store_->list(prefix)), UserError) << prefix;
  }
}

TEST_P(ObjectStoreTest, StateTellsWithoutReading) {
  EXPECT_EQ(store_->state("key"), std::nullopt);
  store_->write("key", as_bytes("first"));
  const std::optional<ObjectState> first = store_->state("key");
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->size_bytes, 5U);
  EXPECT_EQ(first->crc32c.value_or(crc32c(as_bytes("first"))), crc32c(as_bytes("first")));
  EXPECT_EQ(store_->state("key"), first);
  store_->write("key", as_bytes("other"));
  EXPECT_NE(store_->state("key")->version, first->version);
}

TEST_P(ObjectStoreTest, LargeObjectsAreCreatedOnce) {
  std::vector<std::byte> bytes(6U << 20U, std::byte{1});
  EXPECT_TRUE(store_->create_if_absent("large", bytes));
  bytes.front() = std::byte{2};
  EXPECT_FALSE(store_->create_if_absent("large", bytes));
  std::vector<std::byte> first(1);
  store_->read_range("large", 0, first);
  EXPECT_EQ(first.front(), std::byte{1});
}

TEST_P(ObjectStoreTest, LargeObjectsComeBackWhole) {
  std::vector<std::byte> bytes(64U << 20U);
  for (std::size_t i = 0; i < bytes.size(); i += 4096) {
    bytes[i] = static_cast<std::byte>(i >> 12U);
  }
  store_->write("large", bytes);
  EXPECT_EQ(store_->size("large"), bytes.size());
  std::vector<std::byte> piece(1U << 20U);
  std::uint32_t crc = 0;
  for (std::size_t begin = 0; begin < bytes.size(); begin += piece.size()) {
    store_->read_range("large", begin, piece);
    crc = crc32c(piece, crc);
  }
  EXPECT_EQ(crc, crc32c(bytes));
  EXPECT_EQ(store_->read("large"), bytes);
}

INSTANTIATE_TEST_SUITE_P(Backends, ObjectStoreTest, ::testing::ValuesIn(store_cases()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace temper::storage
