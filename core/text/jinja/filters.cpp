// Filters that make one value of one value. Those that work on sequences: sequence_filters.cpp.
#include "core/text/jinja/filters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "core/text/jinja/formatting.h"
#include "core/text/jinja/text_case.h"
#include "core/text/utf8.h"

namespace temper::text::jinja {
namespace {

// soft_str: an undefined value becomes an empty text.
std::string text_of(const Value& value) {
  return to_text(value);
}

Value trim(Runtime&, const Value& value, ArgumentReader& arguments) {
  const Value* given = arguments.optional("chars");
  const std::string characters = given != nullptr && !given->is_none() ? text_of(*given) : "";
  const std::string text = text_of(value);
  return std::string(strip_right(strip_left(text, characters), characters));
}

Value length(Runtime&, const Value& value, ArgumentReader&) {
  if (const auto size = value.length()) return *size;
  throw Failure(fmt::format("object of type '{}' has no len()", value.type_name()));
}

Value tojson(Runtime& runtime, const Value& value, ArgumentReader& arguments) {
  JsonStyle style;
  style.ensure_ascii = arguments.boolean("ensure_ascii", false);
  if (const Value* indent = arguments.optional("indent"); indent && !indent->is_none()) {
    style.indent = indent->as_integer();
    if (!style.indent || *style.indent > 64) throw Failure("tojson: indent must be 0 … 64");
  }
  if (const Value* separators = arguments.optional("separators");
      separators && !separators->is_none()) {
    const List* pair = separators->as_sequence();
    if (pair == nullptr || pair->size() != 2) throw Failure("tojson: separators must be a pair");
    style.item_separator = text_of((*pair)[0]);
    style.key_separator = text_of((*pair)[1]);
  } else if (style.indent) {
    style.item_separator = ",";
  }
  style.sort_keys = arguments.boolean("sort_keys", false);
  std::string json = to_json(value, style);
  runtime.check_size(json.size());
  return json;
}

Value default_value(Runtime&, const Value& value, ArgumentReader& arguments) {
  const Value* absent = arguments.optional("default_value");
  const bool also_false = arguments.boolean("boolean", false);
  if (value.is_undefined() || (also_false && !value.truthy())) {
    return absent == nullptr ? Value("") : *absent;
  }
  return value;
}

Value replace(Runtime& runtime, const Value& value, ArgumentReader& arguments) {
  const std::string from = text_of(arguments.required("old"));
  const std::string to = text_of(arguments.required("new"));
  const Value* count = arguments.optional("count");
  const std::int64_t limit = count == nullptr || count->is_none() ? -1 : *count->as_integer();
  return replace_all(runtime, text_of(value), from, to, limit);
}

Value to_integer(Runtime&, const Value& value, ArgumentReader& arguments) {
  const std::int64_t absent = arguments.integer("default", 0);
  const std::int64_t base = arguments.integer("base", 10);
  if (const auto integer = value.as_integer()) return *integer;
  if (const double* number = value.get_if<double>()) {
    if (std::isfinite(*number) && std::abs(*number) < 9.2e18) {
      return static_cast<std::int64_t>(*number);
    }
    return absent;
  }
  if (value.as_string() == nullptr || base < 2 || base > 36) return absent;
  std::string_view digits = strip_right(strip_left(*value.as_string(), ""), "");
  if (digits.starts_with('+')) digits.remove_prefix(1);
  for (const auto& [prefix, its_base] : {std::pair("0x", 16), {"0o", 8}, {"0b", 2}}) {
    if (base == its_base && to_lower(digits.substr(0, 2)) == prefix) digits.remove_prefix(2);
  }
  std::int64_t integer = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, integer, static_cast<int>(base));
  if (error == std::errc() && stop == end) return integer;
  double number = 0;  // "3.7"|int is 3
  const auto [float_stop, float_error] = std::from_chars(digits.data(), end, number);
  if (float_error == std::errc() && float_stop == end && std::abs(number) < 9.2e18) {
    return static_cast<std::int64_t>(number);
  }
  return absent;
}

Value to_float(Runtime&, const Value& value, ArgumentReader& arguments) {
  const Value* absent = arguments.optional("default");
  if (const auto number = value.as_number()) return *number;
  if (const std::string* text = value.as_string()) {
    std::string_view digits = strip_right(strip_left(*text, ""), "");
    double number = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, number);
    if (error == std::errc() && stop == end) return number;
  }
  return absent == nullptr ? Value(0.0) : *absent;
}

Value absolute(Runtime&, const Value& value, ArgumentReader&) {
  if (const auto integer = value.as_integer()) return *integer < 0 ? -*integer : *integer;
  if (const auto number = value.as_number()) return std::abs(*number);
  throw Failure(fmt::format("bad operand type for abs(): '{}'", value.type_name()));
}

