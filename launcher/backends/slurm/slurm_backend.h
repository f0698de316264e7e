#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/backends/backend.h"
#include "launcher/backends/slurm/job_state.h"

namespace temper::launch {

/// A site's Slurm, through its own command line programs (22.05 and later). Run directory, temper
/// and temper-trainer lie in folders that the nodes share.
class SlurmBackend final : public Backend {
 public:
  /// `runner` must outlive it.
  explicit SlurmBackend(ProcessRunner& runner);

  std::string name() const override;
  RenderedJob render(const JobSpec& spec) const override;
  std::optional<Rehearsal> rehearse(const JobSpec& spec) const override;
  std::string submit(const JobSpec& spec) override;
  std::unique_ptr<SweepJob> sweep_job() override;
  BackendState state(const run::RunRecord& record) const override;
  void cancel(const run::RunRecord& record) override;
  std::chrono::milliseconds poll_interval() const override;

 private:
  /// Asks squeue, then scontrol, then sacct, until one knows the job. UserError if squeue can't be
  /// asked at all.
  std::optional<SlurmJob> find_job(const std::string& id) const;

  ProcessRunner& runner_;
};

/// Inside a job: srun where `srun --mpi=list` names the plugin of the cluster file, else mpirun;
/// what the cluster file says unless it says auto.
recipe::RankStarter choose_starter(ProcessRunner& runner, const recipe::Slurm& slurm);

}  // namespace temper::launch
