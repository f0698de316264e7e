#include "core/storage/object_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"

namespace temper::storage {
namespace {

using std::literals::operator""sv;

TEST(CheckKeyTest, NamesTheKeyItRefuses) {
  try {
    check_key("a/../../etc/passwd");
    ADD_FAILURE() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("a/../../etc/passwd"));
  }
}

TEST(CheckKeyTest, RefusesZeroBytesAndUnfinishedNames) {
  EXPECT_THROW(check_key("a\0b"sv), UserError);
  EXPECT_THROW(check_key("x/.temper-0123456789abcdef.unfinished"), UserError);
  EXPECT_THROW(check_prefix("a\0"sv), UserError);
}

TEST(CheckPrefixTest, MayEndAnywhere) {
  for (const std::string_view prefix : {"", "a", "a/", "a/b", ".hid", ".", "a/."}) {
    EXPECT_NO_THROW(check_prefix(prefix)) << prefix;
  }
}

}  // namespace
}  // namespace temper::storage
