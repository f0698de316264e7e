#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/text/tokenizer.h"

namespace temper::text {

/// The vocabulary and how a piece becomes tokens of it. Immutable, thread-safe.
class PieceModel {
 public:
  virtual ~PieceModel() = default;

  /// Appends the tokens of `piece` (not empty); their offsets count from `begin`, the piece's place
  /// in the text of the pipeline.
  virtual void encode(std::string_view piece, std::uint32_t begin, Encoding* out) const = 0;

  /// The id of a token as the vocabulary spells it.
  virtual std::optional<std::int32_t> id_of(std::string_view token) const = 0;
  /// The token as the vocabulary spells it; nullptr if there is no such id.
  virtual const std::string* token_of(std::int32_t id) const = 0;
  /// The number of tokens.
  virtual std::int64_t size() const = 0;
  /// The largest id + 1.
  virtual std::int64_t id_bound() const = 0;
};

}  // namespace temper::text
