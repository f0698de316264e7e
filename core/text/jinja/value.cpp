#include "core/text/jinja/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text/utf8.h"

namespace temper::text::jinja {
namespace {

void check_depth(int depth) {
  if (depth > kMaxValueDepth) {
    throw Failure(fmt::format("values are nested more than {} levels deep", kMaxValueDepth));
  }
}

Value from_json_at(const nlohmann::ordered_json& json, int depth) {
  check_depth(depth);
  switch (json.type()) {
    case nlohmann::ordered_json::value_t::boolean:
      return json.get<bool>();
    case nlohmann::ordered_json::value_t::number_unsigned:
      if (json.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
        throw Failure(fmt::format("the integer {} does not fit 64 bits", json.dump()));
      }
      return json.get<std::int64_t>();
    case nlohmann::ordered_json::value_t::number_integer:
      return json.get<std::int64_t>();
    case nlohmann::ordered_json::value_t::number_float:
      return json.get<double>();
    case nlohmann::ordered_json::value_t::string:
      return json.get<std::string>();
    case nlohmann::ordered_json::value_t::array: {
      List list;
      list.reserve(json.size());
      for (const auto& item : json) list.push_back(from_json_at(item, depth + 1));
      return list;
    }
    case nlohmann::ordered_json::value_t::object: {
      Dict dict;
      for (const auto& [key, item] : json.items()) dict.set(key, from_json_at(item, depth + 1));
      return dict;
    }
    default:
      return None{};
  }
}

}  // namespace

const Value* Dict::find(const Value& key) const {
  if (const std::string* text = key.as_string()) return find_key(*text);
  for (const auto& [candidate, value] : items_) {
    if (candidate.as_string() == nullptr && equals(candidate, key)) return &value;
  }
  return nullptr;
}

const Value* Dict::find_key(std::string_view key) const {
  for (const auto& [candidate, value] : items_) {
    const std::string* text = candidate.as_string();
    if (text != nullptr && *text == key) return &value;
  }
  return nullptr;
}

void Dict::set(Value key, Value value) {
  depth_ = std::max({depth_, key.depth() + 1, value.depth() + 1});
  check_depth(depth_);
  if (const Value* old = find(key)) {
    *const_cast<Value*>(old) = std::move(value);  // our own items, found by the const look-up
    return;
  }
  items_.emplace_back(std::move(key), std::move(value));
}

void Object::set_attribute(const std::string& /*name*/, const Value& /*value*/) {
  throw Failure("cannot assign attribute on non-namespace object");
}

Value::Value(std::string text) : data_(std::make_shared<const std::string>(std::move(text))) {}
Value::Value(List list) : data_(make_sequence(std::move(list), false)) {}
Value::Value(Tuple tuple) : data_(make_sequence(std::move(tuple.items), true)) {}
Value::Value(Dict dict) : data_(std::make_shared<const Dict>(std::move(dict))) {}
Value::Value(Function function) : data_(std::make_shared<const Function>(std::move(function))) {}

std::shared_ptr<const Value::Sequence> Value::make_sequence(List items, bool is_tuple) {
  int depth = 1;
  for (const Value& item : items) depth = std::max(depth, item.depth() + 1);
  check_depth(depth);
  return std::make_shared<const Sequence>(Sequence{std::move(items), is_tuple, depth});
}

Value Value::undefined(std::string why) {
  return Undefined{std::make_shared<const std::string>(std::move(why))};
}

Value Value::from_json(const nlohmann::ordered_json& json) {
  return from_json_at(json, 0);
}

bool Value::is_number() const {
  return std::holds_alternative<bool>(data_) || std::holds_alternative<std::int64_t>(data_) ||
         std::holds_alternative<double>(data_);
}

std::optional<std::int64_t> Value::as_integer() const {
  if (const bool* boolean = get_if<bool>()) return *boolean ? 1 : 0;
  if (const std::int64_t* integer = get_if<std::int64_t>()) return *integer;
  return std::nullopt;
}

std::optional<double> Value::as_number() const {
  if (const auto integer = as_integer()) return static_cast<double>(*integer);
  if (const double* number = get_if<double>()) return *number;
  return std::nullopt;
}

const std::string* Value::as_string() const {
  const auto* text = get_if<std::shared_ptr<const std::string>>();
  return text == nullptr ? nullptr : text->get();
}

const std::vector<Value>* Value::as_sequence() const {
  const auto* sequence = get_if<std::shared_ptr<const Sequence>>();
  return sequence == nullptr ? nullptr : &(*sequence)->items;
}

bool Value::is_tuple() const {
  const auto* sequence = get_if<std::shared_ptr<const Sequence>>();
  return sequence != nullptr && (*sequence)->is_tuple;
}

int Value::depth() const {
  if (const auto* sequence = get_if<std::shared_ptr<const Sequence>>()) return (*sequence)->depth;
  const Dict* dict = as_dict();
  return dict == nullptr ? 0 : dict->depth();
}

const Dict* Value::as_dict() const {
  const auto* dict = get_if<std::shared_ptr<const Dict>>();
  return dict == nullptr ? nullptr : dict->get();
}

Object* Value::as_object() const {
  const auto* object = get_if<std::shared_ptr<Object>>();
  return object == nullptr ? nullptr : object->get();
}

const Function* Value::as_function() const {
  const auto* function = get_if<std::shared_ptr<const Function>>();
  return function == nullptr ? nullptr : function->get();
}

bool Value::truthy() const {
  if (is_none() || is_undefined()) return false;
  if (const auto number = as_number()) return *number != 0;
  if (const std::string* text = as_string()) return !text->empty();
  if (const List* items = as_sequence()) return !items->empty();
  if (const Dict* dict = as_dict()) return !dict->items().empty();
  return true;
}

std::string_view Value::type_name() const {
  if (is_tuple()) return "tuple";
  static constexpr std::string_view kNames[] = {
      "NoneType", "Undefined", "bool", "int", "float", "str", "list", "dict", "object", "function"};
  return kNames[data_.index()];
}

void Value::require_defined() const {
  if (const Undefined* undefined = get_if<Undefined>()) throw Failure(*undefined->why);
}

List Value::iterate() const {
  if (const List* items = as_sequence()) return *items;
  if (const Dict* dict = as_dict()) {
    List keys;
    for (const auto& [key, value] : dict->items()) keys.push_back(key);
    return keys;
  }
  if (const std::string* text = as_string()) {
    List list;
    for (const std::string_view character : characters_of(*text)) {
      list.emplace_back(std::string(character));
    }
    return list;
  }
  if (is_undefined()) return {};
  throw Failure(fmt::format("'{}' object is not iterable", type_name()));
}

std::optional<std::int64_t> Value::length() const {
  const auto count = [](std::size_t size) { return static_cast<std::int64_t>(size); };
  if (const List* items = as_sequence()) return count(items->size());
  if (const Dict* dict = as_dict()) return count(dict->items().size());
  if (const std::string* text = as_string()) return count(count_characters(*text));
  if (is_undefined()) return 0;
  return std::nullopt;
}

bool equals(const Value& left, const Value& right) {
  if (left.is_number() && right.is_number()) {
    const auto a = left.as_integer();
    const auto b = right.as_integer();
    return a && b ? *a == *b : *left.as_number() == *right.as_number();
  }
  if (const std::string* text = left.as_string()) {
    const std::string* other = right.as_string();
    return other != nullptr && *text == *other;
  }
  if (const List* items = left.as_sequence()) {
    const List* others = right.as_sequence();
    return others != nullptr && left.is_tuple() == right.is_tuple() &&
           std::equal(items->begin(), items->end(), others->begin(), others->end(), equals);
  }
  if (const Dict* dict = left.as_dict()) {
    const Dict* other = right.as_dict();
    return other != nullptr && dict->items().size() == other->items().size() &&
           std::all_of(dict->items().begin(), dict->items().end(), [&](const auto& item) {
             const Value* value = other->find(item.first);
             return value != nullptr && equals(item.second, *value);
           });
  }
  if (left.is_none() || left.is_undefined()) return left.type_name() == right.type_name();
  if (left.as_object() != nullptr) return left.as_object() == right.as_object();
  return left.as_function() != nullptr && left.as_function() == right.as_function();
}

bool less(const Value& left, const Value& right) {
  left.require_defined();
  right.require_defined();
  if (left.is_number() && right.is_number()) {
    const auto a = left.as_integer();
    const auto b = right.as_integer();
    return a && b ? *a < *b : *left.as_number() < *right.as_number();
  }
  // UTF-8 sorts as its code points do.
  const std::string* text = left.as_string();
  const std::string* other = right.as_string();
  if (text != nullptr && other != nullptr) return *text < *other;
  const List* items = left.as_sequence();
  const List* others = right.as_sequence();
  if (items != nullptr && others != nullptr && left.is_tuple() == right.is_tuple()) {
    return std::lexicographical_compare(items->begin(), items->end(), others->begin(),
                                        others->end(), less);
  }
  throw Failure(fmt::format("'<' not supported between instances of '{}' and '{}'",
                            left.type_name(), right.type_name()));
}

bool contains(const Value& container, const Value& item) {
  if (const std::string* text = container.as_string()) {
    item.require_defined();
    const std::string* part = item.as_string();
    if (part == nullptr) {
      throw Failure(
          fmt::format("'in <string>' requires string as left operand, not {}", item.type_name()));
    }
    return text->find(*part) != std::string::npos;
  }
  if (const Dict* dict = container.as_dict()) return dict->find(item) != nullptr;
  const List items = container.iterate();
  return std::any_of(items.begin(), items.end(),
                     [&](const Value& candidate) { return equals(candidate, item); });
}

std::vector<std::string_view> characters_of(std::string_view text) {
  std::vector<std::string_view> characters;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_at(text, at).length_bytes;
    characters.push_back(text.substr(at, length));
    at += length;
  }
  return characters;
}

}  // namespace temper::text::jinja
