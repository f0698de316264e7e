#include "core/base/hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace temper {
namespace {

TEST(Sha256Test, GivesThePublishedValues) {  // FIPS 180-4 examples
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, PiecesGiveTheHashOfTheWhole) {
  const std::vector<std::byte> all(1000, std::byte{'x'});
  const std::span<const std::byte> bytes(all);
  Sha256 hash;
  for (std::size_t begin = 0; begin < bytes.size(); begin += 37) {
    hash.update(bytes.subspan(begin, std::min<std::size_t>(37, bytes.size() - begin)));
  }
  Sha256 moved = std::move(hash);
  EXPECT_EQ(moved.hex_digest(), sha256_hex(bytes));
}

}  // namespace
}  // namespace temper
