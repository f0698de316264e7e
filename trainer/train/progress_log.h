#pragma once

#include <filesystem>
#include <string_view>

#include "core/base/unique_fd.h"
#include "core/run/progress_record.h"

namespace temper::train {

/// Appends records to progress.jsonl, one write(2) a line, so that a reader or a kill never sees
/// two lines mixed. Without a path (ranks other than 0) it drops them.
class ProgressLog {
 public:
  ProgressLog() = default;
  /// Throws FileError if the file can't be opened. Ends a line that a kill has torn.
  explicit ProgressLog(const std::filesystem::path& path);
  /// A full disk must not stop training: false if the line could not be written.
  bool append(const run::ProgressRecord& record);

 private:
  bool append_text(std::string_view text);

  UniqueFd fd_;
};

}  // namespace temper::train
