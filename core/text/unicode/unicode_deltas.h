#pragma once

#include <array>
#include <cstdint>

/// What Hugging Face's tokenizers see otherwise than utf8proc. Each of their Rust crates has
/// Unicode tables of its own age; tests/reference/make_unicode_deltas.py asks every predicate for
/// every code point and writes down the differences. Ranges are sorted and include their last code
/// point.
namespace temper::text {

struct CodeRange {
  char32_t first;
  char32_t last;
};
/// `category` is a utf8proc_category_t.
struct CategoryRange {
  char32_t first;
  char32_t last;
  std::uint8_t category;
};
struct CodePair {
  char32_t from;
  char32_t to;
};

/// General categories of Unicode 16, which their Oniguruma has.
extern const std::array<CategoryRange, 84> kNewCategories;
/// char::is_numeric against category N.
extern const std::array<CodeRange, 2> kNumericDelta;
/// Punctuation of the crate unicode_categories against P and ASCII's symbols.
extern const std::array<CodeRange, 41> kPunctuationDelta;
/// is_other of the same crate against Cc, Cf and Co, without \t, \n and \r.
extern const std::array<CodeRange, 5> kControlDelta;
/// is_mark_nonspacing of the same crate against Mn.
extern const std::array<CodeRange, 103> kNonspacingDelta;
/// is_combining_mark of unicode-normalization-alignments (Unicode 9) against M.
extern const std::array<CodeRange, 88> kCombiningDelta;
/// char::to_lowercase, where it is one character, against utf8proc_tolower.
extern const std::array<CodePair, 55> kLowerDelta;
/// What unicode-normalization-alignments does not decompose, but utf8proc does.
extern const std::array<CodeRange, 10> kUndecomposed;

}  // namespace temper::text
