#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "core/http/http_client.h"
#include "core/storage/cloud/cloud_service.h"

namespace temper::storage {

/// Reads bytes [begin, begin + out.size()) of one object into `out`, which is not empty. A broken
/// connection goes on where it stopped, however often while it progresses. All bytes are of
/// `version`; if that is "", of one and the same. Large ranges come by several connections at once.
///
/// Throws kNotFound if the object is not there, kCorrupt if it is shorter, ObjectReplaced if it is
/// (or becomes) another version, else what throw_failure() throws.
void download_range(const http::Client& client, const CloudService& service,
                    const ObjectAddress& object, const std::string& version, std::uint64_t begin,
                    std::span<std::byte> out);

/// The object is not the version that was to be read.
class ObjectReplaced : public StorageError {
 public:
  explicit ObjectReplaced(const std::string& url);
};

/// The whole object, checked against the service's crc32c where it gives one; nullopt if absent.
/// `look` tells its state. A damaged transfer is repeated twice before it is kCorrupt.
std::optional<std::vector<std::byte>> download_object(
    const http::Client& client, const CloudService& service, const ObjectAddress& object,
    const std::function<std::optional<ObjectState>()>& look);

}  // namespace temper::storage
