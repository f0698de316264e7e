#pragma once

#include <optional>

#include "core/base/unique_fd.h"

namespace temper::launch {

/// Signals that somebody sent to the launcher, as values to be asked for.
class SignalSource {
 public:
  virtual ~SignalSource() = default;
  /// The oldest signal not yet taken, or nullopt at once.
  virtual std::optional<int> poll() = 0;
};

/// SIGINT, SIGTERM, SIGUSR2 and (unless it was ignored, as under nohup) SIGHUP of this process.
/// They are blocked for the process and read from a signalfd, so that no handler and no global
/// state is needed. Make it before any thread is started.
class SystemSignals final : public SignalSource {
 public:
  SystemSignals();
  std::optional<int> poll() override;

 private:
  UniqueFd fd_;
};

}  // namespace temper::launch
