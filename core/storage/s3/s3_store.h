#pragma once

#include <string>

#include "core/http/http_client.h"
#include "core/storage/cloud/bucket_location.h"
#include "core/storage/object_store.h"
#include "core/storage/s3/s3_service.h"
#include "core/storage/s3/s3_upload.h"

namespace temper::storage {

/// Objects of a bucket of Amazon S3 or a service that speaks its protocol. create_if_absent needs a
/// service that knows If-None-Match (AWS, MinIO, Cloudflare R2, Ceph since Reef do).
class S3Store final : public ObjectStore {
 public:
  S3Store(BucketLocation location, S3Api api, http::Client client, S3UploadOptions options);

  std::string url() const override;
  std::optional<ObjectState> state(std::string_view key) const override;
  std::optional<std::vector<std::byte>> read(std::string_view key) const override;
  void read_range(std::string_view key, std::uint64_t begin,
                  std::span<std::byte> out) const override;
  void write(std::string_view key, std::span<const std::byte> bytes) override;
  [[nodiscard]] bool create_if_absent(std::string_view key,
                                      std::span<const std::byte> bytes) override;
  std::vector<ObjectInfo> list(std::string_view prefix) const override;
  void remove(std::string_view key) override;

 private:
  ObjectAddress address_of(std::string_view key) const;

  const BucketLocation location_;
  const S3Api api_;
  const http::Client client_;
  const S3UploadOptions options_;
};

}  // namespace temper::storage
