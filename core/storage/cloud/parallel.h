#pragma once

#include <cstddef>
#include <functional>

namespace temper::storage {

/// Connections that one operation on a large object uses at once.
inline constexpr std::size_t kMaxConnections = 8;

/// Calls work(0) … work(count - 1), some at once, on up to kMaxConnections threads. If one throws,
/// no further ones start, and after all have ended what the lowest one threw is thrown: the same
/// every time, because lower ones start first.
void run_parallel(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace temper::storage
