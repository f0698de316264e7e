#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/hub/commit_body.h"
#include "core/hub/hub_api.h"
#include "core/hub/outbox_manifest.h"
#include "core/hub/tree.h"

namespace temper::hub {

/// What the Hub wants done with a file.
enum class UploadMode {
  kRegular,  ///< its bytes in the commit
  kLfs,
  kIgnored,  ///< the repository's .gitignore excludes it
};

/// A commit as the Hub lists it.
struct ListedCommit {
  std::string id;
  std::string title;
  std::string message;  ///< the lines below the title
  std::string author;   ///< "" if it does not say
};

/// A made commit.
struct MadeCommit {
  std::string id;
  std::string url;
  std::string pull_request;  ///< its URL; "" without one
};

/// The Hub's requests for writing to one branch of one model repository, each on its own; push.h
/// puts them together. All but post_commit() may be repeated, are tried again, and throw HubError.
/// Answers that are not as the Hub's API says are HubError kUnavailable. Thread-safe.
class PushRequests {
 public:
  /// `api` outlives it. UserError naming `origin` for a name that no repository can have.
  PushRequests(const HubApi& api, PushTarget target, const std::string& origin);

  const HubApi& api() const { return api_; }
  const PushTarget& target() const { return target_; }
  const HubLocation& place() const { return place_; }
  /// "push to hf://org/name@main" for messages; place() with it.
  Question question() const;

  /// Makes the repository, empty but for what the Hub puts there; fine if it exists.
  void create_repository() const;
  /// Makes the branch where main is; fine if it exists.
  void create_branch() const;

  /// The branch's head.
  std::string head() const;
  /// The files among `paths` that `commit` has, in any order.
  std::vector<TreeFile> files_at(const std::string& commit,
                                 std::span<const std::string> paths) const;

  /// Commits of `revision` from its head back until `last` (not included), 250 at most.
  std::vector<ListedCommit> commits_after(const std::string& last,
                                          const std::string& revision) const;
  /// The numbers of the open pull requests with that title.
  std::vector<std::int64_t> open_pull_requests(const std::string& title) const;

  /// How the Hub wants each of `files`; `samples` are their first bytes, at most kSampleBytes.
  std::vector<UploadMode> upload_modes(std::span<const OutboxFile> files,
                                       std::span<const std::string> samples) const;
  static constexpr std::size_t kSampleBytes = 512;

  /// How to upload each object.
  std::vector<LfsUpload> lfs_uploads(std::span<const LfsObject> objects) const;

  /// One request to commit, as http::Client::send with kNever: any answer, or http::TransportError.
  http::Response post_commit(const std::string& body) const;
  /// What a successful answer to it tells.
  MadeCommit parse_commit(const http::Response& response) const;

 private:
  http::Response post_json(const std::string& path, const std::string& body) const;
  nlohmann::json get_json(const std::string& path) const;
  /// "/api/models/org/name/<verb>/<revision>".
  std::string path_of(std::string_view verb, std::string_view revision) const;

  const HubApi& api_;
  const PushTarget target_;
  const HubLocation place_;
};

}  // namespace temper::hub
