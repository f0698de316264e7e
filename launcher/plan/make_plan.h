#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/recipe/cluster.h"
#include "core/recipe/recipe.h"
#include "core/storage/open_store.h"
#include "launcher/plan/run_plan.h"

namespace temper::launch {

/// What to plan and how closely to look.
struct PlanRequest {
  recipe::Recipe recipe;    ///< with absolute paths
  recipe::Cluster cluster;  ///< settled: ranks and slot_workers > 0
  std::filesystem::path cache_dir;
  storage::OpenOptions stores = {};  ///< how buckets and the Hub are reached
  std::uint64_t cache_bytes = std::uint64_t{64} << 30;
  bool with_model = true;    ///< false: plan what can be told without the base model's files
  bool count_tokens = true;  ///< else tokens and the first sample are left out: quicker
  bool full = false;         ///< count every sample instead of estimating
  bool gpus = false;         ///< estimate what GPUs would do, even where the cluster has none
  int num_threads = 1;
  std::uint64_t machine_memory_bytes = 0;  ///< of the machine that all ranks share; 0: not known
};

/// Looks at model and data and works out what would run; writes nothing but the data's index in
/// `cache_dir`, and there a copy of a model that is in a bucket or, in the
/// Hub's own cache, on the Hub; that model's shape is looked at before its weights are fetched.
/// `commands` and `backend` are left to the caller, who knows the backend. UserError if model or
/// data are missing or wrong: what would stop the run is found here. Without the model, absent data
/// are a note instead.
RunPlan make_plan(const PlanRequest& asked);

}  // namespace temper::launch
