#include "core/storage/gcs/gcs_store.h"

#include <algorithm>
#include <utility>

#include "core/base/hash.h"
#include "core/http/url.h"
#include "core/storage/cloud/ranged_download.h"
#include "core/storage/object_failures.h"
#include "core/storage/object_key.h"

namespace temper::storage {
namespace {

using http::Idempotency;

constexpr int kMaxOverwriteRaces = 32;

}  // namespace

GcsStore::GcsStore(BucketLocation location, GcsApi api, http::Client client, GcsUploadSizes sizes)
    : location_(std::move(location)),
      api_(std::move(api)),
      client_(std::move(client)),
      sizes_(sizes) {}

std::string GcsStore::url() const {
  return location_.url();
}

ObjectAddress GcsStore::address_of(std::string_view key) const {
  check_key(key);
  return {location_.object_name(key), location_.url_of(key)};
}

std::optional<ObjectState> GcsStore::state(std::string_view key) const {
  const ObjectAddress object = address_of(key);
  return as_storage_errors([&]() -> std::optional<ObjectState> {
    const std::optional<GcsResource> there = fetch_resource(client_, api_, object);
    if (!there) {
      return std::nullopt;
    }
    return ObjectState{there->size_bytes, there->crc32c, std::to_string(there->generation)};
  });
}

std::optional<std::vector<std::byte>> GcsStore::read(std::string_view key) const {
  const ObjectAddress object = address_of(key);
  return as_storage_errors(
      [&] { return download_object(client_, api_, object, [&] { return state(key); }); });
}

void GcsStore::read_range(std::string_view key, std::uint64_t begin,
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

void GcsStore::write(std::string_view key, std::span<const std::byte> bytes) {
  const ObjectAddress object = address_of(key);
  as_storage_errors([&] {
    for (int race = 0; race < kMaxOverwriteRaces; ++race) {
      const std::optional<GcsResource> before = fetch_resource(client_, api_, object);
      if (upload_to_gcs(client_, api_, object, bytes, before ? before->generation : 0, sizes_)) {
        return;
      }
    }
    throw StorageError(StorageError::Kind::kUnavailable,
                       object.url + ": others overwrite it all the time; try again later");
  });
}

bool GcsStore::create_if_absent(std::string_view key, std::span<const std::byte> bytes) {
  const ObjectAddress object = address_of(key);
  return as_storage_errors(
      [&] { return upload_to_gcs(client_, api_, object, bytes, 0, sizes_).has_value(); });
}

std::vector<ObjectInfo> GcsStore::list(std::string_view prefix) const {
  check_prefix(prefix);
  const std::string action = "list " + location_.url_of(prefix);
  return as_storage_errors([&] {
    std::vector<ObjectInfo> found;
    std::string page_token;
    do {
      http::Parameters parameters = {{"prefix", location_.object_name(prefix)},
                                     {"maxResults", "1000"},
                                     {"fields", "items(name,size),nextPageToken"}};
      if (!page_token.empty()) {
        parameters.emplace_back("pageToken", page_token);
      }
      const http::Response response = client_.send(
          action, Idempotency::kAlways, {.url = api_.list_url() + http::query_string(parameters)});
      if (!response.ok()) {
        api_.throw_failure(action, response);
      }
      GcsPage page = parse_page(response.body, action);
      for (ObjectInfo& object : page.objects) {
        object.key.erase(0, location_.prefix.size());
        // Folders that a console made are objects ending in '/': no key of ours.
        if (!object.key.empty() && !object.key.ends_with('/')) {
          found.push_back(std::move(object));
        }
      }
      page_token = std::move(page.next_page_token);
    } while (!page_token.empty());
    std::ranges::sort(found, {}, &ObjectInfo::key);
    return found;
  });
}

void GcsStore::remove(std::string_view key) {
  const ObjectAddress object = address_of(key);
  const std::string action = "remove " + object.url;
  as_storage_errors([&] {
    for (int race = 0; race < kMaxOverwriteRaces; ++race) {
      const std::optional<GcsResource> there = fetch_resource(client_, api_, object);
      if (!there) {
        return;
      }
      const http::Request request{
          .method = "DELETE",
          .url = api_.object_url(object) +
                 http::query_string({{"ifGenerationMatch", std::to_string(there->generation)}})};
      const http::Response response = client_.send(action, Idempotency::kAlways, request);
      if (response.ok() || response.status == 404) {
        return;
      }
      if (response.status != 412) {
        api_.throw_failure(action, response);
      }
    }
    throw StorageError(StorageError::Kind::kUnavailable,
                       object.url + ": others overwrite it all the time; try again later");
  });
}

}  // namespace temper::storage
