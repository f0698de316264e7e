#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "core/base/clock.h"
#include "launcher/backends/supervisor.h"

namespace temper::launch {

/// "step 12/100  loss 2.3451  eval 2.5013  213 tokens/s  1m 20s left". Pure. `left` nullopt:
/// unknown.
std::string progress_text(const run::ProgressRecord& record, std::optional<double> eval_loss,
                          std::optional<std::chrono::seconds> left);

/// "42s", "3m 05s", "2h 07m".
std::string duration_text(std::chrono::seconds duration);

/// Shows a supervised run: on a terminal one line that is rewritten, else a line every few seconds,
/// or the records themselves as JSON lines. Messages go to `err`.
class ProgressDisplay final : public RunObserver {
 public:
  enum class Mode { kTerminal, kPlain, kJson };
  static constexpr std::chrono::nanoseconds kPlainInterval = std::chrono::seconds(5);

  /// References must outlive the display.
  ProgressDisplay(Mode mode, const Clock& clock, std::ostream& out, std::ostream& err);

  void on_attempt(const run::AttemptRecord& attempt, int number) override;
  void on_progress(const run::ProgressRecord& record) override;
  void on_message(const std::string& message) override;
  /// Ends a line that would still be rewritten.
  void finish();

 private:
  void show_step(const run::ProgressRecord& record);
  std::optional<std::chrono::seconds> time_left(const run::ProgressRecord& record);

  Mode mode_;
  const Clock& clock_;
  std::ostream& out_;
  std::ostream& err_;
  bool line_open_ = false;                   // kTerminal: the cursor stands behind a text
  std::optional<double> step_milliseconds_;  // smoothed
  std::optional<double> eval_loss_;          // the latest
  std::optional<std::chrono::steady_clock::time_point> last_shown_;
};

}  // namespace temper::launch
