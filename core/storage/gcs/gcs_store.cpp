#include "core/storage/gcs/gcs_store.h"

#include <utility>

#include "core/http/url.h"

namespace temper::storage {
namespace {

using http::Idempotency;

constexpr int kMaxOverwriteRaces = 32;

StorageError always_overwritten(const ObjectAddress& object) {
  return {StorageError::Kind::kUnavailable,
          object.url + ": others overwrite it all the time; try again later"};
}

}  // namespace

GcsStore::GcsStore(BucketLocation location, GcsApi api, http::Client client, GcsUploadSizes sizes)
    : BucketStore(std::move(location), std::move(client)), api_(std::move(api)), sizes_(sizes) {}

std::optional<ObjectState> GcsStore::state(std::string_view key) const {
  const ObjectAddress object = address_of(key);
  return as_storage_errors([&]() -> std::optional<ObjectState> {
    const std::optional<GcsResource> there = fetch_resource(client(), api_, object);
    if (!there) {
      return std::nullopt;
    }
    return ObjectState{there->size_bytes, there->crc32c, std::to_string(there->generation)};
  });
}

void GcsStore::write(std::string_view key, std::span<const std::byte> bytes) {
  const ObjectAddress object = address_of(key);
  as_storage_errors([&] {
    for (int race = 0; race < kMaxOverwriteRaces; ++race) {
      const std::optional<GcsResource> before = fetch_resource(client(), api_, object);
      if (upload_to_gcs(client(), api_, object, bytes, before ? before->generation : 0, sizes_)) {
        return;
      }
    }
    throw always_overwritten(object);
  });
}

bool GcsStore::create_if_absent(std::string_view key, std::span<const std::byte> bytes) {
  const ObjectAddress object = address_of(key);
  return as_storage_errors(
      [&] { return upload_to_gcs(client(), api_, object, bytes, 0, sizes_).has_value(); });
}

void GcsStore::remove(std::string_view key) {
  const ObjectAddress object = address_of(key);
  const std::string action = "remove " + object.url;
  as_storage_errors([&] {
    for (int race = 0; race < kMaxOverwriteRaces; ++race) {
      const std::optional<GcsResource> there = fetch_resource(client(), api_, object);
      if (!there) {
        return;
      }
      const http::Request request{
          .method = "DELETE",
          .url = api_.object_url(object) +
                 http::query_string({{"ifGenerationMatch", std::to_string(there->generation)}})};
      const http::Response response = client().send(action, Idempotency::kAlways, request);
      if (response.ok() || response.status == 404) {
        return;
      }
      if (response.status != 412) {
        api_.throw_failure(action, response);
      }
    }
    throw always_overwritten(object);
  });
}

}  // namespace temper::storage
