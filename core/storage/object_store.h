#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace temper::storage {

/// The world's failures in a store. Transient kinds are RetryableError's exit code, the others the
/// user's; the message names the URL, the operation and the way out.
class StorageError : public Error {
 public:
  enum class Kind {
    kUnavailable,  ///< down, cut off or overloaded, after retries
    kNoSpace,
    kPermission,
    kCorrupt,   ///< other bytes than were written
    kNotFound,  ///< the object, or the bucket
    kRefused,   ///< the service will never do this: a name or a request that it does not allow
  };
  StorageError(Kind kind, const std::string& message);
  Kind kind() const noexcept { return kind_; }

 private:
  Kind kind_;
};

struct ObjectInfo {
  std::string key;
  std::uint64_t size_bytes = 0;
  bool operator==(const ObjectInfo&) const = default;
};

/// What a store knows of an object without reading it.
struct ObjectState {
  std::uint64_t size_bytes = 0;
  std::optional<std::uint32_t> crc32c;  ///< as the service computed it; nullopt: it does not
  std::string version;                  ///< another one for other bytes under the same key
  bool operator==(const ObjectState&) const = default;
};

/// A flat namespace of immutable byte objects under a root: a folder or a bucket prefix.
/// Keys are relative, '/'-separated, without "..". Implementations are thread-safe. All methods
/// throw StorageError; absence is a value, not an error.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// The root as a URL for messages: "file:///runs/x", "memory://x".
  virtual std::string url() const = 0;

  /// nullopt if there is no such object.
  virtual std::optional<ObjectState> state(std::string_view key) const = 0;

  /// Size in bytes, or nullopt if there is no such object.
  std::optional<std::uint64_t> size(std::string_view key) const;

  /// The whole object, or nullopt if there is no such object.
  virtual std::optional<std::vector<std::byte>> read(std::string_view key) const = 0;

  /// Bytes [begin, begin + out.size()) into `out`. Throws kNotFound, or kCorrupt when the object
  /// is shorter.
  virtual void read_range(std::string_view key, std::uint64_t begin,
                          std::span<std::byte> out) const = 0;

  /// Replaces the whole object or changes nothing; readers never see a part. Durable on return.
  virtual void write(std::string_view key, std::span<const std::byte> bytes) = 0;

  /// Creates the object unless it exists. True if this call created it: of several racing writers
  /// exactly one sees true. All or nothing and durable like write().
  [[nodiscard]] virtual bool create_if_absent(std::string_view key,
                                              std::span<const std::byte> bytes) = 0;

  /// All objects whose key starts with `prefix`, sorted by key. Unfinished writes never show.
  virtual std::vector<ObjectInfo> list(std::string_view prefix) const = 0;

  /// Deletes the object; absence is fine.
  virtual void remove(std::string_view key) = 0;
};

/// Opens the store rooted at `location`: a path, or a file://, memory://, gs:// or s3:// URL, with
/// the environment's credentials. UserError on another scheme (it lists those it knows) and on a
/// malformed URL. No network yet. open_store.h has more to choose.
std::unique_ptr<ObjectStore> open_store(const std::string& location);

}  // namespace temper::storage
