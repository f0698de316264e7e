#include "core/hub/lfs_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace temper::hub {
namespace {

using nlohmann::json;

/// S3 has no more parts in an upload.
constexpr std::uint64_t kMaxParts = 10'000;

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char letter) { return letter >= '0' && letter <= '9'; });
}

/// A number that may be written as text: the Hub writes header values as text.
std::uint64_t number_in(const json& value) {
  if (value.is_number_unsigned()) {
    return value.get<std::uint64_t>();
  }
  const auto& text = value.get_ref<const std::string&>();
  if (!is_number(text) || text.size() > 18) {
    throw json::other_error::create(500, "not a number", &value);
  }
  return std::stoull(text);
}

/// The headers that the server wants back, without the multipart plan that the Hub puts among them.
http::Headers headers_in(const json& action) {
  http::Headers headers;
  const auto fields = action.find("header");
  if (fields != action.end() && fields->is_object()) {
    for (const auto& [name, value] : fields->items()) {
      if (name != "chunk_size" && !is_number(name) && value.is_string()) {
        headers.set(name, value.get<std::string>());
      }
    }
  }
  return headers;
}

LfsAction action_in(const json& action) {
  return {action.at("href").get<std::string>(), headers_in(action)};
}

std::uint64_t parts_of(std::uint64_t size_bytes, std::uint64_t part_bytes) {
  return size_bytes / part_bytes + (size_bytes % part_bytes == 0 ? 0 : 1);
}

void read_parts(const json& header, LfsUpload& upload, const std::string& origin) {
  upload.part_bytes = number_in(header.at("chunk_size"));
  const std::uint64_t size = upload.object.size_bytes;
  if (upload.part_bytes == 0 || parts_of(size, upload.part_bytes) > kMaxParts) {
    throw RetryableError(fmt::format("{}: parts of {} bytes for an object of {} bytes", origin,
                                     upload.part_bytes, size));
  }
  const std::uint64_t count = parts_of(size, upload.part_bytes);
  std::uint64_t num_urls = 0;
  for (const auto& [name, value] : header.items()) {
    num_urls += is_number(name) ? 1 : 0;
  }
  if (num_urls != count) {
    throw RetryableError(
        fmt::format("{}: {} URLs for {} parts of an object", origin, num_urls, count));
  }
  for (std::uint64_t part = 1; part <= count; ++part) {
    // "1", or "00001" as some versions of the Hub write it.
    const auto found = std::ranges::find_if(header.items(), [&](const auto& item) {
      return is_number(item.key()) && item.key().size() < 18 && std::stoull(item.key()) == part;
    });
    if (found == header.items().end()) {
      throw RetryableError(fmt::format("{}: no URL for part {} of {}", origin, part, count));
    }
    upload.part_urls.push_back((*found).value().template get<std::string>());
  }
}

LfsUpload upload_in(const json& item, const LfsObject& object, const std::string& transfer,
                    const std::string& origin) {
  LfsUpload upload{object, {}, {}, 0, {}, {}, {}};
  if (const auto error = item.find("error"); error != item.end()) {
    upload.refusal =
        fmt::format("{} ({})", error->value("message", "no reason given"), error->value("code", 0));
    return upload;
  }
  const auto actions = item.find("actions");
  if (actions == item.end() || !actions->is_object() || !actions->contains("upload")) {
    return upload;
  }
  const json& action = actions->at("upload");
  const auto header = action.find("header");
  if (transfer == "multipart" && header != action.end() && header->contains("chunk_size")) {
    upload.completion = action_in(action);
    read_parts(*header, upload, origin);
  } else {
    upload.basic = action_in(action);
  }
  if (actions->contains("verify")) {
    upload.verify = action_in(actions->at("verify"));
  }
  return upload;
}

}  // namespace

std::string batch_body(std::span<const LfsObject> objects, const std::string& branch) {
  json list = json::array();
  for (const LfsObject& object : objects) {
    list.push_back({{"oid", object.sha256}, {"size", object.size_bytes}});
  }
  return json{{"operation", "upload"},
              {"transfers", {"basic", "multipart"}},
              {"objects", std::move(list)},
              {"hash_algo", "sha256"},
              {"ref", {{"name", branch}}}}
      .dump();
}

std::vector<LfsUpload> parse_batch_answer(std::string_view text, std::span<const LfsObject> objects,
                                          const std::string& origin) {
  std::vector<LfsUpload> uploads;
  try {
    const json answer = json::parse(text);
    const std::string transfer = answer.value("transfer", "basic");
    const json& items = answer.at("objects");
    for (const LfsObject& object : objects) {
      const auto found = std::ranges::find_if(
          items, [&](const json& item) { return item.at("oid") == object.sha256; });
      if (found == items.end()) {
        throw RetryableError(
            fmt::format("{}: the answer leaves out the object {}", origin, object.sha256));
      }
      uploads.push_back(upload_in(*found, object, transfer, origin));
    }
  } catch (const json::exception& error) {
    throw RetryableError(fmt::format("{}: not an answer of Git LFS: {}", origin, error.what()));
  }
  return uploads;
}

std::string parts_body(const LfsObject& object, std::span<const std::string> etags) {
  json parts = json::array();
  for (std::size_t i = 0; i < etags.size(); ++i) {
    parts.push_back({{"partNumber", i + 1}, {"etag", etags[i]}});
  }
  return json{{"oid", object.sha256}, {"parts", std::move(parts)}}.dump();
}

std::string verify_body(const LfsObject& object) {
  return json{{"oid", object.sha256}, {"size", object.size_bytes}}.dump();
}

}  // namespace temper::hub
