#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace temper::hub {

/// How a range is read by several threads at once.
struct PieceOptions {
  std::uint64_t piece_bytes = std::uint64_t{8} << 20;
  std::size_t num_threads = 8;
  std::size_t num_buffers = 12;  ///< at least num_threads; memory is piece_bytes times this
};

/// Reads bytes [begin, end) in pieces by several threads, each `read(offset, out)`, and hands them
/// to `consume` in order, on the calling thread, while later ones are still being read. At most
/// `num_buffers` pieces are in memory. If one throws, no further pieces start and, when all threads
/// have ended, that is thrown; of a reader's failures, the one at the lowest offset, after
/// everything before it was consumed.
void read_in_order(std::uint64_t begin, std::uint64_t end, const PieceOptions& options,
                   const std::function<void(std::uint64_t, std::span<std::byte>)>& read,
                   const std::function<void(std::span<const std::byte>)>& consume);

}  // namespace temper::hub
