#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace temper::run {

/// One line of progress.jsonl, written by rank 0 after each step (docs/progress.md has the schema).
struct ProgressRecord {
  std::string time;  ///< UTC, RFC 3339
  std::string attempt;
  std::int64_t step = 0;  ///< steps done
  std::int64_t total_steps = 0;
  std::uint64_t position = 0;  ///< stream position after the step
  double epoch = 0;
  std::optional<double> loss;  ///< mean over the step's trained tokens
  std::optional<double> eval_loss;
  std::int64_t tokens = 0;  ///< of this step
  std::int64_t trained_tokens = 0;
  double learning_rate = 0;
  double gradient_norm = 0;
  double tokens_per_second = 0;
  double step_milliseconds = 0;
  double data_wait_milliseconds = 0;
  double compute_milliseconds = 0;
  double reduce_milliseconds = 0;
  double optimizer_milliseconds = 0;
  double checkpoint_milliseconds = 0;  ///< the step's own stall, not the background write
  std::uint64_t memory_bytes = 0;      ///< peak of the largest rank: resident, or of its GPU
  std::uint64_t store_requests = 0;    ///< to buckets by all ranks since the attempt began
  std::uint64_t store_retries = 0;     ///< of them, tried again
};

std::string to_json_line(const ProgressRecord& record);  // without the newline
/// nullopt for a torn or foreign line.
std::optional<ProgressRecord> parse_progress_line(std::string_view line);
/// All readable records of the file, in order; empty if there is none.
std::vector<ProgressRecord> read_progress(const std::filesystem::path& path);

}  // namespace temper::run
