#pragma once

#include "launcher/backends/backend.h"

namespace temper::launch {

/// The runs of a sweep as a job array (sbatch --array): each is an element, which is named
/// <array>_<index> and queued, requeued and cancelled by itself.
class SlurmArray final : public SweepJob {
 public:
  /// `runner` must outlive it.
  explicit SlurmArray(ProcessRunner& runner);

  RenderedJob render(const std::vector<JobSpec>& specs) const override;
  std::optional<std::vector<std::string>> find(const std::vector<JobSpec>& specs) const override;
  std::vector<std::string> submit(const std::vector<JobSpec>& specs) override;

 private:
  ProcessRunner& runner_;
};

/// The job that this process is in, as Slurm's programs take it: an array's element by its index,
/// since its own id may be that of the whole array. "" outside of Slurm.
std::string slurm_job_around(const Environment& environment);

}  // namespace temper::launch
