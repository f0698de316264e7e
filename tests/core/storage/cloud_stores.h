#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "core/base/clock.h"
#include "core/base/environment.h"
#include "core/base/log.h"
#include "core/http/retry.h"
#include "core/storage/object_store.h"
#include "tests/support/emulator.h"

namespace temper::storage {

/// A service that a test may break.
enum class Cloud { kGcs, kS3 };

/// The emulator of `cloud`, started when first asked for and shared by the tests of this process.
testing::Emulator& emulator_of(Cloud cloud);

/// Waits of milliseconds, so that tests of failures are quick. Gives up after `patience`.
http::RetryPolicy quick_retries(std::chrono::milliseconds patience = std::chrono::seconds(20));

struct CloudOptions {
  std::string folder = {};  ///< of the bucket
  std::string bucket = "test-bucket";
  http::RetryPolicy policy = quick_retries();
  Logger logger = Logger(LogLevel::kError);
  std::stop_token stop = {};
};
/// A store with small parts (single requests up to 1 MiB, parts of 5 MiB), so that tests of large
/// objects need not be large.
std::unique_ptr<ObjectStore> make_cloud_store(Cloud cloud, const CloudOptions& options,
                                              Clock& clock);

/// The environment in which open_store finds the emulator.
std::map<std::string, std::string> emulator_environment(Cloud cloud);

/// A folder that no other test uses.
std::string new_folder();

}  // namespace temper::storage
