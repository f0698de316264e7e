#pragma once

#include <string>
#include <string_view>

namespace temper::storage {

/// Where in which bucket a store is rooted.
struct BucketLocation {
  std::string scheme;  ///< "gs" or "s3"
  std::string bucket;
  std::string prefix;  ///< "" or ending in '/'

  std::string url() const;  ///< without the last '/'
  std::string object_name(std::string_view key) const { return prefix + std::string(key); }
  /// "gs://bucket/prefix/key" for messages.
  std::string url_of(std::string_view key) const;
};

/// Of "gs://bucket", "s3://bucket/a/b/". UserError naming what is wrong with it.
BucketLocation parse_bucket_url(const std::string& url);

}  // namespace temper::storage
