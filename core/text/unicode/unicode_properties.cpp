#include "core/text/unicode/unicode_properties.h"

#include <algorithm>

#include "core/text/unicode/unicode_deltas.h"

namespace temper::text {
namespace {

// The last range that starts at `code` or before it holds the code, if any does.
template <typename Ranges>
const typename Ranges::value_type* find_range(const Ranges& ranges, char32_t code) {
  const auto behind =
      std::upper_bound(ranges.begin(), ranges.end(), code,
                       [](char32_t wanted, const auto& range) { return wanted < range.first; });
  if (behind == ranges.begin()) return nullptr;
  const auto range = behind - 1;
  return code <= range->last ? &*range : nullptr;
}

template <typename Ranges>
bool differs(const Ranges& ranges, char32_t code) {
  return find_range(ranges, code) != nullptr;
}

bool is_letter(utf8proc_category_t category) {
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}
bool is_mark(utf8proc_category_t category) {
  return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}
bool is_number(utf8proc_category_t category) {
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

// Symbols with the property Other_Alphabetic: circled and squared letters.
bool is_enclosed_letter(char32_t code) {
  return (code >= 0x24B6 && code <= 0x24E9) || (code >= 0x1F130 && code <= 0x1F149) ||
         (code >= 0x1F150 && code <= 0x1F169) || (code >= 0x1F170 && code <= 0x1F189);
}

utf8proc_category_t utf8proc_category_of(char32_t code) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code));
}

}  // namespace

utf8proc_category_t category_of(char32_t code) {
  if (code < 0x80) return utf8proc_category_of(code);
  if (const CategoryRange* range = find_range(kNewCategories, code)) {
    return static_cast<utf8proc_category_t>(range->category);
  }
  return utf8proc_category_of(code);
}

bool is_word_character(char32_t code) {
  const utf8proc_category_t category = category_of(code);
  return is_letter(category) || is_mark(category) || category == UTF8PROC_CATEGORY_ND ||
         category == UTF8PROC_CATEGORY_NL || category == UTF8PROC_CATEGORY_PC || code == 0x200C ||
         code == 0x200D || is_enclosed_letter(code);
}

bool is_numeric(char32_t code) {
  if (code < 0x80) return code >= '0' && code <= '9';
  return is_number(category_of(code)) != differs(kNumericDelta, code);
}

bool is_punctuation(char32_t code) {
  const utf8proc_category_t category = category_of(code);
  const bool is_ascii_symbol =
      code < 0x80 && category >= UTF8PROC_CATEGORY_SM && category <= UTF8PROC_CATEGORY_SO;
  const bool is_mark = category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
  return is_ascii_symbol || is_mark != differs(kPunctuationDelta, code);
}

bool is_control(char32_t code) {
  if (code == '\t' || code == '\n' || code == '\r') return false;
  const utf8proc_category_t category = category_of(code);
  const bool is_other = category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF ||
                        category == UTF8PROC_CATEGORY_CO;
  return is_other != differs(kControlDelta, code);
}

bool is_nonspacing_mark(char32_t code) {
  if (code < 0x300) return false;
  return (category_of(code) == UTF8PROC_CATEGORY_MN) != differs(kNonspacingDelta, code);
}

bool is_combining_mark(char32_t code) {
  if (code < 0x300) return false;
  return is_mark(category_of(code)) != differs(kCombiningDelta, code);
}

int combining_class(char32_t code) {
  if (!is_combining_mark(code)) return 0;
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(code))->combining_class;
}

bool may_decompose(char32_t code) {
  return code >= 0x80 && !differs(kUndecomposed, code);
}

char32_t lower_of(char32_t code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 0x20 : code;
  const auto found =
      std::lower_bound(kLowerDelta.begin(), kLowerDelta.end(), code,
                       [](const CodePair& pair, char32_t wanted) { return pair.from < wanted; });
  if (found != kLowerDelta.end() && found->from == code) return found->to;
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code)));
}

}  // namespace temper::text
