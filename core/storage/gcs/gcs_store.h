#pragma once

#include "core/storage/cloud/bucket_store.h"
#include "core/storage/gcs/gcs_service.h"
#include "core/storage/gcs/gcs_upload.h"

namespace temper::storage {

/// Objects of a Google Cloud Storage bucket, by its JSON API. Every write carries a precondition on
/// the generation, so that it may be tried again; checksums (crc32c) are compared both ways. Names
/// may not hold a line break (a rule of the service).
class GcsStore final : public BucketStore {
 public:
  GcsStore(BucketLocation location, GcsApi api, http::Client client, GcsUploadSizes sizes = {});

  std::optional<ObjectState> state(std::string_view key) const override;
  void write(std::string_view key, std::span<const std::byte> bytes) override;
  [[nodiscard]] bool create_if_absent(std::string_view key,
                                      std::span<const std::byte> bytes) override;
  void remove(std::string_view key) override;

 private:
  const CloudService& service() const override { return api_; }

  const GcsApi api_;
  const GcsUploadSizes sizes_;
};

}  // namespace temper::storage
