#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace temper::hub {

/// Where in the Hub something is to be pushed.
struct PushTarget {
  std::string repository;         ///< "org/name"
  std::string revision = "main";  ///< a branch; made if it is missing
  bool make_private = true;       ///< if the repository has to be made
  bool create_pr = false;         ///< as a pull request against `revision`
  bool operator==(const PushTarget&) const = default;
};

/// One file of a push and what it is known by.
struct OutboxFile {
  std::string path;  ///< in the repository and below the entry's files/, '/'-separated
  std::uint64_t size_bytes = 0;
  std::string sha256;    ///< 64 hexadecimal digits
  std::string git_hash;  ///< BlobHash; "" above kMaxRegularBytes: never a regular file
  bool operator==(const OutboxFile&) const = default;
};

/// The Hub stores larger files by LFS whatever their name (hub docs, "Repository limitations":
/// 10 MiB).
inline constexpr std::uint64_t kMaxRegularBytes = 16U << 20U;

/// entry.json: what one push is, complete before the push is tried (docs/hub.md).
struct OutboxManifest {
  std::int64_t version = 1;
  std::string id;       ///< names the push everywhere, also in the commit's message: "a1b2c3d4"
  std::string created;  ///< UTC, RFC 3339
  std::string content;  ///< what the files are: "final", "step 50"; a word to find it by
  PushTarget target;
  std::string summary;      ///< the commit's first line
  std::string description;  ///< its other lines
  std::vector<OutboxFile> files;
  bool operator==(const OutboxManifest&) const = default;
};

std::string to_json(const OutboxManifest& manifest);
/// UserError naming `origin` and the field. Bounded: hostile sizes, counts and paths are refused.
OutboxManifest parse_outbox_manifest(std::string_view json, const std::string& origin);

/// "" or why `path` can't be a file's path in a repository: absolute, "..", ".git", an empty part,
/// a control character, longer than 255 bytes a part or 1000 in all.
std::string problem_of_path(std::string_view path);

/// started.json: written before the first commit request, so that a later try knows that one may
/// have been made, and on which commit.
struct PushStart {
  std::string parent;  ///< the branch's head then
  bool operator==(const PushStart&) const = default;
};
std::string to_json(const PushStart& start);
PushStart parse_push_start(std::string_view json, const std::string& origin);

/// pushed.json: the push is done.
struct PushDone {
  std::string commit;        ///< 40 hexadecimal digits
  std::string url;           ///< of the commit, for people
  std::string pull_request;  ///< its URL; "" without one
  std::string pushed;        ///< UTC, RFC 3339
  bool operator==(const PushDone&) const = default;
};
std::string to_json(const PushDone& done);
PushDone parse_push_done(std::string_view json, const std::string& origin);

}  // namespace temper::hub
