#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/storage/object_store.h"

namespace temper::storage {

// The failures that all stores share, in the same words.

StorageError object_not_found(std::string_view url, std::string_view key);

/// Throws kCorrupt unless [begin, begin + length) lies within an object of `size_bytes`.
void check_range(std::string_view url, std::string_view key, std::uint64_t begin,
                 std::uint64_t length, std::uint64_t size_bytes);

}  // namespace temper::storage
