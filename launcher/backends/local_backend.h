#pragma once

#include <string>
#include <vector>

#include "launcher/backends/backend.h"

namespace temper::launch {

/// This machine. A submitted run is attended to by a process of its own in the background.
class LocalBackend final : public Backend {
 public:
  explicit LocalBackend(ProcessRunner& runner);

  std::string name() const override;
  RenderedJob render(const JobSpec& spec) const override;
  std::string submit(const JobSpec& spec) override;
  BackendState state(const run::RunRecord& record) const override;
  void cancel(const run::RunRecord& record) override;
  std::chrono::milliseconds poll_interval() const override;

 private:
  ProcessRunner& runner_;
};

}  // namespace temper::launch
