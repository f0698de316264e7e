#include "launcher/plan/make_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/data/dataset.h"
#include "core/data/token_statistics.h"
#include "core/data/training_extent.h"
#include "core/hub/hub_store.h"
#include "core/hub/local_model.h"
#include "core/hub/repository_name.h"
#include "core/model/base_model.h"
#include "core/model/gpu_sizing.h"
#include "core/model/memory_estimate.h"
#include "core/model/recipe_base.h"
#include "core/text/sample_encoder.h"
#include "launcher/plan/quantity.h"

namespace temper::launch {
namespace {

namespace fs = std::filesystem;
using recipe::Recipe;

std::unique_ptr<model::BaseModel> open_base(const Recipe& recipe) {
  if (!fs::exists(recipe.model.base)) {
    throw UserError(
        fmt::format("base model not found at {}: fetch it or correct model.base; `temper plan "
                    "--without-model` shows what can be told without it",
                    recipe.model.base));
  }
  return model::open_recipe_base(recipe, recipe.model.base);
}

/// The base model on this machine. Of one on the Hub its shape is looked at first: it would be a
/// pity to fetch gigabytes of an architecture that Temper does not know.
std::string local_base(const PlanRequest& request, Clock& clock) {
  const std::string& base = request.recipe.model.base;
  const auto local = [&](hub::ModelParts parts) {
    return hub::local_model(base, parts, request.cache_dir, request.stores, clock);
  };
  if (hub::is_hub_url(base)) {
    const fs::path config = local(hub::ModelParts::kConfig);
    if (fs::is_directory(config)) {
      static_cast<void>(model::BaseModel::open_config_only(config));
    }
    if (request.recipe.model.init == recipe::Init::kRandom) {
      return config.string();
    }
  }
  return local(hub::ModelParts::kAll).string();
}

/// Tokens of the longest slot. Dealing evens slots out, so it is the mean, unless one sample alone
/// is longer; where nothing was counted, the most it could be.
std::int64_t longest_slot(const PlanRequest& request, const RunPlan& plan) {
  const Recipe& recipe = request.recipe;
  if (!plan.tokens || !plan.data) {
    return model::most_slot_tokens(recipe);
  }
  const double mean_sample =
      static_cast<double>(plan.tokens->total) / static_cast<double>(plan.data->num_samples);
  const double mean_slot = std::ceil(mean_sample * static_cast<double>(recipe.batch.samples) /
                                     static_cast<double>(recipe.batch.slots));
  const auto longest = static_cast<std::int64_t>(plan.tokens->longest);
  return std::max(std::min(longest, recipe.data.max_length), static_cast<std::int64_t>(mean_slot));
}

PlannedModel plan_model(const PlanRequest& request, const model::BaseModel& base,
                        const RunPlan& plan) {
  const bool is_random = request.recipe.model.init == recipe::Init::kRandom;
  const model::MemoryEstimate estimate = model::estimate_memory(
      base.config(), request.recipe,
      {request.cluster.slot_workers, longest_slot(request, plan), request.cluster.ranks});
  PlannedModel planned;
  planned.path = base.path().string();
  planned.architecture = base.config().architecture;
  planned.total_parameters = estimate.total_parameters;
  planned.trained_parameters = estimate.trained_parameters;
  planned.stored_bytes = is_random ? 0 : base.stored_bytes();
  planned.memory_bytes = estimate.total_bytes();
  planned.checkpoint_bytes = estimate.checkpoint_bytes;
  return planned;
}

/// Of one rank, a GPU for each. Where no tokens were counted, the most that a slot could have, all
/// of them trained, in samples as long as allowed.
PlannedGpus plan_gpus(const PlanRequest& request, const model::BaseModel& base,
                      const RunPlan& plan) {
  model::GpuLoad load;
  load.num_ranks = request.cluster.ranks;
  load.slot_tokens = longest_slot(request, plan);
  load.sample_tokens = static_cast<double>(request.recipe.data.max_length);
  if (plan.tokens && plan.data && plan.tokens->total > 0) {
    const auto total = static_cast<double>(plan.tokens->total);
    load.sample_tokens = total / static_cast<double>(plan.data->num_samples);
    load.trained_share = static_cast<double>(plan.tokens->trained) / total;
  }
  const model::GpuMemory memory = model::estimate_gpu_memory(base.config(), request.recipe, load);
  PlannedGpus planned{memory.weight_bytes,     memory.trained_bytes,   memory.gradient_bytes,
                      memory.activation_bytes, memory.workspace_bytes, memory.communication_bytes,
                      memory.context_bytes,    memory.host_bytes,      {}};
  for (const model::GpuFit& fit : model::fit_gpus(base.config(), request.recipe, load)) {
    planned.fits.push_back({std::string(fit.gpu.name), fit.num_slots, fit.tokens_per_second});
  }
  return planned;
}

PlannedTokens plan_tokens(const PlanRequest& request, const data::Dataset& dataset,
                          const data::RecordEncoder& encoder) {
  constexpr std::size_t kListed = 20;
  constexpr std::uint64_t kSampled = 1000;
  const data::CountOptions options{request.full ? 0 : kSampled, kListed, request.num_threads};
  const data::TokenStatistics statistics =
      data::count_tokens(dataset, encoder, request.recipe.data, options);
  const auto whole = [&statistics](std::int64_t count) {
    return static_cast<std::uint64_t>(statistics.scaled(count));
  };
  PlannedTokens planned;
  planned.estimated = statistics.estimated();
  planned.measured_samples = statistics.num_counted;
  planned.total = whole(statistics.tokens);
  planned.trained = whole(statistics.trained_tokens);
  planned.dropped = whole(statistics.dropped_tokens);
  planned.truncated = whole(statistics.truncated_tokens);
  planned.longest = static_cast<std::uint64_t>(statistics.longest);
  for (const auto& [origin, length] : statistics.overlong) {
    planned.overlong.push_back(fmt::format("{}: {} tokens, max_length is {}", origin, length,
                                           request.recipe.data.max_length));
  }
  planned.num_overlong = whole(static_cast<std::int64_t>(statistics.num_overlong));
  planned.problems = statistics.problems;
  planned.num_problems = whole(static_cast<std::int64_t>(statistics.num_problems));
  return planned;
}

std::optional<PlannedSteps> plan_steps(const Recipe& recipe,
                                       const std::optional<PlannedData>& data) {
  if (!data && !recipe.duration.steps) {
    return std::nullopt;
  }
  const data::TrainingExtent extent =
      data::training_extent(recipe, data ? data->num_samples : std::uint64_t{1});
  PlannedSteps planned{extent.total_steps, extent.end_position, std::nullopt};
  if (data) {
    planned.epochs =
        static_cast<double>(extent.end_position) / static_cast<double>(data->num_samples);
  }
  return planned;
}

/// The data sets if they can be opened; without the model, their absence is a note.
struct OpenedData {
  std::unique_ptr<data::Dataset> train, eval;
};

OpenedData open_data(const PlanRequest& request, Clock& clock, RunPlan& plan) {
  OpenedData opened;
  const recipe::Data& data = request.recipe.data;
  data::DataAccess access;
  access.cache_dir = request.cache_dir;
  access.cache_bytes = request.cache_bytes;
  access.clock = &clock;
  access.open_store = [&request, &clock](const std::string& location) {
    return hub::open_any_store(location, request.stores, clock);
  };
  try {
    opened.train = std::make_unique<data::Dataset>(data.train, access);
    if (!data.eval.empty()) {
      opened.eval = std::make_unique<data::Dataset>(data.eval, access);
    }
  } catch (const UserError& error) {
    if (request.with_model) {
      throw;
    }
    plan.notes.emplace_back(error.what());
    return {};
  }
  plan.data = PlannedData{opened.train->size(), opened.train->shard_sizes().size(),
                          opened.eval ? opened.eval->size() : 0};
  return opened;
}

void plan_text(const PlanRequest& request, const data::Dataset& dataset, RunPlan& plan) {
  const Recipe& recipe = request.recipe;
  const text::ModelText model_text =
      text::load_model_text(recipe.model.base, recipe.model.chat_template);
  const text::SampleEncoder encoder(model_text, recipe.data.train_on);
  plan.tokens = plan_tokens(request, dataset, data::TextRecordEncoder(encoder));
  const data::Record first = dataset.read(0);
  plan.first_sample = encoder.mark_trained(encoder.encode(first.bytes, first.origin));
}

void note_idle_workers(RunPlan& plan) {
  const std::int64_t workers = plan.ranks * plan.slot_workers;
  if (workers > plan.slots) {
    plan.notes.push_back(fmt::format(
        "{} of {} slot workers have no slot of their own, as batch.slots is {}: they only "
        "help with slots of over 1,024 tokens",
        workers - plan.slots, workers, plan.slots));
  }
}

/// Before anything is read: the numbers that a recipe asks for need a device that has them.
void check_numbers(const PlanRequest& request) {
  const bool has_gpus = request.gpus || request.cluster.resources.gpus > 0;
  if (recipe::needs_gpus(request.recipe.model.dtype) && !has_gpus) {
    throw UserError(fmt::format(
        "model.dtype: is {}, for which there are no kernels on CPUs; write auto (fp32 on CPUs, "
        "bf16 on GPUs) or fp32, or give the cluster file resources.gpus",
        recipe::name_of(request.recipe.model.dtype)));
  }
}

void note_lack_of_memory(const PlanRequest& request, RunPlan& plan) {
  const std::uint64_t needed = plan.model->memory_bytes * static_cast<std::uint64_t>(plan.ranks);
  if (request.machine_memory_bytes == 0 || needed <= request.machine_memory_bytes) {
    return;
  }
  const bool is_low = request.recipe.memory == recipe::Memory::kLow;
  plan.notes.push_back(fmt::format(
      "{} ranks need about {}, this machine has {}: {}use fewer slot workers or ranks, more "
      "batch.slots, or a smaller data.max_length",
      plan.ranks, bytes_text(needed), bytes_text(request.machine_memory_bytes),
      is_low ? "even with `memory: low`; " : "set `memory: low`, "));
}

}  // namespace

RunPlan make_plan(const PlanRequest& asked) {
  check_numbers(asked);
  PlanRequest request = asked;
  SystemClock clock;
  if (request.with_model) {
    request.recipe.model.base = local_base(asked, clock);
  }
  const Recipe& recipe = request.recipe;
  RunPlan plan;
  plan.name = recipe.name;
  plan.batch_samples = recipe.batch.samples;
  plan.slots = recipe.batch.slots;
  plan.ranks = request.cluster.ranks;
  plan.slot_workers = request.cluster.slot_workers;
  const std::unique_ptr<model::BaseModel> base = request.with_model ? open_base(recipe) : nullptr;
  const OpenedData opened = open_data(request, clock, plan);
  plan.steps = plan_steps(recipe, plan.data);
  if (base && request.count_tokens) {
    plan_text(request, *opened.train, plan);
  }
  if (base) {
    plan.model = plan_model(request, *base, plan);
    if (request.gpus || request.cluster.resources.gpus > 0) {
      plan.gpus = plan_gpus(request, *base, plan);
    }
  }
  if (request.cluster.resources.gpus == 0) {
    if (base) {
      note_lack_of_memory(request, plan);
    }
    note_idle_workers(plan);
  }
  return plan;
}

}  // namespace temper::launch
