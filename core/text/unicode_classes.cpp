#include "core/text/unicode_classes.h"

#include <oniguruma.h>

#include <map>
#include <string_view>

#include "core/base/check.h"
#include "core/text/regex.h"

namespace temper::text {
namespace {

constexpr std::size_t kNumCodePoints = 0x110000;

// Marks the code points of an Oniguruma property. Its range lists start with their count.
void mark(std::string_view property, CharacterClass character_class,
          std::vector<std::uint8_t>* classes) {
  OnigEncoding encoding = ONIG_ENCODING_UTF8;
  const auto* name = reinterpret_cast<const OnigUChar*>(property.data());
  const int type = encoding->property_name_to_ctype(encoding, const_cast<OnigUChar*>(name),
                                                    const_cast<OnigUChar*>(name) + property.size());
  CHECK(type >= 0, "Oniguruma has no property {}", property);
  OnigCodePoint single_byte_end = 0;
  const OnigCodePoint* ranges = nullptr;
  const int status =
      encoding->get_ctype_code_range(static_cast<OnigCtype>(type), &single_byte_end, &ranges);
  CHECK(status == 0 && ranges != nullptr, "Oniguruma has no ranges for {}", property);
  for (OnigCodePoint i = 0; i < ranges[0]; ++i) {
    for (OnigCodePoint code = ranges[1 + 2 * i]; code <= ranges[2 + 2 * i]; ++code) {
      if (code < kNumCodePoints) (*classes)[code] = static_cast<std::uint8_t>(character_class);
    }
  }
}

}  // namespace

UnicodeClasses::UnicodeClasses() {
  initialize_oniguruma();
  std::vector<std::uint8_t> classes(kNumCodePoints, 0);
  mark("L", CharacterClass::kLetter, &classes);
  mark("N", CharacterClass::kNumber, &classes);
  mark("Space", CharacterClass::kSpace, &classes);
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
