#pragma once

#include <utf8proc.h>

namespace temper::text {

/// Properties of code points exactly as Hugging Face's tokenizers see them: utf8proc's tables with
/// the differences of unicode_deltas.h. Constant time or a short binary search. Thread-safe.

/// General category of Unicode 16.
utf8proc_category_t category_of(char32_t code);

/// \w of Rust's regex crate: alphabetic characters, marks, decimal digits, connectors and joiners.
bool is_word_character(char32_t code);
/// Rust's char::is_numeric.
bool is_numeric(char32_t code);
/// What Punctuation and BertPreTokenizer cut at.
bool is_punctuation(char32_t code);
/// What BertNormalizer's clean_text removes, apart from U+0000 and U+FFFD.
bool is_control(char32_t code);
/// What BertNormalizer's strip_accents removes.
bool is_nonspacing_mark(char32_t code);
/// What StripAccents removes, and the only characters that normalisation reorders.
bool is_combining_mark(char32_t code);
/// Canonical combining class of Unicode 9; 0 for starters.
int combining_class(char32_t code);
/// False for characters too young for the tokenizers' normalisation, which leaves them alone.
bool may_decompose(char32_t code);
/// Rust's char::to_lowercase but for U+0130, whose lower case is "i" and U+0307.
char32_t lower_of(char32_t code);

}  // namespace temper::text
