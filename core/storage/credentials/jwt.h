#pragma once

#include <string>
#include <string_view>

namespace temper::storage {

/// A JSON Web Token signed with RS256 (RFC 7515, RFC 7518 section 3.3). `header` and `claims` are
/// JSON. Throws UserError naming `origin` if `private_key_pem` is no RSA key; never shows it.
std::string sign_jwt(std::string_view header, std::string_view claims,
                     const std::string& private_key_pem, const std::string& origin);

}  // namespace temper::storage
