#include "launcher/cli/progress_display.h"

#include <fmt/format.h>

#include <cmath>

#include "core/run/progress_record.h"

namespace temper::launch {

std::string duration_text(std::chrono::seconds duration) {
  const std::int64_t seconds = duration.count();
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  if (seconds < kMinute) {
    return fmt::format("{}s", seconds);
  }
  if (seconds < kHour) {
    return fmt::format("{}m {:02}s", seconds / kMinute, seconds % kMinute);
  }
  return fmt::format("{}h {:02}m", seconds / kHour, seconds % kHour / kMinute);
}

std::string progress_text(const run::ProgressRecord& record, std::optional<double> eval_loss,
                          std::optional<std::chrono::seconds> left) {
  std::string text = fmt::format("step {}/{}", record.step, record.total_steps);
  if (record.loss) {
    text += fmt::format("  loss {:.4f}", *record.loss);
  }
  if (eval_loss) {
    text += fmt::format("  eval {:.4f}", *eval_loss);
  }
  if (record.tokens_per_second > 0) {
    text += fmt::format("  {:.0f} tokens/s", record.tokens_per_second);
  }
  if (left) {
    text += fmt::format("  {} left", duration_text(*left));
  }
  return text;
}

ProgressDisplay::ProgressDisplay(Mode mode, const Clock& clock, std::ostream& out,
                                 std::ostream& err)
    : mode_(mode), clock_(clock), out_(out), err_(err) {}

void ProgressDisplay::on_attempt(const run::AttemptRecord& attempt, int number) {
  if (number > 1) {
    on_message(fmt::format("attempt {} ({}): {} ranks x {} slot workers", number, attempt.id,
                           attempt.num_ranks, attempt.slot_workers));
  }
}

void ProgressDisplay::on_progress(const run::ProgressRecord& record) {
  if (mode_ == Mode::kJson) {
    out_ << run::to_json_line(record) << std::endl;
    return;
  }
  if (record.eval_loss) {
    eval_loss_ = record.eval_loss;
  }
  show_step(record);
}

void ProgressDisplay::show_step(const run::ProgressRecord& record) {
  const std::string text = progress_text(record, eval_loss_, time_left(record));
  const auto now = clock_.steady_now();
  if (mode_ == Mode::kTerminal) {
    out_ << "\r\033[K" << text << std::flush;
    line_open_ = true;
  } else if (!last_shown_ || now - *last_shown_ >= kPlainInterval || record.eval_loss ||
             record.step == record.total_steps) {
    out_ << text << std::endl;
    last_shown_ = now;
  }
}

std::optional<std::chrono::seconds> ProgressDisplay::time_left(const run::ProgressRecord& record) {
  constexpr double kWeightOfNew = 0.2;
  if (record.step_milliseconds > 0) {
    step_milliseconds_ = step_milliseconds_ ? (1 - kWeightOfNew) * *step_milliseconds_ +
                                                  kWeightOfNew * record.step_milliseconds
                                            : record.step_milliseconds;
  }
  if (!step_milliseconds_) {
    return std::nullopt;
  }
  const double left = static_cast<double>(record.total_steps - record.step) * *step_milliseconds_;
  return std::chrono::seconds(std::llround(left / 1000));
}

void ProgressDisplay::on_message(const std::string& message) {
  finish();
  err_ << message << std::endl;
}

void ProgressDisplay::finish() {
  if (line_open_) {
    out_ << std::endl;
    line_open_ = false;
  }
}

}  // namespace temper::launch
