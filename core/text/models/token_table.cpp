#include "core/text/models/token_table.h"

#include <algorithm>

namespace temper::text {

TokenTable::TokenTable(std::size_t expected_tokens, std::size_t expected_bytes)
    : slots_(std::bit_ceil(std::max<std::size_t>(expected_tokens, 8) * 2)),
      mask_(slots_.size() - 1) {
  arena_.reserve(expected_bytes);
}

bool TokenTable::insert(std::string_view bytes, std::int32_t id) {
  if (find(bytes) >= 0) return false;
  const std::uint64_t hash = hash_of(bytes);
  std::size_t i = hash & mask_;
  while (slots_[i].id >= 0) i = (i + 1) & mask_;
  slots_[i] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(arena_.size()),
               static_cast<std::uint32_t>(bytes.size()), id};
  arena_.append(bytes);
  return true;
}

}  // namespace temper::text
