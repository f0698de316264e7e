#include "core/text/jinja/text_case.h"

#include <utf8proc.h>

#include "core/text/utf8.h"
#include "core/text/whitespace.h"

namespace temper::text::jinja {
namespace {

char32_t map(char32_t code, utf8proc_int32_t (*mapping)(utf8proc_int32_t)) {
  return static_cast<char32_t>(mapping(static_cast<utf8proc_int32_t>(code)));
}

template <typename Convert>
std::string convert(std::string_view text, const Convert& change) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    append_utf8(change(character.code), &out);
    at += character.length_bytes;
  }
  return out;
}

bool is_cased(char32_t code) {
  return map(code, utf8proc_toupper) != code || map(code, utf8proc_tolower) != code;
}

// str.isupper and str.islower: some cased character, and none of the other case.
bool is_unchanged_by(std::string_view text, utf8proc_int32_t (*mapping)(utf8proc_int32_t)) {
  bool any = false;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (map(character.code, mapping) != character.code) return false;
    any = any || is_cased(character.code);
    at += character.length_bytes;
  }
  return any;
}

bool is_stripped(char32_t code, std::string_view characters) {
  if (characters.empty()) return is_python_whitespace(code);
  std::string wanted;
  append_utf8(code, &wanted);
  return characters.find(wanted) != std::string_view::npos;
}

}  // namespace

std::string to_upper(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (character.code == U'ß') {
      out += "SS";
    } else {
      append_utf8(map(character.code, utf8proc_toupper), &out);
    }
    at += character.length_bytes;
  }
  return out;
}

std::string to_lower(std::string_view text) {
  return convert(text, [](char32_t code) { return map(code, utf8proc_tolower); });
}

std::string to_capitalized(std::string_view text) {
  bool first = true;
  return convert(text, [&](char32_t code) {
    const char32_t changed = map(code, first ? utf8proc_totitle : utf8proc_tolower);
    first = false;
    return changed;
  });
}

std::string to_title(std::string_view text) {
  bool inside = false;
  return convert(text, [&](char32_t code) {
    const char32_t changed = map(code, inside ? utf8proc_tolower : utf8proc_totitle);
    inside = is_cased(code);
    return changed;
  });
}

bool is_upper(std::string_view text) {
  return is_unchanged_by(text, utf8proc_toupper);
}
bool is_lower(std::string_view text) {
  return is_unchanged_by(text, utf8proc_tolower);
}

std::string_view strip_left(std::string_view text, std::string_view characters) {
  while (!text.empty()) {
    const Character first = character_at(text, 0);
    if (!is_stripped(first.code, characters)) break;
    text.remove_prefix(first.length_bytes);
  }
  return text;
}

std::string_view strip_right(std::string_view text, std::string_view characters) {
  while (!text.empty()) {
    const Character last = character_before(text, text.size());
    if (!is_stripped(last.code, characters)) break;
    text.remove_suffix(last.length_bytes);
  }
  return text;
}

}  // namespace temper::text::jinja
