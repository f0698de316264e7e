#include "core/storage/open_store.h"

#include <fmt/format.h>

#include <array>

#include "core/base/error.h"
#include "core/base/spelling.h"
#include "core/storage/file_store.h"
#include "core/storage/gcs/open_gcs.h"
#include "core/storage/memory_store.h"
#include "core/storage/s3/open_s3.h"

namespace temper::storage {
namespace {

constexpr std::string_view kSeparator = "://";

/// A clock of its own for stores that are opened without one.
class StoreWithClock final : public ObjectStore {
 public:
  explicit StoreWithClock(const std::string& location)
      : store_(open_store(location, OpenOptions{}, clock_)) {}

  std::string url() const override { return store_->url(); }
  std::optional<ObjectState> state(std::string_view key) const override {
    return store_->state(key);
  }
  std::optional<std::vector<std::byte>> read(std::string_view key) const override {
    return store_->read(key);
  }
  void read_range(std::string_view key, std::uint64_t begin,
                  std::span<std::byte> out) const override {
    store_->read_range(key, begin, out);
  }
  void write(std::string_view key, std::span<const std::byte> bytes) override {
    store_->write(key, bytes);
  }
  bool create_if_absent(std::string_view key, std::span<const std::byte> bytes) override {
    return store_->create_if_absent(key, bytes);
  }
  std::vector<ObjectInfo> list(std::string_view prefix) const override {
    return store_->list(prefix);
  }
  void remove(std::string_view key) override { store_->remove(key); }

 private:
  SystemClock clock_;
  const std::unique_ptr<ObjectStore> store_;
};

}  // namespace

bool is_bucket_url(std::string_view location) {
  return location.starts_with("gs://") || location.starts_with("s3://");
}

std::unique_ptr<ObjectStore> open_store(const std::string& location, const OpenOptions& options,
                                        Clock& clock) {
  if (location.empty()) {
    throw UserError("an empty location is no store; give a path, or a URL like gs://bucket/folder");
  }
  const std::size_t separator = location.find(kSeparator);
  if (separator == std::string::npos) {
    return std::make_unique<FileStore>(location);
  }
  const std::string scheme = location.substr(0, separator);
  const std::string rest = location.substr(separator + kSeparator.size());
  if (scheme == "memory") {
    return std::make_unique<MemoryStore>(rest);
  }
  if (scheme == "gs") {
    return open_gcs(location, options, clock);
  }
  if (scheme == "s3") {
    return open_s3(location, options, clock);
  }
  if (scheme != "file") {
    throw UserError(fmt::format(
        "{}: this build can't open {}://{}; it knows paths, file://, memory://, gs:// and s3://",
        location, scheme, did_you_mean(scheme, {"file", "memory", "gs", "s3"})));
  }
  if (!rest.starts_with('/')) {
    throw UserError(fmt::format("{}: a file URL has an absolute path and no host, like file:///{}",
                                location, rest));
  }
  return std::make_unique<FileStore>(rest);
}

std::unique_ptr<ObjectStore> open_store(const std::string& location) {
  return std::make_unique<StoreWithClock>(location);
}

}  // namespace temper::storage
