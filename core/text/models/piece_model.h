#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/text/models/vocabulary.h"
#include "core/text/tokenizer.h"

namespace temper::text {

/// The vocabulary and how a piece becomes tokens of it. Immutable, thread-safe.
/// Source: huggingface/tokenizers, tokenizers/src/models.
class PieceModel {
 public:
  virtual ~PieceModel() = default;

  /// Appends the tokens of `piece` (not empty); their offsets count from `begin`, the piece's place
  /// in the text of the pipeline. UserError where the vocabulary can't spell the piece and has no
  /// unknown token.
  virtual void encode(std::string_view piece, std::uint32_t begin, Encoding* out) const = 0;

  virtual const Vocabulary& vocabulary() const = 0;
  /// Whether pieces are bytes as they stand, so that nothing spells them in the byte alphabet
  /// first.
  virtual bool takes_bytes() const { return false; }
};

}  // namespace temper::text
