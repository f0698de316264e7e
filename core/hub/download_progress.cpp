#include "core/hub/download_progress.h"

#include <fmt/format.h>

#include <algorithm>

namespace temper::hub {
namespace {

constexpr std::chrono::seconds kInterval{5};

}  // namespace

DownloadProgress::DownloadProgress(std::string what, std::uint64_t total_bytes,
                                   const Logger& logger, Clock& clock)
    : what_(std::move(what)),
      total_bytes_(total_bytes),
      logger_(logger),
      clock_(clock),
      begin_(clock.steady_now()),
      told_(begin_) {}

void DownloadProgress::add(std::uint64_t num_bytes) {
  const std::lock_guard lock(mutex_);
  done_bytes_ += num_bytes;
  fetched_bytes_ += num_bytes;
  if (clock_.steady_now() - told_ >= kInterval && done_bytes_ < total_bytes_) {
    told_ = clock_.steady_now();
    logger_.info("{}: {} of {} ({} %), {}", what_, size_text(done_bytes_), size_text(total_bytes_),
                 100 * done_bytes_ / std::max<std::uint64_t>(total_bytes_, 1), rate_text());
  }
}

void DownloadProgress::found(std::uint64_t num_bytes) {
  const std::lock_guard lock(mutex_);
  done_bytes_ += num_bytes;
}

void DownloadProgress::finish() {
  const std::lock_guard lock(mutex_);
  logger_.info("fetched {}: {} in {:.1f} s, {}", what_, size_text(fetched_bytes_),
               std::chrono::duration<double>(clock_.steady_now() - begin_).count(), rate_text());
}

std::string DownloadProgress::rate_text() const {
  const double seconds = std::chrono::duration<double>(clock_.steady_now() - begin_).count();
  return fmt::format("{}/s", size_text(static_cast<std::uint64_t>(
                                 static_cast<double>(fetched_bytes_) / std::max(seconds, 1e-3))));
}

std::string size_text(std::uint64_t num_bytes) {
  const auto value = static_cast<double>(num_bytes);
  if (num_bytes >= 1'000'000'000) {
    return fmt::format("{:.2f} GB", value / 1e9);
  }
  if (num_bytes >= 1'000'000) {
    return fmt::format("{:.1f} MB", value / 1e6);
  }
  return num_bytes >= 1000 ? fmt::format("{:.1f} kB", value / 1e3)
                           : fmt::format("{} bytes", num_bytes);
}

}  // namespace temper::hub
