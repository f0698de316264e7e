#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "core/base/clock.h"
#include "core/base/log.h"

namespace temper::hub {

/// Tells in the log how far a download is, every few seconds. Thread-safe.
class DownloadProgress {
 public:
  /// `what` is "hf://org/name@…". `clock` outlives it.
  DownloadProgress(std::string what, std::uint64_t total_bytes, const Logger& logger, Clock& clock);

  /// So many bytes more have come over the network.
  void add(std::uint64_t num_bytes);
  /// So many bytes need not be fetched: they were there.
  void found(std::uint64_t num_bytes);
  /// The last line, with the mean rate.
  void finish();

 private:
  std::string rate_text() const;

  const std::string what_;
  const std::uint64_t total_bytes_;
  const Logger logger_;
  Clock& clock_;
  const std::chrono::steady_clock::time_point begin_;
  std::mutex mutex_;
  std::uint64_t done_bytes_ = 0;
  std::uint64_t fetched_bytes_ = 0;
  std::chrono::steady_clock::time_point told_;
};

/// "1.2 GB", "345 MB", "67 kB" (of 1000).
std::string size_text(std::uint64_t num_bytes);

}  // namespace temper::hub
