#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace temper::run {

/// The only place that knows names inside a run directory (docs/run-directory.md).
struct RunLayout {
  std::filesystem::path root;  ///< <runs>/<name>-<id>

  std::filesystem::path recipe() const { return root / "recipe.yaml"; }  ///< as given
  std::filesystem::path resolved() const { return root / "resolved.yaml"; }
  /// resolved.yaml as it was up to and with `attempt`, kept when a resume changes it.
  std::filesystem::path resolved_before(std::string_view attempt) const;
  std::filesystem::path cluster() const { return root / "cluster.yaml"; }
  std::filesystem::path plan() const { return root / "plan.yaml"; }
  std::filesystem::path record() const { return root / "run.json"; }
  std::filesystem::path lock() const { return root / "run.lock"; }
  std::filesystem::path progress() const { return root / "progress.jsonl"; }
  std::filesystem::path logs() const { return root / "logs"; }
  std::filesystem::path attempt_log(std::string_view attempt) const;  ///< logs/attempt-<id>.log
  std::filesystem::path launcher_log() const { return logs() / "launcher.log"; }
  /// logs/attempt-<id>.exit.json: how the first rank of the attempt that left early did
  /// (rank_exit.h).
  std::filesystem::path attempt_exit(std::string_view attempt) const;
  /// There while somebody wants the run to stop for good: then its job is not queued again.
  std::filesystem::path stop_request() const { return root / "stop-requested"; }
  /// What was handed to the scheduler: job.sbatch or job.yaml.
  std::filesystem::path job(std::string_view extension) const;
  std::filesystem::path rank_log(int rank) const;  ///< logs/rank-0003.log
  std::filesystem::path traces() const { return root / "traces"; }
  std::filesystem::path rank_trace(int rank) const;  ///< traces/rank-0003.json
  std::filesystem::path checkpoints() const { return root / "checkpoints"; }
  std::filesystem::path adapter() const { return root / "adapter"; }  ///< or the full model
  /// Adapters of checkpoints that are to be pushed, until they are in the outbox.
  std::filesystem::path checkpoint_adapters() const { return root / "adapters"; }
  std::filesystem::path checkpoint_adapter(std::int64_t step) const;  ///< adapters/step-00000050
  std::filesystem::path model() const { return root / "model"; }
  /// The base with the adapter added, if the recipe publishes that.
  std::filesystem::path merged() const { return root / "merged"; }
  /// What `temper doctor`'s test of communication found (collective_report.h).
  std::filesystem::path collectives() const { return root / "collectives.json"; }
  std::filesystem::path outbox() const { return root / "outbox"; }  ///< pushes (docs/hub.md)
};

/// "step-00000050.a1b2c3" and back. The attempt id keeps a repeated save apart from a broken one.
std::string checkpoint_name(std::int64_t step, std::string_view attempt);
struct CheckpointName {
  std::int64_t step = 0;
  std::string attempt;
};
std::optional<CheckpointName> parse_checkpoint_name(std::string_view name);

inline constexpr std::string_view kManifestName = "MANIFEST.json";

/// Object name of rank `rank`'s share: "state-00001-of-00003.safetensors".
std::string share_name(int rank, int num_ranks);

/// A short random id for runs and attempts: 8 characters of [0-9a-z].
std::string new_id();

}  // namespace temper::run
