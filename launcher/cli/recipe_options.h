#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/recipe/recipe.h"
#include "core/storage/open_store.h"
#include "launcher/cli/context.h"

namespace temper::launch {

/// The options of every verb that starts from a recipe.
struct RecipeOptions {
  std::string recipe;
  std::string cluster;  ///< empty: this machine, one rank
  std::vector<std::string> overrides;
  std::optional<std::int64_t> ranks;
  std::optional<std::int64_t> slot_workers;
};

/// Adds RECIPE, --set and the options of add_cluster_options. `options` must outlive the parse.
void add_recipe_options(CLI::App& app, RecipeOptions& options);
/// --on, --ranks and --slot-workers.
void add_cluster_options(CLI::App& app, RecipeOptions& options);

/// How a verb reaches buckets and the Hub.
storage::OpenOptions store_options(const Context& context);

/// A recipe that was read, ready to run from any folder.
struct LoadedRecipe {
  recipe::Recipe recipe;       ///< absolute paths, places on the Hub pinned to commits
  std::filesystem::path file;  ///< as it was given, or the copy of one on the Hub
};

/// Reads RECIPE, a path or hf://org/name/recipe.yaml. Relative paths are those of the working
/// folder.
LoadedRecipe load_recipe(Context& context, const std::string& location,
                         const std::vector<std::string>& overrides);

/// Fills in what the command line says and what "automatic" means: ranks 0 becomes one a GPU, or
/// one a node; slot_workers 0 the cores of a node / its ranks, at least 1: those without a slot
/// help with long ones. `num_cores` are this machine's, where the cluster file names none.
recipe::Cluster settle_cluster(const RecipeOptions& options, recipe::Cluster cluster,
                               unsigned num_cores);

/// The cluster of --on, or the default one; settled. UserError if --ranks doesn't fit it.
recipe::Cluster load_cluster(const RecipeOptions& options);

/// The recipe of `options` with --set, the name (unless empty) and the cluster's `runs`.
LoadedRecipe load_recipe_for(Context& context, const RecipeOptions& options,
                             const std::string& name, const recipe::Cluster& cluster);
/// Reads the cluster of `options` only to know where runs are; see load_recipe_for().
recipe::Cluster read_cluster_of(const RecipeOptions& options);

}  // namespace temper::launch
