#include "launcher/cli/recipe_options.h"

#include <algorithm>
#include <thread>

#include "core/recipe/recipe_io.h"
#include "launcher/plan/absolute_paths.h"
#include "launcher/plan/hub_places.h"

namespace temper::launch {

void add_cluster_options(CLI::App& app, RecipeOptions& options) {
  app.add_option("--on", options.cluster, "Cluster file: where to run (default: this machine)");
  app.add_option("--ranks", options.ranks, "Trainer processes, over the cluster file's")
      ->check(CLI::Range(1, 4096));
  app.add_option("--slot-workers", options.slot_workers,
                 "Threads a rank that each compute a slot, over the cluster file's; 0: by cores")
      ->check(CLI::Range(0, 4096));
}

void add_recipe_options(CLI::App& app, RecipeOptions& options) {
  app.add_option("RECIPE", options.recipe,
                 "The recipe, a YAML file, perhaps on the Hub (hf://org/name/recipe.yaml)")
      ->required();
  app.add_option("--set", options.overrides, "Override a key: --set optimizer.lr=1e-4; repeatable")
      ->allow_extra_args(false);
  add_cluster_options(app, options);
}

storage::OpenOptions store_options(const Context& context) {
  storage::OpenOptions options;
  options.environment = context.environment;
  return options;
}

LoadedRecipe load_recipe(Context& context, const std::string& location,
                         const std::vector<std::string>& overrides) {
  const storage::OpenOptions options = store_options(context);
  const std::filesystem::path folder = std::filesystem::current_path();
  LoadedRecipe loaded;
  loaded.file = local_recipe(location, options, context.clock);
  loaded.recipe =
      with_absolute_paths(with_pinned_hub_places(recipe::read_recipe(loaded.file, overrides),
                                                 folder, options, context.clock),
                          folder);
  return loaded;
}

recipe::Cluster settle_cluster(const RecipeOptions& options, recipe::Cluster cluster,
                               unsigned num_cores) {
  cluster.ranks = options.ranks.value_or(cluster.ranks);
  cluster.slot_workers = options.slot_workers.value_or(cluster.slot_workers);
  if (cluster.ranks == 0) {
    cluster.ranks = cluster.nodes * std::max<std::int64_t>(1, cluster.resources.gpus);
  }
  if (cluster.slot_workers == 0) {
    const std::int64_t cores =
        cluster.resources.cpus > 0 ? cluster.resources.cpus : static_cast<std::int64_t>(num_cores);
    const std::int64_t ranks_a_node = std::max<std::int64_t>(1, cluster.ranks / cluster.nodes);
    cluster.slot_workers = std::max<std::int64_t>(1, cores / ranks_a_node);
  }
  return cluster;
}

recipe::Cluster read_cluster_of(const RecipeOptions& options) {
  return options.cluster.empty() ? recipe::Cluster{} : recipe::read_cluster(options.cluster);
}

recipe::Cluster load_cluster(const RecipeOptions& options) {
  recipe::Cluster settled =
      settle_cluster(options, read_cluster_of(options), std::thread::hardware_concurrency());
  // What --ranks makes of the file is held to the file's rules.
  return recipe::parse_cluster(recipe::dump(settled), options.cluster.empty()
                                                          ? "command line"
                                                          : options.cluster + " with --ranks");
}

LoadedRecipe load_recipe_for(Context& context, const RecipeOptions& options,
                             const std::string& name, const recipe::Cluster& cluster) {
  std::vector<std::string> overrides = options.overrides;
  if (!name.empty()) {
    overrides.push_back("name=" + name);
  }
  LoadedRecipe loaded = load_recipe(context, options.recipe, overrides);
  if (!cluster.runs.empty()) {
    loaded.recipe.checkpoint.to = cluster.runs;
    loaded.recipe = with_absolute_paths(std::move(loaded.recipe), std::filesystem::current_path());
  }
  return loaded;
}

}  // namespace temper::launch
