#include "core/text/unicode/unicode_classes.h"

#include <algorithm>
#include <map>

#include "core/text/unicode/unicode_deltas.h"
#include "core/text/unicode/unicode_properties.h"
#include "core/text/whitespace.h"

namespace temper::text {
namespace {

constexpr char32_t kNumCodePoints = 0x110000;

std::uint16_t class_of_category(int category) {
  switch (category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT:
      return kUpper;
    case UTF8PROC_CATEGORY_LL:
      return kLower;
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return kUncased;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return kMark;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return kNumber;
    default:
      break;
  }
  if (category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO) return kPunctuation;
  if (category >= UTF8PROC_CATEGORY_SM && category <= UTF8PROC_CATEGORY_SO) return kSymbol;
  return kRest;
}

}  // namespace

const UnicodeClasses& UnicodeClasses::instance() {
  static const UnicodeClasses classes;
  return classes;
}

UnicodeClasses::UnicodeClasses() {
  std::vector<std::uint16_t> classes(kNumCodePoints, kRest);
  for (char32_t code = 0; code < kNumCodePoints; ++code) {
    classes[code] = class_of_category(utf8proc_category(static_cast<utf8proc_int32_t>(code)));
  }
  for (const CategoryRange& range : kNewCategories) {
    for (char32_t code = range.first; code <= range.last; ++code) {
      classes[code] = class_of_category(range.category);
    }
  }
  for (char32_t code = 0; code < 0x3001; ++code) {
    if (is_whitespace(code)) classes[code] = kSpace;
  }
  std::copy_n(classes.begin(), ascii_.size(), ascii_.begin());
  std::map<Page, std::uint16_t> seen;
  for (std::size_t page_index = 0; page_index < page_of_.size(); ++page_index) {
    Page page;
    std::copy_n(classes.begin() + static_cast<std::ptrdiff_t>(page_index * page.size()),
                page.size(), page.begin());
    const auto [position, is_new] = seen.emplace(page, static_cast<std::uint16_t>(pages_.size()));
    if (is_new) pages_.push_back(page);
    page_of_[page_index] = position->second;
  }
}

}  // namespace temper::text
