#include "core/storage/s3/s3_store.h"

#include <utility>

namespace temper::storage {

using http::Idempotency;

S3Store::S3Store(BucketLocation location, S3Api api, http::Client client, S3UploadOptions options)
    : BucketStore(std::move(location), std::move(client)),
      api_(std::move(api)),
      options_(options) {}

std::optional<ObjectState> S3Store::state(std::string_view key) const {
  const ObjectAddress object = address_of(key);
  return as_storage_errors([&]() -> std::optional<ObjectState> {
    const std::optional<S3Object> there = head_object(client(), api_, object);
    return there ? std::optional(there->state) : std::nullopt;
  });
}

void S3Store::write(std::string_view key, std::span<const std::byte> bytes) {
  const ObjectAddress object = address_of(key);
  as_storage_errors([&] {
    // Without a condition an upload is never refused because of others.
    static_cast<void>(upload_to_s3(client(), api_, object, bytes, false, options_));
  });
}

bool S3Store::create_if_absent(std::string_view key, std::span<const std::byte> bytes) {
  const ObjectAddress object = address_of(key);
  return as_storage_errors(
      [&] { return upload_to_s3(client(), api_, object, bytes, true, options_); });
}

void S3Store::remove(std::string_view key) {
  const ObjectAddress object = address_of(key);
  const std::string action = "remove " + object.url;
  as_storage_errors([&] {
    const http::Response response = client().send(
        action, Idempotency::kAlways, {.method = "DELETE", .url = api_.object_url(object)});
    if (!response.ok() && (response.status != 404 || api_.is_missing_bucket(response))) {
      api_.throw_failure(action, response);
    }
  });
}

}  // namespace temper::storage
