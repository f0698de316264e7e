#pragma once

#include <string>
#include <vector>

#include "launcher/backends/backend.h"

namespace temper::launch {

/// This machine: the launcher itself stays in the foreground and supervises.
class LocalBackend final : public Backend {
 public:
  LocalBackend(Clock& clock, ProcessRunner& runner);

  std::string name() const override;
  std::vector<std::string> render(const LaunchSpec& spec) const override;
  Verdict run(const run::RunRecord& record, const LaunchSpec& spec, const RestartPolicy& policy,
              SignalSource& signals, RunObserver& observer) override;
  BackendState state(const run::RunRecord& record) const override;
  void cancel(const run::RunRecord& record) override;

 private:
  Clock& clock_;
  ProcessRunner& runner_;
};

}  // namespace temper::launch
