#pragma once

#include <cstdint>
#include <vector>

#include "core/data/record_encoder.h"
#include "core/data/shard_reader.h"
#include "core/recipe/recipe.h"
#include "core/text/sample_encoder.h"

namespace temper::data {

/// The pieces of one position after max_length and overlength: usually one sequence, none if
/// dropped, several if split.
struct PreparedSample {
  std::uint64_t position = 0;
  std::vector<text::EncodedSample> pieces;
  std::int64_t dropped_tokens = 0;    ///< by drop
  std::int64_t truncated_tokens = 0;  ///< by truncate
};

/// encode + overlength policy for one record. UserError (origin, length, limit, what to do) under
/// overlength: error, and for a sample without trained tokens, be it from the start or because
/// truncate cut them off. `split` cuts into pieces of at most max_length tokens; each piece after
/// the first starts with the last token of the one before, which predicts its first target, so that
/// every trained token stays trained exactly once. A piece without trained tokens is left out.
PreparedSample prepare_sample(const RecordEncoder& encoder, const recipe::Data& data,
                              const Record& record);
PreparedSample prepare_sample(const text::SampleEncoder& encoder, const recipe::Data& data,
                              const Record& record);

}  // namespace temper::data
