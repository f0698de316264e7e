#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/run/run_layout.h"
#include "core/storage/object_store.h"

namespace temper::run {

// A run whose directory is in a bucket (checkpoint.to is a bucket's URL). Its files are written in
// a working folder on the machine that runs it and copied to the bucket; checkpoints go to the
// bucket alone, straight from the ranks. docs/storage.md.

/// "<runs>/<id>", where `runs` is checkpoint.to; "" if that is no bucket.
std::string bucket_url(const RunLayout& layout, const std::string& runs);

/// The location of the checkpoints' store: a URL in the bucket, or the run directory's folder.
std::string checkpoints_location(const RunLayout& layout, const std::string& runs);

/// The working folder of the run at `url`.
RunLayout working_layout(const std::filesystem::path& cache_directory, const std::string& url);

/// Copies a run's files to its place in the bucket. One thread at a time.
class RunMirror {
 public:
  /// Borrows `bucket`, rooted at the run's URL. From now on the folder is the run's own, no copy.
  RunMirror(RunLayout layout, storage::ObjectStore& bucket);

  /// Uploads every file that changed since it was last uploaded, run.json last: what it says is
  /// there then. Checkpoints, the lock and unfinished files are not copied; nothing is deleted in
  /// the bucket. Throws StorageError or FileError.
  void push();

  /// Uploads those of these files (keys are names in the run directory) that are there and changed.
  void push_files(const std::vector<std::string>& keys);

 private:
  using Stamp = std::pair<std::uintmax_t, std::filesystem::file_time_type>;
  void push_file(const std::filesystem::path& file, const std::string& key);

  const RunLayout layout_;
  storage::ObjectStore& bucket_;
  std::map<std::string, Stamp> pushed_;
};

/// The ids of the runs in `runs`, a store at checkpoint.to: of those whose run.json is there.
std::vector<std::string> list_run_ids(const storage::ObjectStore& runs);

/// Copies a run's files, but for results (adapter/, model/), from its place in the bucket into the
/// working folder, unless the last attempt in the bucket was started from this very folder: then it
/// is the newer one. UserError if there is no run at that place.
void pull_run(const RunLayout& layout, const storage::ObjectStore& bucket);

/// Whether the working folder is a copy of a run that goes on elsewhere: pull_run() brought it, and
/// no RunMirror was made of it since.
bool is_copy(const RunLayout& layout);

/// Brings what one rank needs of a run that goes on elsewhere: the files of the run directory
/// itself, and its own log unless that is here. Several ranks may do so at the same time. UserError
/// as pull_run().
void pull_for_rank(const RunLayout& layout, const storage::ObjectStore& bucket, int rank);

/// Brings run.json again and the logs that grew since. UserError as pull_run().
void pull_logs(const RunLayout& layout, const storage::ObjectStore& bucket);

}  // namespace temper::run
