#include "core/storage/s3/s3_store.h"

#include <algorithm>
#include <utility>

#include "core/http/url.h"
#include "core/storage/cloud/ranged_download.h"
#include "core/storage/object_failures.h"
#include "core/storage/object_key.h"
#include "core/storage/s3/s3_xml.h"

namespace temper::storage {

using http::Idempotency;

S3Store::S3Store(BucketLocation location, S3Api api, http::Client client, S3UploadOptions options)
    : location_(std::move(location)),
      api_(std::move(api)),
      client_(std::move(client)),
      options_(options) {}

std::string S3Store::url() const {
  return location_.url();
}

ObjectAddress S3Store::address_of(std::string_view key) const {
  check_key(key);
  return {location_.object_name(key), location_.url_of(key)};
}

std::optional<ObjectState> S3Store::state(std::string_view key) const {
  const ObjectAddress object = address_of(key);
  return as_storage_errors([&]() -> std::optional<ObjectState> {
    const std::optional<S3Object> there = head_object(client_, api_, object);
    return there ? std::optional(there->state) : std::nullopt;
  });
}

std::optional<std::vector<std::byte>> S3Store::read(std::string_view key) const {
  const ObjectAddress object = address_of(key);
  return as_storage_errors(
      [&] { return download_object(client_, api_, object, [&] { return state(key); }); });
}

void S3Store::read_range(std::string_view key, std::uint64_t begin,
                         std::span<std::byte> out) const {
  const ObjectAddress object = address_of(key);
  if (out.empty()) {
    const std::optional<ObjectState> there = state(key);
    if (!there) {
      throw object_not_found(url(), key);
    }
    check_range(url(), key, begin, 0, there->size_bytes);
    return;
  }
  as_storage_errors([&] { download_range(client_, api_, object, "", begin, out); });
}

void S3Store::write(std::string_view key, std::span<const std::byte> bytes) {
  const ObjectAddress object = address_of(key);
  as_storage_errors([&] {
    // Without a condition an upload is never refused because of others.
    static_cast<void>(upload_to_s3(client_, api_, object, bytes, false, options_));
  });
}

bool S3Store::create_if_absent(std::string_view key, std::span<const std::byte> bytes) {
  const ObjectAddress object = address_of(key);
  return as_storage_errors(
      [&] { return upload_to_s3(client_, api_, object, bytes, true, options_); });
}

std::vector<ObjectInfo> S3Store::list(std::string_view prefix) const {
  check_prefix(prefix);
  const std::string action = "list " + location_.url_of(prefix);
  return as_storage_errors([&] {
    std::vector<ObjectInfo> found;
    std::string continuation;
    do {
      http::Parameters parameters;  // sorted by name, as the signature wants them
      if (!continuation.empty()) {
        parameters.emplace_back("continuation-token", continuation);
      }
      parameters.emplace_back("encoding-type", "url");
      parameters.emplace_back("list-type", "2");
      parameters.emplace_back("max-keys", "1000");
      parameters.emplace_back("prefix", location_.object_name(prefix));
      const http::Response response =
          client_.send(action, Idempotency::kAlways, {.url = "/" + http::query_string(parameters)});
      if (!response.ok()) {
        api_.throw_failure(action, response);
      }
      S3Page page = parse_s3_page(response.body, action);
      for (ObjectInfo& object : page.objects) {
        object.key.erase(0, location_.prefix.size());
        // Folders that a console made are objects ending in '/': no key of ours.
        if (!object.key.empty() && !object.key.ends_with('/')) {
          found.push_back(std::move(object));
        }
      }
      continuation = std::move(page.continuation);
    } while (!continuation.empty());
    std::ranges::sort(found, {}, &ObjectInfo::key);
    return found;
  });
}

void S3Store::remove(std::string_view key) {
  const ObjectAddress object = address_of(key);
  const std::string action = "remove " + object.url;
  as_storage_errors([&] {
    const http::Response response = client_.send(
        action, Idempotency::kAlways, {.method = "DELETE", .url = api_.object_url(object)});
    if (!response.ok() && (response.status != 404 || api_.is_missing_bucket(response))) {
      api_.throw_failure(action, response);
    }
  });
}

}  // namespace temper::storage
