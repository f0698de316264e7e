#pragma once

#include <string_view>
#include <vector>

#include "core/text/regex.h"
#include "core/text/unicode/unicode_classes.h"

namespace temper::text {

/// tiktoken's o200k_base: GPT-4o and gpt-oss.
inline constexpr std::string_view kO200kRegex =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
/// Mistral's Tekken: the same without contractions and with single digits.
inline constexpr std::string_view kTekkenRegex =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// These two regexes, which tell upper from lower case, by hand. Their matches cover the text.
class O200kSplitter final : public Pattern {
 public:
  O200kSplitter(int max_digits, bool with_contractions)
      : max_digits_(max_digits), with_contractions_(with_contractions) {}
  void find_all(std::string_view text, std::vector<ByteRange>* matches) const override;

 private:
  std::uint32_t end_of_match(std::string_view text, std::uint32_t begin) const;
  std::uint32_t end_of_word(std::string_view text, std::uint32_t begin) const;
  std::uint32_t end_of_capitalized(std::string_view text, std::uint32_t begin) const;

  const UnicodeClasses& classes_ = UnicodeClasses::instance();
  int max_digits_;
  bool with_contractions_;
};

}  // namespace temper::text
