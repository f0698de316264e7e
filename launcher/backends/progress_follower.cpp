#include "launcher/backends/progress_follower.h"

#include <algorithm>
#include <fstream>
#include <utility>

namespace temper::launch {

ProgressFollower::ProgressFollower(std::filesystem::path file, std::uint64_t begin)
    : file_(std::move(file)), offset_(begin) {}

std::vector<run::ProgressRecord> ProgressFollower::take() {
  std::vector<run::ProgressRecord> records;
  std::ifstream file(file_, std::ios::binary | std::ios::ate);
  const std::streamoff end_of_file = file ? static_cast<std::streamoff>(file.tellg()) : 0;
  if (end_of_file <= static_cast<std::streamoff>(offset_)) {
    return records;
  }
  const std::size_t begin = rest_.size();
  rest_.resize(begin + static_cast<std::size_t>(end_of_file) - offset_);
  file.seekg(static_cast<std::streamoff>(offset_));
  file.read(rest_.data() + begin, static_cast<std::streamsize>(rest_.size() - begin));
  rest_.resize(begin + static_cast<std::size_t>(file.gcount()));  // it may have been cut meanwhile
  offset_ += static_cast<std::uint64_t>(file.gcount());
  std::size_t line_begin = 0;
  for (std::size_t end = rest_.find('\n'); end != std::string::npos;
       end = rest_.find('\n', line_begin)) {
    const auto line = std::string_view(rest_).substr(line_begin, end - line_begin);
    if (auto record = run::parse_progress_line(line)) {
      records.push_back(std::move(*record));
    }
    line_begin = end + 1;
  }
  rest_.erase(0, line_begin);
  return records;
}

void add(ProgressSummary& summary, const run::ProgressRecord& record) {
  summary.last_step = std::max(summary.last_step, record.step);
  summary.total_steps = record.total_steps;
  if (record.loss) {
    summary.first_loss = summary.first_loss ? summary.first_loss : record.loss;
    summary.last_loss = record.loss;
    summary.last = record;
  }
  if (record.eval_loss) {
    summary.first_eval_loss = summary.first_eval_loss ? summary.first_eval_loss : record.eval_loss;
    summary.last_eval_loss = record.eval_loss;
  }
}

ProgressSummary summarise_progress(const std::filesystem::path& file) {
  ProgressSummary summary;
  ProgressFollower follower(file, 0);
  for (const run::ProgressRecord& record : follower.take()) {
    add(summary, record);
  }
  return summary;
}

}  // namespace temper::launch
