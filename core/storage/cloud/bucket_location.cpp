#include "core/storage/cloud/bucket_location.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/http/url.h"
#include "core/storage/object_key.h"

namespace temper::storage {
namespace {

/// The letters and lengths that both services allow; which names exist they say themselves.
bool is_bucket_name(std::string_view name) {
  const auto allowed = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' ||
           letter == '_' || letter == '.' || (letter >= 'A' && letter <= 'Z');
  };
  return name.size() >= 3 && name.size() <= 222 && std::ranges::all_of(name, allowed);
}

}  // namespace

std::string BucketLocation::url() const {
  const std::string whole = fmt::format("{}://{}/{}", scheme, bucket, prefix);
  return whole.substr(0, whole.size() - 1);
}

std::string BucketLocation::url_of(std::string_view key) const {
  return fmt::format("{}://{}/{}{}", scheme, bucket, prefix, key);
}

BucketLocation parse_bucket_url(const std::string& url) {
  const std::size_t separator = url.find("://");
  BucketLocation location;
  location.scheme = url.substr(0, separator);
  const std::string rest = url.substr(separator + 3);
  const std::size_t slash = rest.find('/');
  location.bucket = rest.substr(0, slash);
  if (!is_bucket_name(location.bucket)) {
    throw UserError(
        fmt::format("{}: '{}' is no name of a bucket; a location looks like {}://bucket/folder",
                    url, location.bucket, location.scheme));
  }
  if (slash != std::string::npos) {
    location.prefix = http::without_last_slashes(rest.substr(slash + 1));
  }
  if (!location.prefix.empty()) {
    try {
      check_key(location.prefix);
    } catch (const UserError& error) {
      throw UserError(fmt::format("{}: {}", url, error.what()));
    }
    location.prefix += '/';
  }
  return location;
}

}  // namespace temper::storage
