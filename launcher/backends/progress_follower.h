#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/run/progress_record.h"

namespace temper::launch {

/// Reads what is appended to a progress.jsonl, line by line. A line counts once its newline is
/// there; torn and foreign lines are passed over.
class ProgressFollower {
 public:
  /// Starts at byte `begin` of the file, which need not exist yet.
  ProgressFollower(std::filesystem::path file, std::uint64_t begin);

  /// The records that are complete since the last call, in order.
  std::vector<run::ProgressRecord> take();

 private:
  std::filesystem::path file_;
  std::uint64_t offset_;
  std::string rest_;  // the start of a line whose end isn't written yet
};

/// What a progress.jsonl says about a whole run.
struct ProgressSummary {
  std::int64_t last_step = -1;  ///< the highest one; -1: no record
  std::int64_t total_steps = 0;
  std::optional<double> first_loss, last_loss;
  std::optional<double> first_eval_loss, last_eval_loss;
  std::optional<run::ProgressRecord> last;  ///< the latest record with a step done
};

/// Adds one record to the summary.
void add(ProgressSummary& summary, const run::ProgressRecord& record);

/// Reads the whole file; an absent one gives an empty summary.
ProgressSummary summarise_progress(const std::filesystem::path& file);

}  // namespace temper::launch
