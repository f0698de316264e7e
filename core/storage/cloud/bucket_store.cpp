#include "core/storage/cloud/bucket_store.h"

#include <algorithm>
#include <utility>

#include "core/storage/cloud/ranged_download.h"
#include "core/storage/object_failures.h"
#include "core/storage/object_key.h"

namespace temper::storage {

BucketStore::BucketStore(BucketLocation location, http::Client client)
    : location_(std::move(location)), client_(std::move(client)) {}

std::string BucketStore::url() const {
  return location_.url();
}

ObjectAddress BucketStore::address_of(std::string_view key) const {
  check_key(key);
  return {location_.object_name(key), location_.url_of(key)};
}

std::optional<std::vector<std::byte>> BucketStore::read(std::string_view key) const {
  const ObjectAddress object = address_of(key);
  return as_storage_errors(
      [&] { return download_object(client_, service(), object, [&] { return state(key); }); });
}

void BucketStore::read_range(std::string_view key, std::uint64_t begin,
                             std::span<std::byte> out) const {
  const ObjectAddress object = address_of(key);
  if (out.empty()) {
    const std::optional<ObjectState> there = state(key);
    if (!there) {
      throw object_not_found(url(), key);
    }
    check_range(url(), key, begin, 0, there->size_bytes);
    return;
  }
  as_storage_errors([&] { download_range(client_, service(), object, "", begin, out); });
}

std::vector<ObjectInfo> BucketStore::list(std::string_view prefix) const {
  check_prefix(prefix);
  const std::string action = "list " + location_.url_of(prefix);
  return as_storage_errors([&] {
    std::vector<ObjectInfo> found;
    std::string next;
    do {
      const http::Response response =
          client_.send(action, http::Idempotency::kAlways,
                       service().list_request(location_.object_name(prefix), next));
      if (!response.ok()) {
        service().throw_failure(action, response);
      }
      ObjectPage page = service().parse_page(response.body, action);
      for (ObjectInfo& object : page.objects) {
        object.key.erase(0, location_.prefix.size());
        // Folders that a console made are objects ending in '/': no key of ours.
        if (!object.key.empty() && !object.key.ends_with('/')) {
          found.push_back(std::move(object));
        }
      }
      next = std::move(page.next);
    } while (!next.empty());
    std::ranges::sort(found, {}, &ObjectInfo::key);
    return found;
  });
}

}  // namespace temper::storage
