#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace temper::text {

/// Token bytes → id, for looking up millions of short pieces a second. Open addressing with linear
/// probing, at most half full; the bytes of all tokens lie in one string.
class TokenTable {
 public:
  TokenTable(std::size_t expected_tokens, std::size_t expected_bytes);

  /// The first id of some bytes wins; returns false for later ones.
  bool insert(std::string_view bytes, std::int32_t id);

  /// The bytes of all tokens, in the order of their insertion, without anything between them.
  std::string_view all_bytes() const { return arena_; }

  /// The id, or -1.
  std::int32_t find(std::string_view bytes) const {
    const std::uint64_t hash = hash_of(bytes);
    for (std::size_t i = hash & mask_;; i = (i + 1) & mask_) {
      const Slot& slot = slots_[i];
      if (slot.id < 0) return -1;
      if (slot.tag == static_cast<std::uint32_t>(hash >> 32) && slot.length == bytes.size() &&
          std::memcmp(arena_.data() + slot.begin, bytes.data(), bytes.size()) == 0) {
        return slot.id;
      }
    }
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t begin = 0;
    std::uint32_t length = 0;
    std::int32_t id = -1;
  };

  static std::uint64_t load(const char* from, std::size_t size) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, size);
    return word;
  }
  static std::uint64_t mix(std::uint64_t state, std::uint64_t word) {
    state = (state ^ word) * 0x9E3779B97F4A7C15ULL;
    return state ^ state >> 32;
  }
  // Eight bytes at a time; the last word overlaps the one before, so that its load has a fixed
  // size.
  static std::uint64_t hash_of(std::string_view bytes) {
    std::uint64_t state = bytes.size();
    const char* from = bytes.data();
    const std::size_t size = bytes.size();
    if (size >= 8) {
      for (std::size_t i = 0; i + 8 < size; i += 8) state = mix(state, load(from + i, 8));
      state = mix(state, load(from + size - 8, 8));
    } else if (size >= 4) {
      state = mix(state, load(from, 4) | load(from + size - 4, 4) << 32);
    } else if (size > 0) {
      state = mix(state,
                  load(from, 1) | load(from + size / 2, 1) << 8 | load(from + size - 1, 1) << 16);
    }
    return mix(state, 0x94D049BB133111EBULL);
  }

  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  std::string arena_;
};

}  // namespace temper::text
