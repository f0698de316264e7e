#include "core/model/adapter_format.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace temper::model {
namespace {

using nlohmann::json;

constexpr double kLargestExactInteger = 9007199254740992.0;  // 2^53

std::string ending_of(const std::string& module) {
  return module.substr(module.rfind('.') + 1);
}

// PEFT's alpha is an integer unless somebody chose a fraction.
json number(double value) {
  if (std::trunc(value) == value && std::abs(value) < kLargestExactInteger) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

json target_modules(const ModelConfig& config, const std::vector<LoraTarget>& targets) {
  std::map<std::string, std::int64_t> adapted;
  for (const LoraTarget& target : targets) {
    ++adapted[ending_of(target.module)];
  }
  std::set<std::string> names;
  for (const LoraTarget& target : targets) {
    const std::string ending = ending_of(target.module);
    names.insert(adapted.at(ending) == config.num_layers ? ending : target.module);
  }
  return names;
}

// PEFT takes every module whose name ends in an entry, and "norm" ends "input_layernorm" too: so
// the final norm is "model.norm".
std::set<std::string> saved_modules(const ModelConfig& config, const recipe::Adapter& settings) {
  constexpr std::size_t kKind = std::string_view(".weight").size();
  std::map<std::string, std::int64_t> saved;
  const std::vector<Parameter> parameters = resolve_saved_parameters(config, settings);
  for (const Parameter& parameter : parameters) {
    ++saved[ending_of(parameter.name.substr(0, parameter.name.size() - kKind))];
  }
  std::set<std::string> names;
  for (const Parameter& parameter : parameters) {
    const std::string module = parameter.name.substr(0, parameter.name.size() - kKind);
    const std::string ending = ending_of(module);
    const bool whole = ending != "norm" && (!module.starts_with("model.layers.") ||
                                            saved.at(ending) == config.num_layers);
    names.insert(whole ? ending : module);
  }
  return names;
}

}  // namespace

std::string adapter_key(std::string_view name) {
  return fmt::format("base_model.model.{}", name);
}

std::string lora_a_key(std::string_view module) {
  return adapter_key(fmt::format("{}.lora_A.weight", module));
}

std::string lora_b_key(std::string_view module) {
  return adapter_key(fmt::format("{}.lora_B.weight", module));
}

std::string adapter_config_json(const ModelConfig& config, const recipe::Adapter& settings,
                                const std::vector<LoraTarget>& targets,
                                const std::string& base_name) {
  json alpha_pattern = json::object();
  for (const auto& [pattern, alpha] : settings.alpha_pattern) {
    alpha_pattern[pattern] = number(alpha);
  }
  const std::set<std::string> saved = saved_modules(config, settings);
  const json object = {{"alpha_pattern", alpha_pattern},
                       {"auto_mapping", nullptr},
                       {"base_model_name_or_path", base_name},
                       {"bias", "none"},
                       {"fan_in_fan_out", false},
                       {"inference_mode", true},
                       {"init_lora_weights", true},
                       {"lora_alpha", number(settings.alpha)},
                       {"lora_bias", false},
                       {"lora_dropout", settings.dropout},
                       {"modules_to_save", saved.empty() ? json(nullptr) : json(saved)},
                       {"peft_type", "LORA"},
                       {"r", settings.rank},
                       {"rank_pattern", settings.rank_pattern},
                       {"revision", nullptr},
                       {"target_modules", target_modules(config, targets)},
                       {"task_type", "CAUSAL_LM"},
                       {"use_dora", false},
                       {"use_rslora", settings.rslora}};
  return object.dump(2, ' ', true);
}

}  // namespace temper::model
