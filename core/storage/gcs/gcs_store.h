#pragma once

#include <memory>
#include <string>

#include "core/http/http_client.h"
#include "core/storage/cloud/bucket_location.h"
#include "core/storage/gcs/gcs_service.h"
#include "core/storage/gcs/gcs_upload.h"
#include "core/storage/object_store.h"

namespace temper::storage {

/// Objects of a Google Cloud Storage bucket, by its JSON API. Every write carries a precondition on
/// the generation, so that it may be tried again; checksums (crc32c) are compared both ways. Names
/// may not hold a line break (a rule of the service).
class GcsStore final : public ObjectStore {
 public:
  GcsStore(BucketLocation location, GcsApi api, http::Client client, GcsUploadSizes sizes = {});

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
  const GcsApi api_;
  const http::Client client_;
  const GcsUploadSizes sizes_;
};

}  // namespace temper::storage
