#pragma once

#include <string_view>
#include <vector>

#include "core/text/regex.h"
#include "core/text/unicode/unicode_classes.h"

namespace temper::text {

/// Llama 3's regex: tiktoken's cl100k_base, also used by many others.
inline constexpr std::string_view kLlama3Regex =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
/// Qwen 2 and 3: the same with single digits.
inline constexpr std::string_view kQwen2Regex =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// These two regexes by hand. Their matches cover the text.
class Llama3Splitter final : public Pattern {
 public:
  /// `max_digits` numbers go together, from the left.
  explicit Llama3Splitter(int max_digits) : max_digits_(max_digits) {}
  void find_all(std::string_view text, std::vector<ByteRange>* matches) const override;

 private:
  std::uint32_t end_of_match(std::string_view text, std::uint32_t begin) const;

  const UnicodeClasses& classes_ = UnicodeClasses::instance();
  int max_digits_;
};

/// \p{N}{1,max_digits} where a number stands at `begin`.
std::uint32_t end_of_digits(const UnicodeClasses& classes, std::string_view text,
                            std::uint32_t begin, int max_digits);

}  // namespace temper::text
