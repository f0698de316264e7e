#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace temper::http {

/// Percent-encodes all but the unreserved characters of RFC 3986 (letters, digits, "-._~"); '/'
/// stays if `keep_slashes`.
std::string percent_encode(std::string_view text, bool keep_slashes = false);

/// "?a=1&b=2" of encoded names and values; "" without parameters.
using Parameters = std::vector<std::pair<std::string, std::string>>;
std::string query_string(const Parameters& parameters);
/// The same without "?", for application/x-www-form-urlencoded bodies.
std::string form_body(const Parameters& parameters);

/// "gs://bucket/runs//" → "gs://bucket/runs".
std::string without_last_slashes(std::string url);

/// "host:port" of an http or https URL, without user name: fit for messages.
std::string host_of(std::string_view url);

/// RFC 4648, section 4; and section 5 without padding, as JWT wants it.
std::string base64(std::string_view bytes);
std::string base64_url(std::string_view bytes);
/// "" and false if `text` is not base64 of section 4.
bool decode_base64(std::string_view text, std::string& bytes);

}  // namespace temper::http
