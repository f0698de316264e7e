// modules_to_save, as PEFT wraps them (peft/utils/other.py, ModulesToSaveWrapper): the module is a
// copy of the base's that is trained, and the adapter's file holds it under its own name.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/model/parameters.h"

namespace temper::model {
namespace {

constexpr std::string_view kWeight = ".weight";

bool entry_matches(const std::string& entry, std::string_view module) {
  return module == entry || module.ends_with("." + entry);
}

void check_trainable_whole(std::string_view module, const ModelConfig& config,
                           const std::string& where) {
  if (module.ends_with("_proj")) {
    throw UserError(fmt::format(
        "{} is the linear module {}, which can't be trained whole beside an adapter; leave it to "
        "adapter.targets, or train all weights with adapter.type: none",
        where, module));
  }
  if (config.tied_embeddings && !module.ends_with("norm")) {
    throw UserError(fmt::format(
        "{} is this model's embedding and head in one (tie_word_embeddings): trained beside an "
        "adapter it would be lost when loaders tie the two again; leave it out, or train all "
        "weights with adapter.type: none",
        where));
  }
}

}  // namespace

std::vector<Parameter> resolve_saved_parameters(const ModelConfig& config,
                                                const recipe::Adapter& adapter) {
  std::vector<Parameter> modules;
  for (const Parameter& parameter : list_parameters(config)) {
    if (parameter.name.ends_with(kWeight)) {
      modules.push_back(parameter);
    }
  }
  if (config.tied_embeddings) {
    modules.push_back({"lm_head.weight", {config.vocabulary_size, config.hidden_size}});
  }
  std::set<std::string> selected;
  for (const std::string& entry : adapter.modules_to_save) {
    const std::string where = fmt::format("adapter.modules_to_save: '{}'", entry);
    bool any = false;
    for (const Parameter& parameter : modules) {
      const std::string_view module =
          std::string_view(parameter.name).substr(0, parameter.name.size() - kWeight.size());
      if (entry_matches(entry, module)) {
        check_trainable_whole(module, config, where);
        selected.insert(parameter.name);
        any = true;
      }
    }
    if (!any) {
      throw UserError(
          fmt::format("{} matches no module; they are embed_tokens, input_layernorm and "
                      "post_attention_layernorm of each layer, norm and lm_head",
                      where));
    }
  }
  std::erase_if(modules,
                [&](const Parameter& parameter) { return !selected.contains(parameter.name); });
  return modules;
}

}  // namespace temper::model
