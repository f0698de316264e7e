#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/http_client.h"
#include "core/storage/object_store.h"

namespace temper::storage {

/// An object in its bucket and the words for it.
struct ObjectAddress {
  std::string name;  ///< in the bucket
  std::string url;   ///< "gs://bucket/name", for messages
};

/// A page of a list.
struct ObjectPage {
  std::vector<ObjectInfo> objects;  ///< keys are names in the bucket
  std::string next;                 ///< what the next page is asked with; "": this is the last
};

/// What reading and listing need to know of a service: how requests look, and what answers mean.
/// Thread-safe.
class CloudService {
 public:
  virtual ~CloudService() = default;

  /// A GET of the object's bytes. A `version` that is not empty pins it.
  virtual http::Request get_request(const ObjectAddress& object,
                                    const std::string& version) const = 0;
  /// The version in a GET's answer; "" if it does not tell.
  virtual std::string version_of(const http::Headers& headers) const = 0;

  /// For the page `next` ("": the first) of the objects whose name starts with `name`.
  virtual http::Request list_request(const std::string& name, const std::string& next) const = 0;
  /// Of that request's answer. Throws StorageError kUnavailable naming `origin` for anything else.
  virtual ObjectPage parse_page(std::string_view body, const std::string& origin) const = 0;

  /// Whether a 404 is about the bucket rather than the object.
  virtual bool is_missing_bucket(const http::Response& response) const = 0;

  /// Throws the StorageError for a final answer; `action` as in http::Client::send.
  [[noreturn]] virtual void throw_failure(const std::string& action,
                                          const http::Response& response) const = 0;
};

/// Calls `operation` and turns the http layer's RetryableError into StorageError kUnavailable, so
/// that a store throws nothing else for the world's failures.
template <typename Operation>
auto as_storage_errors(const Operation& operation) {
  try {
    return operation();
  } catch (const StorageError&) {
    throw;
  } catch (const RetryableError& error) {
    throw StorageError(StorageError::Kind::kUnavailable, error.what());
  }
}

}  // namespace temper::storage
