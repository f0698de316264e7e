#include "core/data/stream/stored_file.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"

namespace temper::data {
namespace {

constexpr std::string_view kScheme = "://";
constexpr std::string_view kGlobCharacters = "*?[";

std::string name_of(const storage::ObjectStore& store, std::string_view key, bool given_as_url) {
  constexpr std::string_view kFile = "file://";
  std::string name = fmt::format("{}/{}", store.url(), key);
  return !given_as_url && name.starts_with(kFile) ? name.substr(kFile.size()) : name;
}

}  // namespace

std::string StoredFile::identity() const {
  return fmt::format("{}/{} {} {}", store->url(), key, size_bytes, version);
}

StoredFile StoredFile::sibling(std::string_view sibling_key, std::uint64_t sibling_bytes) const {
  const auto folder_end = key.rfind('/');
  const std::string folder = folder_end == std::string::npos ? "" : key.substr(0, folder_end + 1);
  const std::string prefix = name.substr(0, name.size() - (key.size() - folder.size()));
  return {store,
          fmt::format("{}{}", folder, sibling_key),
          fmt::format("{}{}", prefix, sibling_key),
          sibling_bytes,
          "",
          std::nullopt};
}

StoredFile look_up(const StoredFile& file) {
  const auto state = file.store->state(file.key);
  if (!state || state->size_bytes != file.size_bytes) {
    throw FatalError(fmt::format(
        "{}: changed since it was listed: {}. Start a new run", file.name,
        state ? fmt::format("it has {} bytes, not {}", state->size_bytes, file.size_bytes)
              : "it is gone"));
  }
  StoredFile known = file;
  known.version = state->version;
  known.crc32c = state->crc32c;
  return known;
}

bool is_url(std::string_view path) {
  return path.find(kScheme) != std::string_view::npos;
}

StoreLocation split_location(const std::string& path) {
  const std::size_t scheme = path.find(kScheme);
  const std::size_t begin = scheme == std::string::npos ? 0 : scheme + kScheme.size();
  const std::size_t glob = path.find_first_of(kGlobCharacters, begin);
  std::string whole = path;
  while (whole.size() > begin + 1 && whole.ends_with('/')) {
    whole.pop_back();  // a folder
  }
  const std::size_t slash = whole.rfind('/', std::min(glob, whole.size()));
  if (slash == std::string::npos && scheme == std::string::npos) {
    return {".", whole};
  }
  if (slash == std::string::npos || slash < begin) {
    if (whole.size() == begin || glob != std::string::npos) {
      throw UserError(fmt::format(
          "{}: names no bucket or folder; write e.g. gs://bucket/folder/*.jsonl", path));
    }
    return {whole, ""};
  }
  // "/x" is in the root folder; "s3://bucket/x" in the bucket.
  return {slash == begin ? whole.substr(0, slash + 1) : whole.substr(0, slash),
          whole.substr(slash + 1)};
}

std::optional<StoredFile> find_stored_file(const OpenStore& open_store,
                                           const std::string& location) {
  const StoreLocation split = split_location(location);
  if (split.pattern.empty()) {
    return std::nullopt;
  }
  auto store = open_store(split.root);
  const auto state = store->state(split.pattern);
  if (!state) {
    return std::nullopt;
  }
  std::string name = name_of(*store, split.pattern, is_url(location));
  return StoredFile{std::move(store),  split.pattern,  std::move(name),
                    state->size_bytes, state->version, state->crc32c};
}

StoredListing list_stored_files(const OpenStore& open_store, const std::string& location,
                                const std::function<bool(std::string_view)>& is_wanted) {
  const StoreLocation split = split_location(location);
  const std::string& pattern = split.pattern;
  const std::size_t glob = pattern.find_first_of(kGlobCharacters);
  StoredListing listing{split.root, open_store(split.root), {}};
  const auto add = [&](std::string_view key, std::uint64_t size_bytes) {
    listing.files.push_back({listing.store, std::string(key),
                             name_of(*listing.store, key, is_url(location)), size_bytes, "",
                             std::nullopt});
  };
  if (glob != std::string::npos) {
    for (const storage::ObjectInfo& object : listing.store->list(pattern.substr(0, glob))) {
      if (::fnmatch(pattern.c_str(), object.key.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0) {
        add(object.key, object.size_bytes);
      }
    }
    return listing;
  }
  if (!pattern.empty()) {
    if (const auto size = listing.store->size(pattern)) {
      add(pattern, *size);
      return listing;
    }
    listing.root += (listing.root.ends_with('/') ? "" : "/") + pattern;
    listing.store = open_store(listing.root);
  }
  for (const storage::ObjectInfo& object : listing.store->list("")) {
    if (object.key.find('/') == std::string::npos && is_wanted(object.key)) {
      add(object.key, object.size_bytes);
    }
  }
  return listing;
}

}  // namespace temper::data
