#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/storage/cloud/cloud_service.h"

namespace temper::storage {

/// The fields of an object resource of the GCS JSON API that we use.
struct GcsResource {
  std::string name;
  std::uint64_t size_bytes = 0;
  std::int64_t generation = 0;  ///< 0: not told
  std::optional<std::uint32_t> crc32c;
  std::string attempt;  ///< our metadata "temper-attempt": which upload made it
};

/// Throws StorageError kUnavailable naming `origin` if the service's JSON is not what the API
/// promises.
GcsResource parse_resource(std::string_view json, const std::string& origin);
ObjectPage parse_gcs_page(std::string_view text, const std::string& origin);

/// "reason: message" of an error body of the JSON API or of a token endpoint; "" if it is none.
std::string error_reason(std::string_view text);

/// crc32c as the API writes it: base64 of four big-endian bytes.
std::string crc32c_text(std::uint32_t crc);
std::optional<std::uint32_t> parse_crc32c_text(std::string_view text);

}  // namespace temper::storage
