// Filters over lists and dicts.
#include <fmt/format.h>

#include <algorithm>

#include "core/text/jinja/filters.h"
#include "core/text/jinja/formatting.h"
#include "core/text/jinja/text_case.h"

namespace temper::text::jinja {
namespace {

// "author.name.0": attributes, and positions where a part is a number.
Value deep_attribute(Value value, const std::string& path) {
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    const bool is_position = !part.empty() &&
                             part.find_first_not_of("0123456789") == std::string::npos &&
                             part.size() < 10;
    value = subscript_of(value, is_position ? Value(std::int64_t{std::stoll(part)}) : Value(part));
    begin = end + 1;
  }
  return value;
}

Value attribute_or_item(const Value& value, const Value& attribute) {
  if (attribute.as_integer()) return subscript_of(value, attribute);
  return deep_attribute(value, to_text(attribute));
}

List items_of(Runtime& runtime, const Value& value) {
  List items = value.iterate();
  runtime.charge(static_cast<std::int64_t>(items.size()));
  return items;
}

Value join(Runtime& runtime, const Value& value, ArgumentReader& arguments) {
  const Value* given = arguments.optional("d");
  const std::string separator = given == nullptr ? "" : to_text(*given);
  const Value* attribute = arguments.optional("attribute");
  std::string out;
  bool first = true;
  for (const Value& item : items_of(runtime, value)) {
    if (!first) out += separator;
    first = false;
    out += to_text(
        attribute != nullptr && !attribute->is_none() ? attribute_or_item(item, *attribute) : item);
    runtime.check_size(out.size());
  }
  return out;
}

Value first(Runtime& runtime, const Value& value, ArgumentReader&) {
  const List items = items_of(runtime, value);
  return items.empty() ? Value::undefined("No first item, sequence was empty.") : items.front();
}

Value last(Runtime& runtime, const Value& value, ArgumentReader&) {
  const List items = items_of(runtime, value);
  return items.empty() ? Value::undefined("No last item, sequence was empty.") : items.back();
}

Value list(Runtime& runtime, const Value& value, ArgumentReader&) {
  return items_of(runtime, value);
}

Value items(Runtime& runtime, const Value& value, ArgumentReader&) {
  if (value.is_undefined()) return List{};
  const Dict* dict = value.as_dict();
  if (dict == nullptr) throw Failure("Can only get item pairs from a mapping.");
  runtime.charge(static_cast<std::int64_t>(dict->items().size()));
  List pairs;
  for (const auto& [key, item] : dict->items()) pairs.emplace_back(Tuple{{key, item}});
  return pairs;
}

Value reverse(Runtime& runtime, const Value& value, ArgumentReader&) {
  List reversed = items_of(runtime, value);
  std::reverse(reversed.begin(), reversed.end());
  if (value.as_string() == nullptr) return reversed;
  std::string out;
  for (const Value& character : reversed) out += *character.as_string();
  return out;
}

// What sorting and comparing without regard to case looks at.
Value folded(const Value& value, bool case_sensitive) {
  if (case_sensitive || value.as_string() == nullptr) return value;
  return to_lower(*value.as_string());
}

Value sort(Runtime& runtime, const Value& value, ArgumentReader& arguments) {
  const bool backwards = arguments.boolean("reverse", false);
  const bool case_sensitive = arguments.boolean("case_sensitive", false);
  const Value* attribute = arguments.optional("attribute");
  List sorted = items_of(runtime, value);
  const auto key = [&](const Value& item) {
    return folded(
        attribute != nullptr && !attribute->is_none() ? attribute_or_item(item, *attribute) : item,
        case_sensitive);
  };
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Value& a, const Value& b) {
    return backwards ? less(key(b), key(a)) : less(key(a), key(b));
  });
  return sorted;
}

Value unique(Runtime& runtime, const Value& value, ArgumentReader& arguments) {
  const bool case_sensitive = arguments.boolean("case_sensitive", false);
  List seen;
  List kept;
  for (const Value& item : items_of(runtime, value)) {
    Value key = folded(item, case_sensitive);
    runtime.charge(static_cast<std::int64_t>(seen.size()));
    if (std::any_of(seen.begin(), seen.end(), [&](const Value& s) { return equals(s, key); })) {
      continue;
    }
    seen.push_back(std::move(key));
    kept.push_back(item);
  }
  return kept;
}

