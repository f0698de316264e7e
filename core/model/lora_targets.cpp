// Which modules get an adapter, with which rank and scaling: the rules of PEFT (tuners_utils.py,
// check_target_module_exists; utils/other.py, get_pattern_key; tuners/lora/layer.py, update_layer),
// so that a loader that reads only adapter_config.json comes to the same result.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "core/base/error.h"
#include "core/model/module_pattern.h"
#include "core/model/parameters.h"

namespace temper::model {
namespace {

constexpr const char* kAllLinear = "all-linear";
constexpr std::string_view kHead = "lm_head";

struct LinearModule {
  std::string name;
  std::int64_t in_features;
  std::int64_t out_features;
};

std::vector<LinearModule> linear_modules(const ModelConfig& config) {
  constexpr std::string_view kEnding = "_proj.weight";
  constexpr std::size_t kKind = std::string_view(".weight").size();
  std::vector<LinearModule> modules;
  for (const Parameter& parameter : list_parameters(config)) {
    if (parameter.name.ends_with(kEnding)) {
      modules.push_back({parameter.name.substr(0, parameter.name.size() - kKind),
                         parameter.shape[1], parameter.shape[0]});
    }
  }
  modules.push_back({std::string(kHead), config.hidden_size, config.vocabulary_size});
  return modules;
}

std::string module_names(const std::vector<LinearModule>& modules) {
  std::vector<std::string> endings;
  for (const LinearModule& module : modules) {
    const std::string ending = module.name.substr(module.name.rfind('.') + 1);
    if (module.name != kHead &&
        std::find(endings.begin(), endings.end(), ending) == endings.end()) {
      endings.push_back(ending);
    }
  }
  return fmt::format("the modules are named {} … with the endings {}", modules.front().name,
                     fmt::join(endings, ", "));
}

bool entry_matches(const std::string& entry, const std::string& module) {
  return module == entry || module.ends_with("." + entry);
}

// The names that the recipe's targets select.
std::set<std::string> select_modules(const std::vector<LinearModule>& modules,
                                     const recipe::Targets& targets) {
  std::set<std::string> selected;
  if (const auto* entries = std::get_if<std::vector<std::string>>(&targets)) {
    for (const std::string& entry : *entries) {
      bool any = false;
      for (const LinearModule& module : modules) {
        if (entry_matches(entry, module.name)) {
          selected.insert(module.name);
          any = true;
        }
      }
      if (!any) {
        throw UserError(fmt::format("adapter.targets: '{}' matches no linear module; {}", entry,
                                    module_names(modules)));
      }
    }
    return selected;
  }
  const std::string& text = std::get<std::string>(targets);
  std::optional<ModulePattern> pattern;
  if (text != kAllLinear) {
    pattern = ModulePattern::whole_name(text, fmt::format("adapter.targets: '{}'", text));
  }
  for (const LinearModule& module : modules) {
    if (pattern ? pattern->matches(module.name) : module.name != kHead) {
      selected.insert(module.name);
    }
  }
  return selected;
}

// The values of a rank_pattern or alpha_pattern, looked up by module name.
template <class T>
class PatternValues {
 public:
  PatternValues(const std::map<std::string, T>& values, const std::string& key) : key_(key) {
    for (const auto& [pattern, value] : values) {
      rules_.push_back({pattern,
                        ModulePattern::name_ending(pattern, fmt::format("{}: '{}'", key, pattern)),
                        value});
    }
  }

  /// The first in the order of the patterns' text, which is the order of adapter_config.json.
  T value_for(const std::string& module, T otherwise) {
    std::optional<T> found;
    for (Rule& rule : rules_) {
      if (rule.pattern.matches(module)) {
        rule.used = true;
        found = found ? found : std::optional(rule.value);
      }
    }
    return found.value_or(otherwise);
  }

  void check_all_used(const std::vector<LinearModule>& modules) const {
    for (const Rule& rule : rules_) {
      if (!rule.used) {
        throw UserError(fmt::format("{}: '{}' matches no module that gets an adapter; {}", key_,
                                    rule.text, module_names(modules)));
      }
    }
  }

 private:
  struct Rule {
    std::string text;
    ModulePattern pattern;
    T value;
    bool used = false;
  };
  std::string key_;
  std::vector<Rule> rules_;
};

}  // namespace

std::vector<LoraTarget> resolve_lora_targets(const ModelConfig& config,
                                             const recipe::Adapter& adapter) {
  const std::vector<LinearModule> modules = linear_modules(config);
  const std::set<std::string> selected = select_modules(modules, adapter.targets);
  if (selected.empty()) {
    throw UserError(
        fmt::format("adapter.targets: matches no linear module; {}", module_names(modules)));
  }
  if (config.tied_embeddings && selected.contains(std::string(kHead))) {
    throw UserError(
        "adapter.targets: lm_head is this model's embedding too (tie_word_embeddings), so it can't "
        "get an adapter of its own; leave it out (all-linear does)");
  }
  for (const Parameter& saved : resolve_saved_parameters(config, adapter)) {
    if (saved.name == "lm_head.weight" && selected.contains(std::string(kHead))) {
      throw UserError(
          "adapter.targets: lm_head is in adapter.modules_to_save too; leave it out of one");
    }
  }
  PatternValues<std::int64_t> ranks(adapter.rank_pattern, "adapter.rank_pattern");
  PatternValues<double> alphas(adapter.alpha_pattern, "adapter.alpha_pattern");
  std::vector<LoraTarget> targets;
  for (const LinearModule& module : modules) {
    if (!selected.contains(module.name)) {
      continue;
    }
    LoraTarget target{module.name, module.in_features, module.out_features, 0, 0};
    target.rank = ranks.value_for(module.name, adapter.rank);
    const double alpha = alphas.value_for(module.name, adapter.alpha);
    const auto rank = static_cast<double>(target.rank);
    target.scaling = alpha / (adapter.rslora ? std::sqrt(rank) : rank);
    targets.push_back(std::move(target));
  }
  ranks.check_all_used(modules);
  alphas.check_all_used(modules);
  return targets;
}

}  // namespace temper::model
