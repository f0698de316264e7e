#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/tokenizer.h"

namespace temper::text {

/// Finds the non-overlapping matches of something in a text, left to right.
class Pattern {
 public:
  virtual ~Pattern() = default;
  /// Appends the matches [begin, end) in `text` (valid UTF-8). Thread-safe.
  virtual void find_all(std::string_view text, std::vector<ByteRange>* matches) const = 0;
};

/// The splitter written by hand for exactly this regex; nullptr if there is none.
std::unique_ptr<Pattern> make_hand_written(std::string_view regex);

/// The pattern of a regular expression in Oniguruma's Ruby syntax, as Hugging Face's tokenizers run
/// it. A hand-written splitter takes over for the exact regexes it knows.
/// UserError naming `where`, the regex and Oniguruma's message if it does not compile.
std::unique_ptr<Pattern> make_regex_pattern(const std::string& regex, const std::string& where);

/// The pattern that matches `literal` itself.
std::unique_ptr<Pattern> make_literal_pattern(std::string literal);

/// Oniguruma's own set-up; must come before any other call to it. Cheap to repeat, thread-safe.
void initialize_oniguruma();

}  // namespace temper::text
