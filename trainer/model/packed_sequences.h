#pragma once

#include <cstdint>
#include <vector>

namespace temper::model {

/// The samples of one slot end to end, without padding. Token t of sequence i stands at row
/// offsets[i] + t; no sequence sees another. trained[row] says whether the loss of predicting that
/// token counts; the first token of a sequence never is.
struct PackedSequences {
  std::vector<std::int32_t> ids;
  std::vector<std::uint8_t> trained;
  std::vector<std::int32_t> offsets = {0};

  std::int64_t num_tokens() const { return static_cast<std::int64_t>(ids.size()); }
};

}  // namespace temper::model
