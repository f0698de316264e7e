#pragma once

#include <cstdint>

#include "core/text/models/merge_table.h"

namespace temper::text {

/// A token while its piece is being merged.
struct Symbol {
  std::int32_t id = 0;
  std::uint32_t length_bytes = 0;  ///< of the piece; 0 while merging: gone
  Merge with_next;
};

}  // namespace temper::text
