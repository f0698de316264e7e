#include "tests/support/faulty_store.h"

#include <gtest/gtest.h>

#include "core/storage/memory_store.h"
#include "tests/core/storage/store_cases.h"

namespace temper::testing {
namespace {

using storage::as_bytes;
using storage::MemoryStore;
using storage::read_text;
using storage::StorageError;
using Operation = FaultyStore::Operation;

class FaultyStoreTest : public ::testing::Test {
 protected:
  MemoryStore inner_;
  FaultyStore store_{inner_};
};

TEST_F(FaultyStoreTest, FailsAtThatOperationOnly) {
  store_.fail({.index = 1});
  store_.write("a", as_bytes("1"));
  EXPECT_THROW(store_.write("b", as_bytes("2")), StorageError);
  store_.write("c", as_bytes("3"));
  EXPECT_TRUE(store_.has_failed());
  EXPECT_EQ(store_.num_operations(), 3);
  EXPECT_EQ(inner_.list("").size(), 2U);
}

TEST_F(FaultyStoreTest, CountsOneKindOfOperation) {
  store_.fail({.index = 0, .operation = Operation::kRemove, .kind = StorageError::Kind::kNoSpace});
  store_.write("a", as_bytes("1"));
  try {
    store_.remove("a");
    ADD_FAILURE() << "no error";
  } catch (const StorageError& error) {
    EXPECT_EQ(error.kind(), StorageError::Kind::kNoSpace);
  }
  EXPECT_EQ(read_text(inner_, "a"), "1");
}

TEST_F(FaultyStoreTest, LosesAnswersAndStaysDown) {
  store_.fail({.index = 0, .takes_effect = true, .all_later_fail = true});
  EXPECT_THROW(store_.write("a", as_bytes("1")), StorageError);
  EXPECT_THROW(store_.write("b", as_bytes("2")), StorageError);
  EXPECT_EQ(read_text(inner_, "a"), "1");
  EXPECT_EQ(read_text(inner_, "b"), "(absent)");
  store_.heal();
  store_.write("b", as_bytes("2"));
}

TEST_F(FaultyStoreTest, ForgetsTheLastWrites) {
  store_.write("a", as_bytes("1"));
  store_.write("a", as_bytes("2"));
  EXPECT_TRUE(store_.create_if_absent("b", as_bytes("3")));
  EXPECT_FALSE(store_.create_if_absent("b", as_bytes("4")));
  store_.remove("a");
  store_.drop_last_writes(2);
  EXPECT_EQ(read_text(inner_, "a"), "2");
  EXPECT_EQ(read_text(inner_, "b"), "(absent)");
  store_.drop_last_writes(1);
  EXPECT_EQ(read_text(inner_, "a"), "1");
}

}  // namespace
}  // namespace temper::testing
