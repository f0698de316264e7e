#include "core/run/json_fields.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/error.h"

namespace temper::run {

using nlohmann::json;

json parse_json_object(std::string_view text, std::size_t max_bytes, const std::string& origin) {
  if (text.size() > max_bytes) {
    throw UserError(fmt::format("{}: {} bytes are more than the {} that such a file can have",
                                origin, text.size(), max_bytes));
  }
  json parsed;
  try {
    parsed = json::parse(text);
  } catch (const json::exception& error) {
    throw UserError(
        fmt::format("{}: damaged or cut short, not whole JSON: {}", origin, error.what()));
  }
  if (!parsed.is_object()) {
    throw UserError(fmt::format("{}: should be a JSON object, is {}", origin, parsed.type_name()));
  }
  return parsed;
}

JsonFields::JsonFields(const json& object, std::string origin)
    : object_(object), origin_(std::move(origin)) {}

void JsonFields::fail(const char* name, std::string_view problem) const {
  throw UserError(fmt::format("{}: {}: {}", origin_, name, problem));
}

const json& JsonFields::field(const char* name) const {
  const auto found = object_.find(name);
  if (found == object_.end()) {
    fail(name, "is missing");
  }
  return *found;
}

std::string JsonFields::text(const char* name, std::size_t max_bytes) const {
  const json& value = field(name);
  if (!value.is_string()) {
    fail(name, fmt::format("should be a text, is {}", value.type_name()));
  }
  const auto& content = value.get_ref<const std::string&>();
  if (content.size() > max_bytes) {
    fail(name, fmt::format("{} bytes are too long, at most {}", content.size(), max_bytes));
  }
  return content;
}

std::int64_t JsonFields::integer(const char* name, std::int64_t low, std::int64_t high) const {
  const json& value = field(name);
  if (!value.is_number_integer()) {
    fail(name, fmt::format("should be a whole number, is {}", value.type_name()));
  }
  const bool too_large =
      value.is_number_unsigned() && !std::in_range<std::int64_t>(value.get<std::uint64_t>());
  if (too_large || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high) {
    fail(name, fmt::format("{} is not between {} and {}", value.dump(), low, high));
  }
  return value.get<std::int64_t>();
}

std::optional<std::int64_t> JsonFields::optional_integer(const char* name, std::int64_t low,
                                                         std::int64_t high) const {
  return field(name).is_null() ? std::nullopt : std::optional(integer(name, low, high));
}

std::uint64_t JsonFields::count(const char* name, std::uint64_t high) const {
  const json& value = field(name);
  if (!value.is_number_unsigned()) {
    fail(name,
         fmt::format("should be a whole number from 0 on, is {}",
                     value.dump(-1, ' ', true, json::error_handler_t::replace).substr(0, 40)));
  }
  if (value.get<std::uint64_t>() > high) {
    fail(name, fmt::format("{} is more than {}", value.get<std::uint64_t>(), high));
  }
  return value.get<std::uint64_t>();
}

bool JsonFields::boolean(const char* name) const {
  const json& value = field(name);
  if (!value.is_boolean()) {
    fail(name, fmt::format("should be true or false, is {}", value.type_name()));
  }
  return value.get<bool>();
}

const json& JsonFields::object(const char* name) const {
  const json& value = field(name);
  if (!value.is_object()) {
    fail(name, fmt::format("should be an object, is {}", value.type_name()));
  }
  return value;
}

const json& JsonFields::objects(const char* name, std::size_t max_items) const {
  const json& value = field(name);
  if (!value.is_array()) {
    fail(name, fmt::format("should be a list, is {}", value.type_name()));
  }
  if (value.size() > max_items) {
    fail(name, fmt::format("{} entries are too many, at most {}", value.size(), max_items));
  }
  for (const json& item : value) {
    if (!item.is_object()) {
      fail(name, fmt::format("should hold objects, holds {}", item.type_name()));
    }
  }
  return value;
}

std::string dump_file(const nlohmann::ordered_json& content) {
  return content.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace temper::run