Value round_number(Runtime&, const Value& value, ArgumentReader& arguments) {
  const std::int64_t precision = arguments.integer("precision", 0);
  const std::string method = arguments.string("method", "common");
  if (!value.is_number()) throw Failure("round needs a number");
  const double scale = std::pow(10.0, static_cast<double>(precision));
  const double scaled = *value.as_number() * scale;
  if (method == "ceil") return std::ceil(scaled) / scale;
  if (method == "floor") return std::floor(scaled) / scale;
  if (method != "common") throw Failure("round: method must be common, ceil or floor");
  return std::nearbyint(scaled) / scale;
}

// Jinja's own title: words start behind blanks, hyphens and opening brackets.
Value title(Runtime&, const Value& value, ArgumentReader&) {
  std::string out;
  bool starts_word = true;
  const std::string text = text_of(value);
  for (const std::string_view character : characters_of(text)) {
    const bool separates = strip_left(character, "").empty() ||
                           std::string_view("-({[<").find(character) != std::string_view::npos;
    out += starts_word && !separates ? to_upper(character) : to_lower(character);
    starts_word = separates;
  }
  return out;
}

// str.splitlines of Python; the views point into `text`.
std::vector<std::string_view> python_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    const std::size_t end = at;
    at += character.length_bytes;
    const bool ends_line = (character.code >= 0x0A && character.code <= 0x0D) ||
                           (character.code >= 0x1C && character.code <= 0x1E) ||
                           character.code == 0x85 || character.code == 0x2028 ||
                           character.code == 0x2029;
    if (!ends_line) continue;
    if (character.code == '\r' && at < text.size() && text[at] == '\n') ++at;
    lines.push_back(text.substr(begin, end - begin));
    begin = at;
  }
  if (begin < text.size()) lines.push_back(text.substr(begin));
  return lines;
}

Value indent(Runtime& runtime, const Value& value, ArgumentReader& arguments) {
  const Value* width = arguments.optional("width");
  const bool first = arguments.boolean("first", false);
  const bool blank = arguments.boolean("blank", false);
  std::string margin(4, ' ');
  if (width != nullptr && width->as_string() != nullptr) {
    margin = *width->as_string();
  } else if (width != nullptr) {
    const std::int64_t spaces = width->as_integer().value_or(-1);
    if (spaces < 0 || spaces > 1024) throw Failure("indent: width must be 0 … 1024");
    margin.assign(static_cast<std::size_t>(spaces), ' ');
  }
  const std::string text = text_of(value) + "\n";
  std::string out = first ? margin : "";
  bool is_first = true;
  for (const std::string_view line : python_lines(text)) {
    if (!is_first) out += '\n';
    if (!is_first && (blank || !line.empty())) out += margin;
    out += line;
    runtime.check_size(out.size());
    is_first = false;
  }
  return out;
}

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::string replace_all(Runtime& runtime, const std::string& text, const std::string& from,
                        const std::string& to, std::int64_t limit) {
  std::string out;
  const auto append = [&](std::string_view part) {
    runtime.check_size(out.size() + part.size());
    out += part;
  };
  if (from.empty()) {  // between all characters and at both ends
    for (const std::string_view character : characters_of(text)) {
      if (limit != 0) append(to);
      limit = limit > 0 ? limit - 1 : limit;
      append(character);
    }
    if (limit != 0) append(to);
    return out;
  }
  std::size_t begin = 0;
  for (std::int64_t left = limit; left != 0; --left) {
    const std::size_t at = text.find(from, begin);
    if (at == std::string::npos) break;
    append(std::string_view(text).substr(begin, at - begin));
    append(to);
    begin = at + from.size();
  }
  append(std::string_view(text).substr(begin));
  return out;
}

void add_scalar_filters(FilterTable* filters) {
  const auto of_text = [](std::string (*change)(std::string_view)) {
    return [change](Runtime&, const Value& value, ArgumentReader&) {
      return Value(change(text_of(value)));
    };
  };
  filters->emplace("trim", trim);
  filters->emplace("length", length);
  filters->emplace("count", length);
  filters->emplace("tojson", tojson);
  filters->emplace("default", default_value);
  filters->emplace("d", default_value);
  filters->emplace("replace", replace);
  filters->emplace("int", to_integer);
  filters->emplace("float", to_float);
  filters->emplace("abs", absolute);
  filters->emplace("round", round_number);
  filters->emplace("title", title);
  filters->emplace("indent", indent);
  filters->emplace("upper", of_text(to_upper));
  filters->emplace("lower", of_text(to_lower));
  filters->emplace("capitalize", of_text(to_capitalized));
  const auto as_text = [](Runtime&, const Value& value, ArgumentReader&) {
    return Value(text_of(value));
  };
  filters->emplace("string", as_text);
  filters->emplace("safe", as_text);
  const auto escaped = [](Runtime&, const Value& value, ArgumentReader&) {
    return Value(escape_html(text_of(value)));
  };
  filters->emplace("escape", escaped);
  filters->emplace("e", escaped);
}

}  // namespace temper::text::jinja
