#include "core/storage/gcs/gcs_resource.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/http/url.h"

namespace temper::storage {
namespace {

using Json = nlohmann::json;

/// A service that answers nonsense may answer better later.
[[noreturn]] void fail(const std::string& origin, std::string_view problem) {
  throw StorageError(
      StorageError::Kind::kUnavailable,
      fmt::format("{}: the service's answer is not as its API says: {}", origin, problem));
}

Json parse_object(std::string_view text, const std::string& origin) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    fail(origin, "no JSON object");
  }
  return json;
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// The API writes 64-bit integers as strings.
template <typename Integer>
Integer integer_of(const Json& object, const char* name, const std::string& origin) {
  const std::string text = text_of(object, name);
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    fail(origin, fmt::format("{} is '{}'", name, text));
  }
  return value;
}

GcsResource resource_of(const Json& json, const std::string& origin) {
  GcsResource resource;
  resource.name = text_of(json, "name");
  resource.size_bytes = integer_of<std::uint64_t>(json, "size", origin);
  if (json.contains("generation")) {
    resource.generation = integer_of<std::int64_t>(json, "generation", origin);
  }
  resource.crc32c = parse_crc32c_text(text_of(json, "crc32c"));
  if (const auto metadata = json.find("metadata");
      metadata != json.end() && metadata->is_object()) {
    resource.attempt = text_of(*metadata, "temper-attempt");
  }
  return resource;
}

}  // namespace

GcsResource parse_resource(std::string_view json, const std::string& origin) {
  return resource_of(parse_object(json, origin), origin);
}

ObjectPage parse_gcs_page(std::string_view text, const std::string& origin) {
  const Json json = parse_object(text, origin);
  ObjectPage page;
  if (const auto items = json.find("items"); items != json.end()) {
    for (const Json& item : *items) {
      if (!item.is_object()) {
        fail(origin, "an item of the list is no object");
      }
      const GcsResource resource = resource_of(item, origin);
      page.objects.push_back({resource.name, resource.size_bytes});
    }
  }
  page.next = text_of(json, "nextPageToken");
  return page;
}

std::string error_reason(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("error")) {
    return "";
  }
  const Json& error = json["error"];
  if (error.is_string()) {  // a token endpoint (RFC 6749, 5.2)
    const std::string description = text_of(json, "error_description");
    return error.get<std::string>() + (description.empty() ? "" : ": " + description);
  }
  if (!error.is_object()) {
    return "";
  }
  std::string reason;
  if (const auto errors = error.find("errors"); errors != error.end() && errors->is_array() &&
                                                !errors->empty() && errors->front().is_object()) {
    reason = text_of(errors->front(), "reason");
  }
  const std::string message = text_of(error, "message");
  return reason.empty() || message.empty() ? reason + message : reason + ": " + message;
}

std::string crc32c_text(std::uint32_t crc) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    bytes += static_cast<char>(crc >> shift & 255U);
  }
  return http::base64(bytes);
}

std::optional<std::uint32_t> parse_crc32c_text(std::string_view text) {
  std::string bytes;
  if (!http::decode_base64(text, bytes) || bytes.size() != 4) {
    return std::nullopt;
  }
  std::uint32_t crc = 0;
  for (const char byte : bytes) {
    crc = crc << 8U | static_cast<unsigned char>(byte);
  }
  return crc;
}

}  // namespace temper::storage
