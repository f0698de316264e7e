#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/tokenizer.h"

namespace temper::text {

/// A stretch [begin, end) of an AlignedText: a piece still to be encoded, or an added token.
struct Section {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::int32_t added_id = -1;  ///< ≥ 0: this stretch is that added token; no stage touches it
};

/// A text on its way through the pipeline that remembers where each byte came from. Stages that
/// only split leave it alone; those that rewrite it (normalizers, prefix spaces) build a new one
/// with AlignedTextBuilder.
class AlignedText {
 public:
  /// The text as given; `original` must outlive this object.
  explicit AlignedText(std::string_view original) : original_(original) {}

  std::string_view text() const { return rewritten_ ? std::string_view(owned_) : original_; }
  std::string_view original() const { return original_; }

  /// The range of the original text that [begin, end) came from, widened to whole characters.
  ByteRange origin(std::uint32_t begin, std::uint32_t end) const;

  /// Where the single byte at `position` came from, as a whole character.
  ByteRange origin_of_byte(std::uint32_t position) const;
  /// The same for each byte of [begin, end).
  void append_origins(std::uint32_t begin, std::uint32_t end, std::vector<ByteRange>* out) const;

 private:
  friend class AlignedTextBuilder;

  std::string_view original_;
  bool rewritten_ = false;
  std::string owned_;
  std::vector<ByteRange> origins_;  // one a byte of owned_, if rewritten_
};

/// Collects the rewritten text of all sections, in order.
class AlignedTextBuilder {
 public:
  explicit AlignedTextBuilder(const AlignedText& source);

  /// Copies a stretch of the source; returns where it lies in the new text.
  Section copy(const Section& section);
  /// Appends bytes with one range of the original each; returns where they lie.
  Section append(std::string_view bytes, const std::vector<ByteRange>& origins);
  AlignedText finish() &&;

 private:
  std::uint32_t size() const { return static_cast<std::uint32_t>(result_.owned_.size()); }

  const AlignedText& source_;
  AlignedText result_;
};

}  // namespace temper::text
