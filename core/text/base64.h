#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace temper::text {

/// The bytes of a base64 text (RFC 4648, with padding); nullopt if it is not one.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace temper::text
