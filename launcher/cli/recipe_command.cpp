#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/recipe/recipe_io.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

nlohmann::ordered_json keys_json(const std::vector<recipe::KeyReference>& keys) {
  auto list = nlohmann::ordered_json::array();
  for (const recipe::KeyReference& key : keys) {
    list.push_back({{"key", key.key},
                    {"type", key.type},
                    {"default", key.default_value},
                    {"bounds", key.bounds},
                    {"help", key.help}});
  }
  return list;
}

void add_reference(CLI::App& app, Action& action) {
  const auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "Print {\"recipe\": [...], \"cluster\": [...]}");
  app.callback([&action, json] {
    action = [json](Context& context) {
      if (*json) {
        const nlohmann::ordered_json all = {{"recipe", keys_json(recipe::recipe_keys())},
                                            {"cluster", keys_json(recipe::cluster_keys())}};
        context.out << all.dump(2) << std::endl;
      } else {
        context.out << recipe::reference_markdown() << std::flush;
      }
      return 0;
    };
  });
}

/// A verb that reads a recipe and prints something of it.
template <class Print>
void add_reader(CLI::App& app, Action& action, Print print) {
  const auto options = std::make_shared<RecipeOptions>();
  app.add_option("FILE", options->recipe, "The recipe, a YAML file")->required();
  app.add_option("--set", options->overrides, "Override a key; repeatable")
      ->allow_extra_args(false);
  app.callback([&action, options, print] {
    action = [options, print](Context& context) {
      print(context, *options, recipe::read_recipe(options->recipe, options->overrides));
      return 0;
    };
  });
}

}  // namespace

void add_recipe(CLI::App& app, Action& action) {
  app.require_subcommand(1);
  add_reference(*app.add_subcommand("reference", "Print every key of recipe and cluster files"),
                action);
  add_reader(*app.add_subcommand("check", "Check a recipe by itself, without model and data"),
             action, [](Context& context, const RecipeOptions& options, const recipe::Recipe&) {
               context.out << options.recipe << ": fine" << std::endl;
             });
  add_reader(*app.add_subcommand("show", "Print a recipe with every default filled in"), action,
             [](Context& context, const RecipeOptions&, const recipe::Recipe& recipe) {
               context.out << recipe::dump(recipe) << std::flush;
             });
}

}  // namespace temper::launch
