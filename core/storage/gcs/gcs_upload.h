#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/http/http_client.h"
#include "core/storage/gcs/gcs_resource.h"
#include "core/storage/gcs/gcs_service.h"

namespace temper::storage {

/// Sizes that decide how an object is uploaded.
struct GcsUploadSizes {
  std::uint64_t single_bytes = 8U << 20U;  ///< up to here in one request
  std::uint64_t chunk_bytes = 64U << 20U;  ///< of a resumable upload; a multiple of 256 KiB
};

/// Uploads `bytes` as `object` if the object's generation still is `if_generation_match` (0: there
/// is none). nullopt if it is another, made by somebody else; an upload of ours whose answer got
/// lost is recognised by its attempt id and checksum. All or nothing: a failed upload is taken
/// back. Throws StorageError and what http::Client throws.
std::optional<GcsResource> upload_to_gcs(const http::Client& client, const GcsApi& api,
                                         const ObjectAddress& object,
                                         std::span<const std::byte> bytes,
                                         std::int64_t if_generation_match,
                                         const GcsUploadSizes& sizes);

/// The object's resource, or nullopt if absent.
std::optional<GcsResource> fetch_resource(const http::Client& client, const GcsApi& api,
                                          const ObjectAddress& object);

}  // namespace temper::storage
