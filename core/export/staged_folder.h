#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace temper::exporting {

/// A folder that appears whole or not at all: files go to a hidden sibling, `.<name>.partial`, and
/// publish() swaps it with `target`. One writer at a time (the run's lock sees to it); what a
/// killed one left behind is cleared away by the next. Throws FileError.
class StagedFolder {
 public:
  /// Starts with an empty staging folder.
  explicit StagedFolder(std::filesystem::path target);
  /// Removes the staging folder; without publish() `target` is as it was.
  ~StagedFolder();
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  /// Where the files are until publish().
  const std::filesystem::path& staging() const { return staging_; }

  /// Writes a file into the staging folder; durable on return.
  void write(std::string_view name, std::span<const std::byte> bytes);
  void write(std::string_view name, std::string_view text);

  /// Puts the folder in `target`'s place and removes what was there. Where the file system can swap
  /// two names (renameat2, RENAME_EXCHANGE) there is always a whole folder under `target`;
  /// elsewhere there is none between two renames, but never a part of one.
  void publish();

 private:
  std::filesystem::path target_;
  std::filesystem::path staging_;
};

}  // namespace temper::exporting
