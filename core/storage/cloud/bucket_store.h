#pragma once

#include "core/http/http_client.h"
#include "core/storage/cloud/bucket_location.h"
#include "core/storage/cloud/cloud_service.h"
#include "core/storage/object_store.h"

namespace temper::storage {

/// What the stores of all services' buckets do alike: names, reading and listing. They differ in
/// how they write.
class BucketStore : public ObjectStore {
 public:
  std::string url() const override;
  std::optional<std::vector<std::byte>> read(std::string_view key) const override;
  void read_range(std::string_view key, std::uint64_t begin,
                  std::span<std::byte> out) const override;
  std::vector<ObjectInfo> list(std::string_view prefix) const override;

 protected:
  BucketStore(BucketLocation location, http::Client client);

  const http::Client& client() const { return client_; }
  ObjectAddress address_of(std::string_view key) const;

 private:
  virtual const CloudService& service() const = 0;

  const BucketLocation location_;
  const http::Client client_;
};

}  // namespace temper::storage
