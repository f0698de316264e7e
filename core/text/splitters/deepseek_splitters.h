#pragma once

#include <string_view>
#include <vector>

#include "core/text/regex.h"
#include "core/text/unicode/unicode_classes.h"

namespace temper::text {

/// The three regexes that DeepSeek-V3 cuts with, one after the other.
inline constexpr std::string_view kDeepseekNumberRegex = R"(\p{N}{1,3})";
inline constexpr std::string_view kDeepseekCjkRegex = "[一-龥\u3040-ゟ゠-ヿ]+";
inline constexpr std::string_view kDeepseekWordRegex =
    "[!\"#$%&'()*+,\\-./"
    ":;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| "
    "?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+";

/// kDeepseekNumberRegex by hand.
class DeepseekNumberSplitter final : public Pattern {
 public:
  void find_all(std::string_view text, std::vector<ByteRange>* matches) const override;

 private:
  const UnicodeClasses& classes_ = UnicodeClasses::instance();
};

/// kDeepseekCjkRegex by hand: runs of U+4E00–U+9FA5 and U+3040–U+30FF.
class DeepseekCjkSplitter final : public Pattern {
 public:
  void find_all(std::string_view text, std::vector<ByteRange>* matches) const override;
};

/// kDeepseekWordRegex by hand. Numbers and controls without a letter behind them match nothing.
class DeepseekWordSplitter final : public Pattern {
 public:
  void find_all(std::string_view text, std::vector<ByteRange>* matches) const override;

 private:
  std::uint32_t end_of_match(std::string_view text, std::uint32_t begin) const;

  const UnicodeClasses& classes_ = UnicodeClasses::instance();
};

}  // namespace temper::text
