#include <fmt/format.h>

#include "core/text/jinja/runtime.h"

namespace temper::text::jinja {

ArgumentReader::ArgumentReader(const Arguments& arguments, std::string_view callee)
    : arguments_(arguments), callee_(callee) {}

const Value* ArgumentReader::optional(std::string_view name) {
  const std::size_t position = next_++;
  const Value* found =
      position < arguments_.positional.size() ? &arguments_.positional[position] : nullptr;
  for (const auto& [given, value] : arguments_.named) {
    if (given != name) continue;
    if (found != nullptr) throw Failure(fmt::format("{}: \"{}\" is given twice", callee_, name));
    found = &value;
    ++named_;
  }
  return found;
}

const Value& ArgumentReader::required(std::string_view name) {
  const Value* value = optional(name);
  if (value == nullptr) throw Failure(fmt::format("{}: \"{}\" is missing", callee_, name));
  return *value;
}

std::string ArgumentReader::string(std::string_view name) {
  const Value& value = required(name);
  value.require_defined();
  if (const std::string* text = value.as_string()) return *text;
  throw Failure(fmt::format("{}: \"{}\" must be str, not {}", callee_, name, value.type_name()));
}

std::string ArgumentReader::string(std::string_view name, std::string_view absent) {
  const Value* value = optional(name);
  if (value == nullptr) return std::string(absent);
  value->require_defined();
  if (const std::string* text = value->as_string()) return *text;
  throw Failure(fmt::format("{}: \"{}\" must be str, not {}", callee_, name, value->type_name()));
}

std::int64_t ArgumentReader::integer(std::string_view name) {
  const Value& value = required(name);
  value.require_defined();
  if (const auto integer = value.as_integer()) return *integer;
  throw Failure(fmt::format("{}: \"{}\" must be int, not {}", callee_, name, value.type_name()));
}

std::int64_t ArgumentReader::integer(std::string_view name, std::int64_t absent) {
  const Value* value = optional(name);
  if (value == nullptr) return absent;
  value->require_defined();
  if (const auto integer = value->as_integer()) return *integer;
  throw Failure(fmt::format("{}: \"{}\" must be int, not {}", callee_, name, value->type_name()));
}

bool ArgumentReader::boolean(std::string_view name, bool absent) {
  const Value* value = optional(name);
  return value == nullptr ? absent : value->truthy();
}

void ArgumentReader::done() const {
  if (arguments_.positional.size() > next_) {
    throw Failure(fmt::format("{} takes at most {} arguments, {} are given", callee_, next_,
                              arguments_.positional.size()));
  }
  if (arguments_.named.size() > named_) {
    throw Failure(fmt::format("{}: unexpected named argument", callee_));
  }
}

}  // namespace temper::text::jinja
