#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/hub/hub_api.h"

namespace temper::hub {

/// A file of a repository at one commit.
struct TreeFile {
  std::string path;  ///< from the repository's root; safe to append to a folder
  std::uint64_t size_bytes = 0;
  std::string git_oid;  ///< sha1 of "blob <size>\0" and the bytes; of LFS files: of the pointer
  std::string sha256;   ///< of LFS files, else ""
  std::string xet_hash = {};  ///< kept for Python, which may fetch the file by it; may be ""

  bool is_lfs() const { return !sha256.empty(); }
  /// The name of its content, in the Hub's ETag and in the cache: sha256 of LFS files, else
  /// git_oid.
  const std::string& etag() const { return is_lfs() ? sha256 : git_oid; }
  bool operator==(const TreeFile&) const = default;
};

/// All files of `location` (its path: a folder, or "" for all), below it or, without `recursive`,
/// directly in it; sorted by path. As many requests as there are pages (1,000 files each). HubError
/// as HubApi::ask; kNoEntry if there is no such folder.
std::vector<TreeFile> list_tree(const HubApi& api, const HubLocation& location,
                                bool recursive = true);

/// The file at location.path, which is not empty; HubError kNoEntry if it is none.
TreeFile find_file(const HubApi& api, const HubLocation& location);

/// The files of one page. HubError kUnavailable if it is not as the Hub's API says, in particular
/// if a path leads out of the repository or an oid is no hexadecimal digits of the right number.
std::vector<TreeFile> parse_tree_page(const Question& question, std::string_view body);

/// The URL of `Link: <url>; rel="next"`; "" if there is none.
std::string next_page(const http::Headers& headers);

}  // namespace temper::hub
