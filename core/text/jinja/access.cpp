// Attributes, subscripts and slices.
#include <fmt/format.h>

#include <algorithm>

#include "core/text/jinja/formatting.h"
#include "core/text/jinja/runtime.h"

namespace temper::text::jinja {
namespace {

Value missing(const Value& object, const std::string& name) {
  if (const Undefined* undefined = object.get_if<Undefined>()) throw Failure(*undefined->why);
  if (object.is_none()) return Value::undefined(fmt::format("'None' has no attribute '{}'", name));
  return Value::undefined(
      fmt::format("'{} object' has no attribute '{}'", object.type_name(), name));
}

// The item at a Python index, negative from the end.
template <typename Items>
const typename Items::value_type* item_at(const Items& items, std::int64_t index) {
  const auto size = static_cast<std::int64_t>(items.size());
  if (index < 0) index += size;
  if (index < 0 || index >= size) return nullptr;
  return &items[static_cast<std::size_t>(index)];
}

struct Slice {
  std::int64_t begin = 0, end = 0, step = 1;
};

std::int64_t slice_bound(const Value& value) {
  value.require_defined();
  if (const auto integer = value.as_integer()) return *integer;
  throw Failure("slice indices must be integers or None");
}

// Python's slice.indices.
Slice resolve(const Value* begin, const Value* end, const Value* step, std::int64_t size) {
  const auto given = [](const Value* value) { return value != nullptr && !value->is_none(); };
  Slice slice;
  if (given(step)) slice.step = slice_bound(*step);
  if (slice.step == 0) throw Failure("slice step cannot be zero");
  const bool forward = slice.step > 0;
  const std::int64_t low = forward ? 0 : -1;
  const std::int64_t high = forward ? size : size - 1;
  const auto place = [&](const Value* value, std::int64_t absent) {
    if (!given(value)) return absent;
    const std::int64_t bound = slice_bound(*value);
    return std::clamp(bound < 0 ? std::max(bound, -size - 1) + size : bound, low, high);
  };
  slice.begin = place(begin, forward ? low : high);
  slice.end = place(end, forward ? high : low);
  slice.step = std::clamp<std::int64_t>(slice.step, -size - 1, size + 1);
  return slice;
}

template <typename Visit>
void visit_slice(const Slice& slice, const Visit& visit) {
  for (std::int64_t i = slice.begin; slice.step > 0 ? i < slice.end : i > slice.end;
       i += slice.step) {
    visit(static_cast<std::size_t>(i));
  }
}

}  // namespace

Value attribute_of(const Value& object, const std::string& name) {
  if (const Object* attributes = object.as_object()) {
    if (auto value = attributes->attribute(name)) return *value;
    return missing(object, name);
  }
  if (const auto method = find_method(object, name)) return *method;
  if (const Dict* dict = object.as_dict()) {
    if (const Value* value = dict->find_key(name)) return *value;
  }
  return missing(object, name);
}

Value subscript_of(const Value& object, const Value& index) {
  object.require_defined();
  if (const Dict* dict = object.as_dict()) {
    if (const Value* value = dict->find(index)) return *value;
  }
  if (const auto position = index.as_integer()) {
    if (const List* items = object.as_sequence()) {
      if (const Value* value = item_at(*items, *position)) return *value;
    }
    if (const std::string* text = object.as_string()) {
      const auto characters = characters_of(*text);
      if (const auto* character = item_at(characters, *position)) return std::string(*character);
    }
    return missing(object, std::to_string(*position));
  }
  if (const std::string* name = index.as_string()) {
    if (const Object* attributes = object.as_object()) {
      if (auto value = attributes->attribute(*name)) return *value;
    } else if (const auto method = find_method(object, *name)) {
      return *method;
    }
  }
  return missing(object, to_text(index));
}

Value slice_of(const Value& object, const Value* begin, const Value* end, const Value* step) {
  object.require_defined();
  if (const List* items = object.as_sequence()) {
    List result;
    visit_slice(resolve(begin, end, step, static_cast<std::int64_t>(items->size())),
                [&](std::size_t i) { result.push_back((*items)[i]); });
    if (object.is_tuple()) return Tuple{std::move(result)};
    return result;
  }
  if (const std::string* text = object.as_string()) {
    const auto characters = characters_of(*text);
    std::string result;
    visit_slice(resolve(begin, end, step, static_cast<std::int64_t>(characters.size())),
                [&](std::size_t i) { result += characters[i]; });
    return result;
  }
  return Value::undefined(fmt::format("'{}' can't be sliced", object.type_name()));
}

}  // namespace temper::text::jinja
