// Methods of str and dict that templates call; the sandbox that Transformers runs templates in has
// no others that change anything.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "core/text/jinja/formatting.h"
#include "core/text/jinja/runtime.h"
#include "core/text/jinja/text_case.h"

namespace temper::text::jinja {
namespace {

using TextMethod = std::function<Value(Runtime&, const std::string&, ArgumentReader&)>;
using DictMethod = std::function<Value(const Dict&, ArgumentReader&)>;

std::string strip(const std::string& text, ArgumentReader& arguments, bool left, bool right) {
  const Value* given = arguments.optional("chars");
  std::string characters;
  if (given != nullptr && !given->is_none()) {
    if (given->as_string() == nullptr) throw Failure("strip arg must be None or str");
    characters = *given->as_string();
    if (characters.empty()) return text;
  }
  std::string_view rest = text;
  if (left) rest = strip_left(rest, characters);
  if (right) rest = strip_right(rest, characters);
  return std::string(rest);
}

// str.split() without a separator: runs of whitespace, none at the ends.
List split_at_whitespace(std::string_view text, std::int64_t limit) {
  List parts;
  text = strip_left(text, "");
  while (!text.empty()) {
    if (limit == 0) {
      parts.emplace_back(std::string(text));
      break;
    }
    std::size_t end = 0;
    while (end < text.size() && strip_left(text.substr(end), "").size() == text.size() - end) {
      ++end;
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    }
    parts.emplace_back(std::string(text.substr(0, end)));
    text = strip_left(text.substr(end), "");
    --limit;
  }
  return parts;
}

List split(const std::string& text, ArgumentReader& arguments) {
  const Value* separator = arguments.optional("sep");
  const std::int64_t limit = arguments.integer("maxsplit", -1);
  if (separator == nullptr || separator->is_none()) return split_at_whitespace(text, limit);
  const std::string* mark = separator->as_string();
  if (mark == nullptr) throw Failure("must be str or None, not " + to_text(*separator));
  if (mark->empty()) throw Failure("empty separator");
  List parts;
  std::size_t begin = 0;
  for (std::int64_t left = limit; left != 0; --left) {
    const std::size_t end = text.find(*mark, begin);
    if (end == std::string::npos) break;
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + mark->size();
  }
  parts.emplace_back(text.substr(begin));
  return parts;
}

List split_from_right(const std::string& text, ArgumentReader& arguments) {
  const std::string mark = arguments.string("sep");
  const std::int64_t limit = arguments.integer("maxsplit", -1);
  if (mark.empty()) throw Failure("empty separator");
  List parts;
  std::size_t end = text.size();
  for (std::int64_t left = limit; left != 0 && end >= mark.size(); --left) {
    const std::size_t begin = text.rfind(mark, end - mark.size());
    if (begin == std::string::npos) break;
    parts.emplace_back(text.substr(begin + mark.size(), end - begin - mark.size()));
    end = begin;
  }
  parts.emplace_back(text.substr(0, end));
  std::reverse(parts.begin(), parts.end());
  return parts;
}

// startswith and endswith take one text or a tuple of them.
template <typename Matches>
bool matches_any(ArgumentReader& arguments, const Matches& matches) {
  const Value& wanted = arguments.required("prefix");
  const auto check = [&](const Value& value) {
    if (value.as_string() == nullptr) {
      throw Failure(fmt::format("startswith and endswith need str or a tuple of str, not {}",
                                value.type_name()));
    }
    return matches(*value.as_string());
  };
  const List* several = wanted.is_tuple() ? wanted.as_sequence() : nullptr;
  return several != nullptr ? std::any_of(several->begin(), several->end(), check) : check(wanted);
}

std::string replace(Runtime& runtime, const std::string& text, ArgumentReader& arguments) {
  const std::string from = arguments.string("old");
  const std::string to = arguments.string("new");
  return replace_all(runtime, text, from, to, arguments.integer("count", -1));
}

std::int64_t find(const std::string& text, ArgumentReader& arguments) {
  const std::size_t at = text.find(arguments.string("sub"));
  if (at == std::string::npos) return -1;
  return static_cast<std::int64_t>(characters_of(std::string_view(text).substr(0, at)).size());
}

std::int64_t count(const std::string& text, ArgumentReader& arguments) {
  const std::string part = arguments.string("sub");
  if (part.empty()) return static_cast<std::int64_t>(characters_of(text).size()) + 1;
  std::int64_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + part.size())) {
    ++found;
  }
  return found;
}

