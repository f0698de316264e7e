#include "core/run/bucket_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "core/base/crc32c.h"
#include "core/base/durable_file.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/mapped_file.h"
#include "core/http/url.h"
#include "core/run/run_record.h"
#include "core/storage/open_store.h"

namespace temper::run {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRecordName = "run.json";
constexpr std::string_view kProgressName = "progress.jsonl";
constexpr std::string_view kLogs = "logs";
constexpr const char* kCopyMark = ".temper-copy";  // never copied to the bucket

bool is_below(std::string_view key, std::string_view folder) {
  return key.size() > folder.size() && key.starts_with(folder) && key[folder.size()] == '/';
}

/// The run's own machine keeps these.
bool stays_here(std::string_view key) {
  return key == "run.lock" || is_below(key, "checkpoints") || key.find(".temper-") != key.npos ||
         key.find(".partial/") != key.npos;
}

bool only_grows(std::string_view key) {
  return key == kProgressName || (is_below(key, kLogs) && key.ends_with(".log"));
}

/// Writes an object into the working folder; what only grows is read if it grew.
void pull_object(const RunLayout& layout, const storage::ObjectStore& bucket,
                 const storage::ObjectInfo& object) {
  const fs::path file = layout.root / object.key;
  std::error_code absent;
  if (only_grows(object.key) && fs::file_size(file, absent) == object.size_bytes && !absent) {
    return;
  }
  if (const auto bytes = bucket.read(object.key)) {
    write_file_durably(file, std::span<const std::byte>(*bytes));
  }
}

std::vector<std::byte> read_record(const storage::ObjectStore& bucket) {
  auto bytes = bucket.read(kRecordName);
  if (!bytes) {
    throw UserError(fmt::format(
        "{} is not a run that was started: it has no {}; is the URL that of the run itself?",
        bucket.url(), kRecordName));
  }
  return std::move(*bytes);
}

/// Files below the run directory as keys, run.json last.
std::vector<std::string> list_files(const fs::path& root) {
  std::vector<std::string> keys;
  std::error_code gone;
  for (fs::recursive_directory_iterator entry(root, gone);
       !gone && entry != fs::recursive_directory_iterator(); entry.increment(gone)) {
    const std::string key = entry->path().lexically_relative(root).generic_string();
    std::error_code ignored;
    if (entry->is_regular_file(ignored) && !stays_here(key)) {
      keys.push_back(key);
    }
  }
  std::ranges::sort(keys, {},
                    [](const std::string& key) { return std::pair(key == kRecordName, key); });
  return keys;
}

/// The attempt that ran last; "" if none did.
std::string last_attempt(const RunRecord& record) {
  return record.attempts.empty() ? "" : record.attempts.back().id;
}

std::optional<RunRecord> local_record(const RunLayout& layout) {
  try {
    return read_run_record(layout);
  } catch (const UserError&) {
    return std::nullopt;  // the bucket's is as good
  }
}

}  // namespace

std::string bucket_url(const RunLayout& layout, const std::string& runs) {
  if (!storage::is_bucket_url(runs)) {
    return "";
  }
  return http::without_last_slashes(runs) + "/" + layout.root.filename().string();
}

std::string checkpoints_location(const RunLayout& layout, const std::string& runs) {
  const std::string url = bucket_url(layout, runs);
  return url.empty() ? layout.checkpoints().string() : url + "/checkpoints";
}

RunLayout working_layout(const fs::path& cache_directory, const std::string& url) {
  const std::string place = http::without_last_slashes(url);
  const std::size_t slash = place.rfind('/');
  // Runs of one name in different buckets stay apart.
  const std::string bucket =
      sha256_hex(http::without_last_slashes(place.substr(0, slash))).substr(0, 12);
  return {fs::absolute(cache_directory) / "runs" / bucket / place.substr(slash + 1)};
}