Value dictsort(Runtime& runtime, const Value& value, ArgumentReader& arguments) {
  const bool case_sensitive = arguments.boolean("case_sensitive", false);
  const std::string by = arguments.string("by", "key");
  const bool backwards = arguments.boolean("reverse", false);
  if (by != "key" && by != "value") throw Failure("You can only sort by either 'key' or 'value'");
  if (value.as_dict() == nullptr) throw Failure("dictsort needs a mapping");
  auto pairs = value.as_dict()->items();
  runtime.charge(static_cast<std::int64_t>(pairs.size()));
  const auto key = [&](const std::pair<Value, Value>& pair) {
    return folded(by == "key" ? pair.first : pair.second, case_sensitive);
  };
  std::stable_sort(pairs.begin(), pairs.end(), [&](const auto& a, const auto& b) {
    return backwards ? less(key(b), key(a)) : less(key(a), key(b));
  });
  List sorted;
  for (const auto& [name, item] : pairs) sorted.emplace_back(Tuple{{name, item}});
  return sorted;
}

Value sum(Runtime& runtime, const Value& value, ArgumentReader& arguments) {
  const Value* attribute = arguments.optional("attribute");
  const Value* start = arguments.optional("start");
  Value total = start == nullptr ? Value(std::int64_t{0}) : *start;
  for (const Value& item : items_of(runtime, value)) {
    const bool inner = attribute != nullptr && !attribute->is_none();
    total = calculate(runtime, "+", total, inner ? attribute_or_item(item, *attribute) : item);
  }
  return total;
}

Value extreme(Runtime& runtime, const Value& value, ArgumentReader& arguments, bool largest) {
  const bool case_sensitive = arguments.boolean("case_sensitive", false);
  const List candidates = items_of(runtime, value);
  if (candidates.empty()) return Value::undefined("No aggregated item, sequence was empty.");
  const Value* best = &candidates[0];
  for (const Value& item : candidates) {
    const Value a = folded(item, case_sensitive);
    const Value b = folded(*best, case_sensitive);
    if (largest ? less(b, a) : less(a, b)) best = &item;
  }
  return *best;
}

}  // namespace

// map(attribute=…, default=…) or map("filter", arguments…).
Value apply_map(Runtime& runtime, const Value& value, const Arguments& arguments) {
  List mapped;
  if (arguments.positional.empty()) {
    const Value* attribute = nullptr;
    const Value* absent = nullptr;
    for (const auto& [name, given] : arguments.named) {
      if (name == "attribute") {
        attribute = &given;
      } else if (name == "default") {
        absent = &given;
      } else {
        throw Failure(fmt::format("Unexpected keyword argument '{}'", name));
      }
    }
    if (attribute == nullptr) throw Failure("map requires a filter argument");
    for (const Value& item : items_of(runtime, value)) {
      Value found = attribute_or_item(item, *attribute);
      if (found.is_undefined() && absent != nullptr) found = *absent;
      mapped.push_back(std::move(found));
    }
    return mapped;
  }
  Arguments rest = arguments;
  const std::string name = to_text(rest.positional.front());
  rest.positional.erase(rest.positional.begin());
  for (const Value& item : items_of(runtime, value)) {
    mapped.push_back(apply_filter(runtime, name, item, rest));
  }
  return mapped;
}

// select, reject, selectattr, rejectattr: ([attribute], [test], arguments…).
Value apply_select(Runtime& runtime, const Value& value, const Arguments& arguments, bool keep,
                   bool by_attribute) {
  Arguments rest = arguments;
  const auto take = [&rest] {
    Value front = rest.positional.front();
    rest.positional.erase(rest.positional.begin());
    return front;
  };
  Value attribute;
  if (by_attribute) {
    if (rest.positional.empty()) throw Failure("Missing parameter for attribute name");
    attribute = take();
  }
  const std::string test = rest.positional.empty() ? "" : to_text(take());
  List kept;
  for (const Value& item : items_of(runtime, value)) {
    const Value tested = by_attribute ? attribute_or_item(item, attribute) : item;
    const bool passes = test.empty() ? tested.truthy() : apply_test(runtime, test, tested, rest);
    if (passes == keep) kept.push_back(item);
  }
  return kept;
}

void add_sequence_filters(FilterTable* filters) {
  filters->emplace("join", join);
  filters->emplace("first", first);
  filters->emplace("last", last);
  filters->emplace("list", list);
  filters->emplace("items", items);
  filters->emplace("reverse", reverse);
  filters->emplace("sort", sort);
  filters->emplace("unique", unique);
  filters->emplace("dictsort", dictsort);
  filters->emplace("sum", sum);
  filters->emplace("min", [](Runtime& runtime, const Value& value, ArgumentReader& arguments) {
    return extreme(runtime, value, arguments, false);
  });
  filters->emplace("max", [](Runtime& runtime, const Value& value, ArgumentReader& arguments) {
    return extreme(runtime, value, arguments, true);
  });
  filters->emplace("attr", [](Runtime&, const Value& value, ArgumentReader& arguments) {
    return attribute_of(value, arguments.string("name"));
  });
}

}  // namespace temper::text::jinja