std::string join(const std::string& text, ArgumentReader& arguments) {
  std::string out;
  bool first = true;
  for (const Value& item : arguments.required("iterable").iterate()) {
    if (item.as_string() == nullptr) {
      throw Failure(fmt::format("join needs str items, found {}", item.type_name()));
    }
    if (!first) out += text;
    first = false;
    out += *item.as_string();
  }
  return out;
}

const std::map<std::string, TextMethod, std::less<>>& text_methods() {
  using R = Runtime;
  using T = std::string;
  using A = ArgumentReader;
  static const std::map<std::string, TextMethod, std::less<>> methods = {
      {"strip", [](R&, const T& text, A& a) { return Value(strip(text, a, true, true)); }},
      {"lstrip", [](R&, const T& text, A& a) { return Value(strip(text, a, true, false)); }},
      {"rstrip", [](R&, const T& text, A& a) { return Value(strip(text, a, false, true)); }},
      {"split", [](R&, const T& text, A& a) { return Value(split(text, a)); }},
      {"rsplit", [](R&, const T& text, A& a) { return Value(split_from_right(text, a)); }},
      {"startswith",
       [](R&, const T& text, A& a) {
         return Value(matches_any(a, [&](const T& part) { return text.starts_with(part); }));
       }},
      {"endswith",
       [](R&, const T& text, A& a) {
         return Value(matches_any(a, [&](const T& part) { return text.ends_with(part); }));
       }},
      {"upper", [](R&, const T& text, A&) { return Value(to_upper(text)); }},
      {"lower", [](R&, const T& text, A&) { return Value(to_lower(text)); }},
      {"title", [](R&, const T& text, A&) { return Value(to_title(text)); }},
      {"capitalize", [](R&, const T& text, A&) { return Value(to_capitalized(text)); }},
      {"replace", [](R& runtime, const T& text, A& a) { return Value(replace(runtime, text, a)); }},
      {"find", [](R&, const T& text, A& a) { return Value(find(text, a)); }},
      {"count", [](R&, const T& text, A& a) { return Value(count(text, a)); }},
      {"join", [](R&, const T& text, A& a) { return Value(join(text, a)); }},
      {"isupper", [](R&, const T& text, A&) { return Value(is_upper(text)); }},
      {"islower", [](R&, const T& text, A&) { return Value(is_lower(text)); }},
      {"isdigit",
       [](R&, const T& text, A&) {
         return Value(!text.empty() && std::all_of(text.begin(), text.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; }));
       }},
  };
  return methods;
}

List pairs_of(const Dict& dict) {
  List pairs;
  for (const auto& [key, value] : dict.items()) pairs.emplace_back(Tuple{{key, value}});
  return pairs;
}

const std::map<std::string, DictMethod, std::less<>>& dict_methods() {
  static const std::map<std::string, DictMethod, std::less<>> methods = {
      {"get",
       [](const Dict& dict, ArgumentReader& arguments) {
         const Value* found = dict.find(arguments.required("key"));
         const Value* absent = arguments.optional("default");
         return found != nullptr ? *found : absent != nullptr ? *absent : Value();
       }},
      {"items", [](const Dict& dict, ArgumentReader&) { return Value(pairs_of(dict)); }},
      {"keys", [](const Dict& dict, ArgumentReader&) { return Value(Value(dict).iterate()); }},
      {"copy", [](const Dict& dict, ArgumentReader&) { return Value(dict); }},
      {"values",
       [](const Dict& dict, ArgumentReader&) {
         List values;
         for (const auto& [key, value] : dict.items()) values.push_back(value);
         return Value(std::move(values));
       }},
  };
  return methods;
}

}  // namespace

std::optional<Value> find_method(const Value& object, std::string_view name) {
  const std::string label = fmt::format("{}.{}", object.type_name(), name);
  if (object.as_string() != nullptr) {
    const auto method = text_methods().find(name);
    if (method == text_methods().end()) return std::nullopt;
    return Function{
        label, [object, label, run = method->second](Runtime& runtime, const Arguments& arguments) {
          ArgumentReader reader(arguments, label);
          Value result = run(runtime, *object.as_string(), reader);
          reader.done();
          return result;
        }};
  }
  if (object.as_dict() != nullptr) {
    const auto method = dict_methods().find(name);
    if (method == dict_methods().end()) return std::nullopt;
    return Function{
        label, [object, label, run = method->second](Runtime& runtime, const Arguments& arguments) {
          runtime.charge(static_cast<std::int64_t>(object.as_dict()->items().size()));
          ArgumentReader reader(arguments, label);
          Value result = run(*object.as_dict(), reader);
          reader.done();
          return result;
        }};
  }
  return std::nullopt;
}

}  // namespace temper::text::jinja
