#include "core/hub/blob_hash.h"

#include <gtest/gtest.h>

#include <string_view>

namespace temper::hub {
namespace {

std::string hash_of(const TreeFile& file, std::string_view text) {
  BlobHash hash(file);
  hash.update(std::as_bytes(std::span(text.substr(0, text.size() / 2))));
  hash.update(std::as_bytes(std::span(text.substr(text.size() / 2))));
  return hash.hex_digest();
}

TEST(BlobHashTest, IsGitsObjectIdForSmallFiles) {
  // printf 'hello\n' | git hash-object --stdin; and of nothing.
  EXPECT_EQ(hash_of({"a", 6, "", ""}, "hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
  EXPECT_EQ(hash_of({"a", 0, "", ""}, ""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

TEST(BlobHashTest, IsSha256ForLfsFiles) {
  EXPECT_EQ(hash_of({"a", 3, "", std::string(64, '0')}, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace temper::hub
