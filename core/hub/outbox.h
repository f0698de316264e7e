#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/unique_fd.h"
#include "core/hub/outbox_manifest.h"

namespace temper::hub {

/// What is in an outbox under one name.
struct OutboxEntry {
  std::filesystem::path folder;
  OutboxManifest manifest;
  std::optional<PushStart> start;  ///< a commit request may have been made
  std::optional<PushDone> done;    ///< it is pushed; its files may be gone
  std::string problem;             ///< not empty: not whole, never pushed; says why

  bool waits() const { return problem.empty() && !done; }
  std::filesystem::path path_of(const OutboxFile& file) const {
    return folder / "files" / file.path;
  }
};

/// What is to be put.
struct OutboxContent {
  std::filesystem::path folder;  ///< all its files but hidden ones, with its folders
  std::string content;           ///< as OutboxManifest's, like the three below
  PushTarget target;
  std::string summary;
  std::string description;
  /// describe_folder(folder), if it is known already: saves reading large files twice. What is put
  /// is compared with it before it is pushed, like everything.
  std::vector<OutboxFile> files = {};
};

/// Pushes that are to be made, each durable and whole from the moment it has its name, until they
/// are (docs/hub.md). An entry is made in a hidden folder and renamed, so it is there or not.
/// Copies of an outbox that lost some of their files (a bucket whose upload was cut off) show it:
/// an entry is believed only with every file that its manifest names, in its size. All throw
/// FileError.
class Outbox {
 public:
  /// The folder need not exist.
  explicit Outbox(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Adds a copy (by hard links where the file system can) behind those that are there. UserError
  /// if `content.folder` has no file, or one that can't be in a repository. Processes wait for each
  /// other.
  OutboxEntry put(const OutboxContent& content, const Clock& clock) const;

  /// In the order they were put. Unfinished ones never show.
  std::vector<OutboxEntry> list() const;

  /// Notes in the entry, too, that a commit request may be made from now on.
  void note_start(OutboxEntry& entry, const PushStart& start) const;
  /// Notes that the entry is pushed, then gives its files back.
  void note_done(OutboxEntry& entry, const PushDone& done) const;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

/// The files of `folder` as put() would put them: all but hidden ones, sorted by path. UserError
/// and FileError as there.
std::vector<OutboxFile> describe_folder(const std::filesystem::path& folder);

/// "" if the files of the entry are what its manifest says (sizes and sha256), else what is wrong.
std::string verify_files(const OutboxEntry& entry);

/// Keeps a second process from pushing from the same outbox; waits for one that does, telling
/// `logger`. Held until destroyed. Throws FileError.
class OutboxLock {
 public:
  OutboxLock(const Outbox& outbox, const Logger& logger);

 private:
  UniqueFd fd_;
};

}  // namespace temper::hub
