#include "core/text/jinja/formatting.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "core/text/utf8.h"

namespace temper::text::jinja {
namespace {

// str.isprintable: everything but controls, formats, surrogates, private use, unassigned and
// separators other than the space.
bool is_printable(char32_t code) {
  if (code == ' ') return true;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS:
      return false;
    default:
      return true;
  }
}

std::string escape(char32_t code) {
  const auto number = static_cast<std::uint32_t>(code);
  if (code < 0x100) return fmt::format("\\x{:02x}", number);
  return code < 0x10000 ? fmt::format("\\u{:04x}", number) : fmt::format("\\U{:08x}", number);
}

std::string quoted(const std::string& text) {
  const bool has_single = text.find('\'') != std::string::npos;
  const bool has_double = text.find('"') != std::string::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string out(1, quote);
  for (const std::string_view character : characters_of(text)) {
    const char32_t code = character_at(character, 0).code;
    if (code == static_cast<char32_t>(quote) || code == '\\') {
      out += '\\';
      out += character;
    } else if (code == '\n') {
      out += "\\n";
    } else if (code == '\r') {
      out += "\\r";
    } else if (code == '\t') {
      out += "\\t";
    } else {
      out += is_printable(code) ? std::string(character) : escape(code);
    }
  }
  return out + quote;
}

std::string joined(const List& items) {
  std::string out;
  for (const Value& item : items) {
    if (!out.empty()) out += ", ";
    out += to_repr(item);
  }
  return out;
}

std::string json_string(const std::string& text, bool ensure_ascii) {
  std::string out = "\"";
  for (const std::string_view character : characters_of(text)) {
    const char32_t code = character_at(character, 0).code;
    if (code == '"' || code == '\\') {
      out += '\\';
      out += character;
    } else if (code < 0x20) {
      static constexpr std::string_view kLetters = "btn\0fr";  // for 8 to 13
      const bool has_letter = code >= 8 && code <= 13 && code != 11;
      out += has_letter ? std::string("\\") + kLetters[code - 8]
                        : fmt::format("\\u{:04x}", static_cast<std::uint32_t>(code));
    } else if (code < 0x7F || !ensure_ascii) {
      out += character;
    } else if (code < 0x10000) {
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(code));
    } else {
      const auto rest = static_cast<std::uint32_t>(code) - 0x10000;
      out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF));
    }
  }
  return out + "\"";
}

std::string json_key(const Value& key, const JsonStyle& style) {
  if (const std::string* text = key.as_string()) return json_string(*text, style.ensure_ascii);
  if (key.is_number() || key.is_none()) return "\"" + to_json(key, style) + "\"";
  throw Failure(fmt::format("keys must be str, int, float, bool or None, not {}", key.type_name()));
}

class JsonWriter {
 public:
  explicit JsonWriter(const JsonStyle& style) : style_(style) {}

  void write(const Value& value, std::int64_t level) {
    if (const std::string* text = value.as_string()) {
      out_ += json_string(*text, style_.ensure_ascii);
    } else if (const List* items = value.as_sequence()) {
      write_all(*items, level, '[', ']', [&](const Value& item) { write(item, level + 1); });
    } else if (const Dict* dict = value.as_dict()) {
      auto pairs = dict->items();
      if (style_.sort_keys) {
        std::stable_sort(pairs.begin(), pairs.end(),
                         [](const auto& a, const auto& b) { return less(a.first, b.first); });
      }
      write_all(pairs, level, '{', '}', [&](const auto& pair) {
        out_ += json_key(pair.first, style_) + style_.key_separator;
        write(pair.second, level + 1);
      });
    } else if (const bool* boolean = value.get_if<bool>()) {
      out_ += *boolean ? "true" : "false";
    } else if (const double* number = value.get_if<double>()) {
      out_ += std::isfinite(*number) ? float_text(*number)
              : std::isnan(*number)  ? "NaN"
              : *number > 0          ? "Infinity"
                                     : "-Infinity";
    } else if (value.is_number()) {
      out_ += to_text(value);
    } else if (value.is_none()) {
      out_ += "null";
    } else {
      throw Failure(fmt::format("Object of type {} is not JSON serializable", value.type_name()));
    }
  }

  std::string take() { return std::move(out_); }

 private:
  template <typename Items, typename WriteItem>
  void write_all(const Items& items, std::int64_t level, char open, char close,
                 const WriteItem& write_item) {
    out_ += open;
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_ += style_.indent ? trimmed_separator() : style_.item_separator;
      first = false;
      new_line(level + 1);
      write_item(item);
    }
    if (!first) new_line(level);
    out_ += close;
  }

  // json.dumps drops the space behind the comma when lines are broken anyway.
  std::string trimmed_separator() const {
    return style_.item_separator == ", " ? "," : style_.item_separator;
  }
  void new_line(std::int64_t level) {
    if (!style_.indent) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(std::max<std::int64_t>(*style_.indent, 0) * level), ' ');
  }

  const JsonStyle& style_;
  std::string out_;
};

}  // namespace

std::string float_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                 std::chars_format::scientific)
                       .ptr;
  std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  std::string out;
  if (text.front() == '-') {
    out = "-";
    text.remove_prefix(1);
  }
  const std::size_t mark = text.find('e');
  std::string digits(text.substr(0, mark));
  std::erase(digits, '.');
  const int exponent = std::atoi(std::string(text.substr(mark + 1)).c_str());
  if (exponent < -4 || exponent >= 16) {
    out += digits.substr(0, 1);
    if (digits.size() > 1) out += "." + digits.substr(1);
    return out + fmt::format("e{}{:02d}", exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  if (exponent < 0) {
    return out + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() < whole) digits.append(whole - digits.size(), '0');
  return out + digits.substr(0, whole) + "." + (digits.size() > whole ? digits.substr(whole) : "0");
}

std::string to_text(const Value& value) {
  if (const std::string* text = value.as_string()) return *text;
  if (value.is_undefined()) return "";
  return to_repr(value);
}

std::string to_repr(const Value& value) {
  if (const std::string* text = value.as_string()) return quoted(*text);
  if (const List* items = value.as_sequence()) {
    if (!value.is_tuple()) return "[" + joined(*items) + "]";
    return "(" + joined(*items) + (items->size() == 1 ? ",)" : ")");
  }
  if (const Dict* dict = value.as_dict()) {
    std::string out;
    for (const auto& [key, item] : dict->items()) {
      if (!out.empty()) out += ", ";
      out += to_repr(key) + ": " + to_repr(item);
    }
    return "{" + out + "}";
  }
  if (value.is_none()) return "None";
  if (value.is_undefined()) return "Undefined";
  if (const bool* boolean = value.get_if<bool>()) return *boolean ? "True" : "False";
  if (const std::int64_t* integer = value.get_if<std::int64_t>()) return std::to_string(*integer);
  if (const double* number = value.get_if<double>()) return float_text(*number);
  if (const Object* object = value.as_object()) return object->text();
  return fmt::format("<function {}>", value.as_function()->name);
}

std::string to_json(const Value& value, const JsonStyle& style) {
  JsonWriter writer(style);
  writer.write(value, 0);
  return writer.take();
}

}  // namespace temper::text::jinja
