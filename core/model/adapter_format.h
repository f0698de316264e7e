#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/model_config.h"
#include "core/model/parameters.h"
#include "core/recipe/recipe.h"

/// The names and settings of a LoRA adapter as PEFT stores it (peft/tuners/lora/config.py,
/// utils/save_and_load.py): adapter_config.json beside adapter_model.safetensors.
namespace temper::model {

/// Key of a tensor in adapter_model.safetensors by its name in the adapted model.
std::string adapter_key(std::string_view name);

/// Key of the matrix A [rank, in] of a module such as "model.layers.3.self_attn.q_proj":
/// "base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight".
std::string lora_a_key(std::string_view module);
/// The same for B [out, rank].
std::string lora_b_key(std::string_view module);

/// adapter_config.json as PEFT's save_pretrained writes it (keys sorted, indented by two, Python's
/// spelling of numbers), with every field that PEFT, vLLM or llama.cpp's converter looks at.
/// `targets` is what resolve_lora_targets gave for `settings`. target_modules lists what is
/// adapted: the ending ("q_proj") if all modules with it are, else full names; never a regex or
/// "all-linear", which not every loader knows. modules_to_save likewise. base_name is a Hub id or a
/// path.
std::string adapter_config_json(const ModelConfig& config, const recipe::Adapter& settings,
                                const std::vector<LoraTarget>& targets,
                                const std::string& base_name);

/// What adapter_config.json says, with PEFT's defaults for absent keys.
struct AdapterConfig {
  recipe::Adapter settings;
  std::string base_name;  ///< base_model_name_or_path; may be empty
};

/// Reads a LoRA adapter's config. UserError naming `origin` and the key for anything else than a
/// LoRA of linear modules: another PEFT method, DoRA, trained biases, layers chosen by index; also
/// without r, lora_alpha or target_modules, which PEFT would make up.
AdapterConfig read_adapter_config(std::string_view json, const std::string& origin);

}  // namespace temper::model
