#include "core/hub/push.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "core/base/mapped_file.h"
#include "core/base/time_format.h"
#include "core/hub/lfs_upload.h"
#include "core/hub/push_refusal.h"
#include "core/hub/push_requests.h"

namespace temper::hub {
namespace {

using Kind = HubError::Kind;

/// So often somebody else may be faster before it is told instead of tried again.
constexpr int kMaxRebases = 5;
/// How often what is missing may be made (repository, then branch) before it is believed that the
/// Hub does not keep it.
constexpr int kMaxCreations = 4;
/// The Hub works on a commit for up to a minute after the connection has broken.
constexpr std::chrono::seconds kPauseAfterLostAnswer{2};
/// A pull request has no parent that would keep a second one off.
constexpr std::chrono::seconds kPauseAfterLostPullRequest{60};

constexpr int kConflict = 409;
constexpr int kPreconditionFailed = 412;
constexpr int kTooManyRequests = 429;

/// One push on its way.
class Transaction {
 public:
  Transaction(const HubApi& api, const Outbox& outbox, OutboxEntry& entry,
              const std::function<void(std::uint64_t)>& bytes_done)
      : api_(api),
        outbox_(outbox),
        entry_(entry),
        bytes_done_(bytes_done),
        requests_(api, entry.manifest.target, entry.folder.string()) {
    for (const OutboxFile& file : entry.manifest.files) {
      mapped_.emplace_back(entry.path_of(file));
      paths_.push_back(file.path);
    }
  }

  PushOutcome run();

 private:
  enum class Step { kDone, kAgain };

  std::string find_head();
  bool find_earlier(const std::string& head);
  bool find_pull_request();
  bool has_same_files(const std::string& head) const;
  void upload();
  Step commit(const std::string& head, http::RetryBudget& waits);
  void note_rebase();
  PushOutcome finish(MadeCommit commit, bool was_there);
  std::string commit_url(const std::string& commit) const;

