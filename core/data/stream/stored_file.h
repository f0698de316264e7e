#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/storage/object_store.h"

namespace temper::data {

/// Opens the store at a URL or path; storage::open_store, or a fake.
using OpenStore =
    std::function<std::shared_ptr<const storage::ObjectStore>(const std::string& location)>;

/// A file of data in a store, as it was when it was looked up.
struct StoredFile {
  std::shared_ptr<const storage::ObjectStore> store;
  std::string key;
  std::string name;  ///< for messages: its URL, or the path if it was given as one
  std::uint64_t size_bytes = 0;
  // Of files that were looked up one by one; a listing does not tell.
  std::string version;                  ///< the store's; empty: unknown
  std::optional<std::uint32_t> crc32c;  ///< of the bytes; nullopt: unknown

  /// A name that tells it from other files and from other content of its own, for caches.
  std::string identity() const;
  /// The file of that key below this one's folder.
  StoredFile sibling(std::string_view sibling_key, std::uint64_t sibling_bytes) const;
};

/// The same with what the store knows of it now. FatalError if it is gone or has another size.
StoredFile look_up(const StoredFile& file);

bool is_url(std::string_view path);

/// A source's path cut into the store's root and what is looked for in it.
struct StoreLocation {
  std::string root;     ///< "gs://bucket/chats", or a folder
  std::string pattern;  ///< a key or a glob below it; may be empty
};

/// "gs://b/chats/*.jsonl" → "gs://b/chats" and "*.jsonl". A path without a glob is cut before its
/// last part. UserError for a URL without a bucket or folder.
StoreLocation split_location(const std::string& path);

/// The object at exactly this URL or path.
std::optional<StoredFile> find_stored_file(const OpenStore& open_store,
                                           const std::string& location);

/// Files of one folder of a store.
struct StoredListing {
  std::string root;                                   ///< the folder
  std::shared_ptr<const storage::ObjectStore> store;  ///< at root
  std::vector<StoredFile> files;                      ///< with keys below root, sorted by key
};

/// The object at `location`, the objects directly below it if it is a folder, or those that its
/// glob(7) pattern matches ('*' and '?' stop at '/'). `is_wanted` chooses among a folder's.
StoredListing list_stored_files(const OpenStore& open_store, const std::string& location,
                                const std::function<bool(std::string_view)>& is_wanted);

}  // namespace temper::data
