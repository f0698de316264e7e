#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/environment.h"
#include "core/base/log.h"
#include "core/http/retry.h"
#include "core/storage/object_store.h"

namespace temper::storage {

/// What a store may use of the world around it.
struct OpenOptions {
  Environment environment = Environment::from_process();
  Logger logger = Logger();
  http::RetryPolicy policy = http::default_retry_policy();
  /// When requested, operations under way and later ones fail with kUnavailable, and unfinished
  /// uploads are taken back.
  std::stop_token stop = {};
  /// What stores of buckets did; may be shared by several.
  std::shared_ptr<http::Counters> counters = std::make_shared<http::Counters>();
};

/// `clock` outlives the store.
std::unique_ptr<ObjectStore> open_store(const std::string& location, const OpenOptions& options,
                                        Clock& clock);

/// Whether `location` is a URL of a bucket (gs:// or s3://) rather than a path.
bool is_bucket_url(std::string_view location);

}  // namespace temper::storage
