#pragma once

#include <string>

#include "core/storage/cloud/bucket_store.h"
#include "core/storage/s3/s3_service.h"
#include "core/storage/s3/s3_upload.h"

namespace temper::storage {

/// Objects of a bucket of Amazon S3 or a service that speaks its protocol. create_if_absent needs a
/// service that knows If-None-Match (AWS, MinIO, Cloudflare R2, Ceph since Reef do).
class S3Store final : public BucketStore {
 public:
  S3Store(BucketLocation location, S3Api api, http::Client client, S3UploadOptions options);

  std::optional<ObjectState> state(std::string_view key) const override;
  void write(std::string_view key, std::span<const std::byte> bytes) override;
  [[nodiscard]] bool create_if_absent(std::string_view key,
                                      std::span<const std::byte> bytes) override;
  void remove(std::string_view key) override;

 private:
  const CloudService& service() const override { return api_; }

  const S3Api api_;
  const S3UploadOptions options_;
};

}  // namespace temper::storage
