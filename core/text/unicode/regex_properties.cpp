#include "core/text/unicode/regex_properties.h"

#include <fmt/format.h>
#include <oniguruma.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/text/regex.h"
#include "core/text/unicode/unicode_properties.h"
#include "core/text/utf8.h"

namespace temper::text {
namespace {

constexpr std::array<std::string_view, 30> kCategories = {
    "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps",
    "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co"};

// Whether a category (an index into kCategories) is in the property of this name.
bool is_in(std::string_view property, int category, char32_t code) {
  const std::string_view name = kCategories[static_cast<std::size_t>(category)];
  if (property == "Word") return is_word_character(code);
  if (property == "Digit") return name == "Nd";
  return property.size() == 1 ? name[0] == property[0] : name == property;
}

bool is_category(std::string_view property) {
  return property.size() <= 2 && property != "C" && property != "Cn" &&
         std::any_of(kCategories.begin(), kCategories.end(), [&](std::string_view category) {
           return category.substr(0, property.size()) == property;
         });
}

bool is_unassigned_in_engine(char32_t code) {
  return ONIGENC_IS_CODE_CTYPE(ONIG_ENCODING_UTF8, code, ONIGENC_CTYPE_GRAPH) == 0;
}

struct NewCharacter {
  char32_t code;
  int category;
};

// What Unicode 16 has and the engine has not, in order.
const std::vector<NewCharacter>& new_characters() {
  static const std::vector<NewCharacter> characters = [] {
    std::vector<NewCharacter> found;
    for (char32_t code = 0x80; code < 0x110000; ++code) {
      const int category = category_of(code);
      const bool is_visible = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_SO;
      if (is_visible && is_unassigned_in_engine(code)) found.push_back({code, category});
    }
    return found;
  }();
  return characters;
}

// The characters of a property that the engine lacks, as ranges of a character class.
std::string missing_ranges(std::string_view property) {
  std::vector<char32_t> codes;
  for (const NewCharacter& character : new_characters()) {
    if (is_in(property, character.category, character.code)) codes.push_back(character.code);
  }
  std::string ranges;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::size_t first = i;
    while (i + 1 < codes.size() && codes[i + 1] == codes[i] + 1) ++i;
    append_utf8(codes[first], &ranges);
    if (i == first) continue;
    ranges += "-";
    append_utf8(codes[i], &ranges);
  }
  return ranges;
}

// An escape that stands for a property: \p{L}, \P{L}, \p{^L}, \w, \W, \d, \D.
struct PropertyEscape {
  std::string_view property;
  bool negated = false;
  std::size_t length = 0;
};

std::optional<PropertyEscape> read_escape(std::string_view rest) {
  if (rest.size() < 2 || rest[0] != '\\') return std::nullopt;
  switch (rest[1]) {
    case 'w':
    case 'W':
      return PropertyEscape{"Word", rest[1] == 'W', 2};
    case 'd':
    case 'D':
      return PropertyEscape{"Digit", rest[1] == 'D', 2};
    case 'p':
    case 'P':
      break;
    default:
      return std::nullopt;
  }
  const std::size_t end = rest.find('}');
  if (rest.size() < 4 || rest[2] != '{' || end == std::string_view::npos) return std::nullopt;
  PropertyEscape escape{rest.substr(3, end - 3), rest[1] == 'P', end + 1};
  if (escape.property.starts_with('^')) {
    escape.property.remove_prefix(1);
    escape.negated = !escape.negated;
  }
  return is_category(escape.property) ? std::optional(escape) : std::nullopt;
}

std::string negated_in_class(const PropertyEscape& escape, const std::string& missing) {
  const std::string positive = escape.property == "Word" ? "\\w"
                               : escape.property == "Digit"
                                   ? "\\d"
                                   : fmt::format("\\p{{{}}}", escape.property);
  return "[^" + positive + missing + "]";
}

}  // namespace

std::string with_new_characters(std::string_view regex) {
  initialize_oniguruma();
  std::string out;
  int class_depth = 0;
  for (std::size_t at = 0; at < regex.size();) {
    const auto escape = read_escape(regex.substr(at));
    if (!escape) {
      const bool is_escape = regex[at] == '\\' && at + 1 < regex.size();
      if (regex[at] == '[') ++class_depth;
      if (regex[at] == ']' && class_depth > 0) --class_depth;
      out += regex.substr(at, is_escape ? 2 : 1);
      at += is_escape ? 2 : 1;
      continue;
    }
    const std::string missing = missing_ranges(escape->property);
    const std::string_view as_written = regex.substr(at, escape->length);
    if (missing.empty()) {
      out += as_written;
    } else if (class_depth > 0) {
      out +=
          escape->negated ? negated_in_class(*escape, missing) : std::string(as_written) + missing;
    } else if (escape->negated) {
      out += "(?:(?![" + missing + "])" + std::string(as_written) + ")";
    } else {
      out += "(?:" + std::string(as_written) + "|[" + missing + "])";
    }
    at += escape->length;
  }
  return out;
}

}  // namespace temper::text
