#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/run/json_fields.h"

namespace temper::comm {

/// A message to another rank as text; bytes that are no UTF-8 are replaced.
std::string dump_message(const nlohmann::ordered_json& message);

/// What `read` makes of a message's fields. What is wrong with one is the other end's fault, not
/// the user's: RetryableError.
template <class Read>
auto parse_message(std::string_view json, std::size_t max_bytes, const std::string& origin,
                   const Read& read) {
  try {
    const nlohmann::json object = run::parse_json_object(json, max_bytes, origin);
    return read(run::JsonFields(object, origin));
  } catch (const UserError& error) {
    throw RetryableError(error.what());
  }
}

}  // namespace temper::comm
