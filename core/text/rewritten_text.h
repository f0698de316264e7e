#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/aligned_text.h"
#include "core/text/regex.h"

namespace temper::text {

/// One character of a rewritten text and what it stands for: 0 replaces one character, 1 is new,
/// −n replaces one and removes the n behind it.
struct Change {
  char32_t code = 0;
  std::int32_t change = 0;
};

/// A stretch of text on its way through normalizers: characters change, and every byte remembers
/// which bytes of the original it came from. The rules for new and removed characters are those of
/// huggingface/tokenizers' NormalizedString (tokenizer/normalizer.rs), since offsets must agree:
/// a new character shares the place of the one before it.
class RewrittenText {
 public:
  /// A copy of the stretch [begin, end) of `source`.
  RewrittenText(const AlignedText& source, std::uint32_t begin, std::uint32_t end);

  std::string_view text() const { return text_; }
  /// One range of the original a byte of text().
  const std::vector<ByteRange>& origins() const { return origins_; }

  /// Replaces the whole text; its first `num_removed` characters are dropped.
  void transform(std::span<const Change> changes, std::size_t num_removed = 0);
  /// Keeps the characters that `keep` wants.
  void filter(const std::function<bool(char32_t)>& keep);
  /// Replaces each character by another one.
  void map(const std::function<char32_t(char32_t)>& replacement);
  /// Puts `prefix` before the first character; nothing happens to an empty text.
  void prepend(std::string_view prefix);
  /// Puts `content` in place of each match.
  void replace(const Pattern& pattern, std::string_view content);
  /// Removes whitespace at the ends.
  void strip(bool left, bool right);

 private:
  ByteRange origin_of_new(std::size_t position) const;

  std::string text_;
  std::vector<ByteRange> origins_;
  std::uint32_t original_begin_ = 0;
};

}  // namespace temper::text