RunMirror::RunMirror(RunLayout layout, storage::ObjectStore& bucket)
    : layout_(std::move(layout)), bucket_(bucket) {
  fs::remove(layout_.root / kCopyMark);
}

void RunMirror::push() {
  push_files(list_files(layout_.root));
}

void RunMirror::push_files(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    push_file(layout_.root / key, key);
  }
}

void RunMirror::push_file(const fs::path& file, const std::string& key) {
  std::error_code gone;
  const Stamp stamp{fs::file_size(file, gone), fs::last_write_time(file, gone)};
  if (gone || (pushed_.contains(key) && pushed_.at(key) == stamp)) {
    return;
  }
  const MappedFile content(file);
  // After a restart of the launcher: large results need not travel twice.
  const bool is_new = !pushed_.contains(key);
  const std::optional<storage::ObjectState> there = is_new ? bucket_.state(key) : std::nullopt;
  if (!there || there->size_bytes != content.bytes().size() ||
      there->crc32c != crc32c(content.bytes())) {
    bucket_.write(key, content.bytes());
  }
  pushed_[key] = stamp;
}

std::vector<std::string> list_run_ids(const storage::ObjectStore& runs) {
  std::vector<std::string> ids;
  for (const storage::ObjectInfo& object : runs.list("")) {
    const std::size_t slash = object.key.find('/');
    if (slash != std::string::npos && object.key.substr(slash + 1) == kRecordName) {
      ids.push_back(object.key.substr(0, slash));
    }
  }
  return ids;
}

void pull_run(const RunLayout& layout, const storage::ObjectStore& bucket) {
  const std::vector<std::byte> record = read_record(bucket);
  const RunRecord theirs =
      parse_run_record({reinterpret_cast<const char*>(record.data()), record.size()},
                       bucket.url() + "/" + std::string(kRecordName));
  const std::optional<RunRecord> ours = local_record(layout);
  // Pods and replicas have folders of their own.
  const bool runs_elsewhere = theirs.backend == "kubernetes" || theirs.backend == "vertex";
  if (!runs_elsewhere && !is_copy(layout) && ours &&
      ours->attempts.size() >= theirs.attempts.size() &&
      last_attempt(*ours) == last_attempt(theirs)) {
    return;
  }
  create_directories_durably(layout.logs());
  write_file_durably(layout.root / kCopyMark, "");
  for (const storage::ObjectInfo& object : bucket.list("")) {
    const bool is_result = is_below(object.key, "adapter") || is_below(object.key, "model") ||
                           is_below(object.key, "merged");
    if (!is_result && !stays_here(object.key) && object.key != kRecordName) {
      pull_object(layout, bucket, object);
    }
  }
  write_file_durably(layout.record(), std::span<const std::byte>(record));
}

void pull_for_rank(const RunLayout& layout, const storage::ObjectStore& bucket, int rank) {
  const std::vector<std::byte> record = read_record(bucket);
  const fs::path own_log = layout.rank_log(rank);
  create_directories_durably(layout.logs());
  for (const storage::ObjectInfo& object : bucket.list("")) {
    const bool is_own_log = layout.root / object.key == own_log && !fs::exists(own_log);
    const bool is_below_a_folder = object.key.find('/') != object.key.npos;
    if (is_own_log ||
        (!is_below_a_folder && !stays_here(object.key) && object.key != kRecordName)) {
      pull_object(layout, bucket, object);
    }
  }
  write_file_durably(layout.record(), std::span<const std::byte>(record));
}

bool is_copy(const RunLayout& layout) {
  return fs::exists(layout.root / kCopyMark);
}

void pull_logs(const RunLayout& layout, const storage::ObjectStore& bucket) {
  // The record first: what it says is in the logs then.
  const std::vector<std::byte> record = read_record(bucket);
  for (const storage::ObjectInfo& object : bucket.list(std::string(kLogs) + "/")) {
    pull_object(layout, bucket, object);
  }
  write_file_durably(layout.record(), std::span<const std::byte>(record));
}

}  // namespace temper::run
