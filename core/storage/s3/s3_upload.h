#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/http/http_client.h"
#include "core/storage/object_store.h"
#include "core/storage/s3/s3_service.h"

namespace temper::storage {

/// How objects are uploaded.
struct S3UploadOptions {
  std::uint64_t single_bytes = 16U << 20U;  ///< up to here in one request
  std::uint64_t part_bytes = 32U << 20U;    ///< at least 5 MiB; more if 10,000 would not do
  bool checksums = true;                    ///< send crc32c; some compatible services refuse it
};

/// What HEAD tells of an object.
struct S3Object {
  ObjectState state;
  std::string attempt;  ///< our metadata: which upload made it
};
std::optional<S3Object> head_object(const http::Client& client, const S3Api& api,
                                    const ObjectAddress& object);

/// Uploads `bytes`; with `only_if_absent` unless the object exists. False if somebody else's was
/// there; an upload of ours whose answer got lost is recognised by its attempt id. All or nothing:
/// the parts of a failed upload are taken back. Throws StorageError and what http::Client throws.
[[nodiscard]] bool upload_to_s3(const http::Client& client, const S3Api& api,
                                const ObjectAddress& object, std::span<const std::byte> bytes,
                                bool only_if_absent, const S3UploadOptions& options);

}  // namespace temper::storage