  const HubApi& api_;
  const Outbox& outbox_;
  OutboxEntry& entry_;
  const std::function<void(std::uint64_t)>& bytes_done_;
  const PushRequests requests_;
  std::deque<MappedFile> mapped_;  // of the manifest's files, in their order
  std::vector<std::string> paths_;
  std::vector<CommitFile> files_;  // once they are uploaded
  std::optional<MadeCommit> found_;
  int num_rebases_ = 0;
  std::vector<std::string> notes_;
};

std::string Transaction::commit_url(const std::string& commit) const {
  return fmt::format("{}{}/commit/{}", api_.settings().endpoint,
                     requests_.place().repository.web_path(), commit);
}

std::string Transaction::find_head() {
  for (int creations = 0;; ++creations) {
    try {
      return requests_.head();
    } catch (const HubError& error) {
      const bool is_missing =
          error.kind() == Kind::kNoRepository || error.kind() == Kind::kNoRevision;
      if (!is_missing || creations == kMaxCreations) {
        throw;
      }
      if (error.kind() == Kind::kNoRepository) {
        requests_.create_repository();
      } else {
        requests_.create_branch();
      }
    }
  }
}

bool has_mark(const ListedCommit& commit, const std::string& mark) {
  return commit.message.find(mark) != std::string::npos ||
         commit.title.find(mark) != std::string::npos;
}

/// By the mark: also when others have committed since, even to the same files.
bool Transaction::find_earlier(const std::string& head) {
  if (entry_.manifest.target.create_pr) {
    return find_pull_request();
  }
  const std::string start = entry_.start ? entry_.start->parent : "";
  if (head == start) {
    return false;  // nobody committed since before the first request
  }
  const std::string mark = push_mark(entry_.manifest);
  const auto commits = requests_.commits_after(start, requests_.target().revision);
  for (const ListedCommit& commit : commits) {
    if (has_mark(commit, mark)) {
      found_ = MadeCommit{commit.id, commit_url(commit.id), ""};
      return true;
    }
  }
  if (!start.empty() && !commits.empty()) {
    const ListedCommit& last = commits.front();
    notes_ = {fmt::format(
        "{} changed meanwhile ({} commits, the last \"{}\"{}); this push is on top of it and "
        "changes none but its own {} files",
        requests_.place().url(), commits.size(), last.title,
        last.author.empty() ? "" : " by " + last.author, paths_.size())};
  }
  return false;
}

bool Transaction::find_pull_request() {
  const std::string mark = push_mark(entry_.manifest);
  for (const std::int64_t number : requests_.open_pull_requests(entry_.manifest.summary)) {
    for (const ListedCommit& commit :
         requests_.commits_after("", fmt::format("refs/pr/{}", number))) {
      if (has_mark(commit, mark)) {
        found_ = MadeCommit{commit.id, commit_url(commit.id),
                            fmt::format("{}{}/discussions/{}", api_.settings().endpoint,
                                        requests_.place().repository.web_path(), number)};
        return true;
      }
    }
  }
  return false;
}

bool Transaction::has_same_files(const std::string& head) const {
  const std::vector<TreeFile> there = requests_.files_at(head, paths_);
  return std::ranges::all_of(entry_.manifest.files, [&](const OutboxFile& file) {
    const auto same = std::ranges::find(there, file.path, &TreeFile::path);
    return same != there.end() &&
           (same->is_lfs() ? same->sha256 == file.sha256 : same->git_oid == file.git_hash);
  });
}

/// Decides for each file how it is committed, and brings the large ones to LFS.
void Transaction::upload() {
  if (!files_.empty()) {
    return;
  }
  const std::vector<OutboxFile>& files = entry_.manifest.files;
  std::vector<std::string> samples;
  for (const MappedFile& mapped : mapped_) {
    const auto sample =
        mapped.bytes().first(std::min(PushRequests::kSampleBytes, mapped.bytes().size()));
    samples.emplace_back(reinterpret_cast<const char*>(sample.data()), sample.size());
  }
  const std::vector<UploadMode> modes = requests_.upload_modes(files, samples);
  std::vector<LfsContent> contents;
  std::vector<CommitFile> commit_files;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (modes[i] == UploadMode::kIgnored) {
      throw UserError(fmt::format(
          "cannot push to {}: its .gitignore excludes {}; take that line out of it at {}{}/edit/{}/"
          ".gitignore, or push to another repository",
          requests_.place().url(), files[i].path, api_.settings().endpoint,
          requests_.place().repository.web_path(), requests_.target().revision));
    }
    CommitFile file{files[i].path, mapped_[i].bytes(), {}};
    if (modes[i] == UploadMode::kLfs) {
      file.lfs = LfsObject{files[i].sha256, files[i].size_bytes};
      contents.push_back({*file.lfs, mapped_[i].bytes()});
    }
    commit_files.push_back(std::move(file));
  }
  upload_to_lfs(requests_, contents, bytes_done_);
  files_ = std::move(commit_files);
}

Transaction::Step Transaction::commit(const std::string& head, http::RetryBudget& waits) {
  if (!entry_.start) {
    outbox_.note_start(entry_, {head});
  }
  const CommitText text{
      entry_.manifest.summary,
      fmt::format("{}\n\n{}", entry_.manifest.description, push_mark(entry_.manifest)), head};
  const auto pause =
      requests_.target().create_pr ? kPauseAfterLostPullRequest : kPauseAfterLostAnswer;
  try {
    const http::Response response = requests_.post_commit(commit_body(text, files_));
    if (response.ok()) {
      found_ = requests_.parse_commit(response);
      return Step::kDone;
    }
    if (response.status == kPreconditionFailed || response.status == kConflict) {
      ++num_rebases_;
      return Step::kAgain;
    }
    if (http::judge_status(response.status, http::Idempotency::kAlways) != http::Verdict::kRetry) {
      throw api_.failure(requests_.question(), response);
    }
    const bool was_refused = response.status == kTooManyRequests;
    waits.wait(api_.client().describe(response),
               was_refused ? api_.client().retry_after(response) : std::optional(pause));
  } catch (const http::TransportError& error) {
    if (error.kind() == http::TransportError::Kind::kTrust ||
        error.kind() == http::TransportError::Kind::kCancelled) {
      http::wait_after(error, waits);
    }
    waits.wait(error.what(), pause);
  }
  return Step::kAgain;
}

void Transaction::note_rebase() {
  if (num_rebases_ > kMaxRebases) {
    throw RetryableError(fmt::format(
        "cannot push to {}: the branch moved {} times while this push was on its way. {}. Nothing "
        "was committed; push again when the others are done, or to a branch of your own "
        "(publish.revision)",
        requests_.place().url(), num_rebases_,
        notes_.empty() ? "The Hub names no commit that moved it" : notes_.front()));
  }
}

PushOutcome Transaction::finish(MadeCommit commit, bool was_there) {
  const PushDone done{std::move(commit.id), std::move(commit.url), std::move(commit.pull_request),
                      format_rfc3339(api_.client().clock().now())};
  outbox_.note_done(entry_, done);
  return {done, was_there, std::move(notes_)};
}

PushOutcome Transaction::run() {
  http::RetryBudget waits = api_.client().budget("push to " + requests_.place().url());
  while (true) {
    const std::string head = find_head();
    if (find_earlier(head)) {
      return finish(*found_, true);
    }
    if (has_same_files(head)) {
      return finish({head, commit_url(head), ""}, true);
    }
    note_rebase();
    upload();
    if (commit(head, waits) == Step::kDone) {
      return finish(*found_, false);
    }
  }
}

}  // namespace

std::string push_mark(const OutboxManifest& manifest) {
  return "Temper-Push: " + manifest.id;
}

PushOutcome push_entry(const HubApi& api, const Outbox& outbox, OutboxEntry& entry,
                       const std::function<void(std::uint64_t)>& bytes_done) {
  if (const std::string problem = verify_files(entry); !problem.empty()) {
    throw UserError(
        fmt::format("{}. It is not pushed; remove the folder, and push the run again", problem));
  }
  try {
    return Transaction(api, outbox, entry, bytes_done).run();
  } catch (const HubError& error) {
    throw explain_refusal(api, entry.manifest.target, error);
  }
}

}  // namespace temper::hub
