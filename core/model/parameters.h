#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/model_config.h"
#include "core/recipe/recipe.h"

namespace temper::model {

/// One weight of the model under its Hugging Face name, e.g.
/// "model.layers.3.self_attn.q_proj.weight" [out, in].
struct Parameter {
  std::string name;
  std::vector<std::int64_t> shape;
  std::int64_t num_elements() const;
};

/// Every parameter of the architecture in forward order: embedding; per layer input norm, q, k, v,
/// o (weight then bias), post-attention norm, gate, up, down; final norm; head unless tied.
std::vector<Parameter> list_parameters(const ModelConfig& config);

/// One linear module that gets a LoRA pair, e.g. "model.layers.3.self_attn.q_proj".
struct LoraTarget {
  std::string module;
  std::int64_t in_features = 0;
  std::int64_t out_features = 0;
  std::int64_t rank = 0;
  double scaling = 0;  ///< alpha / rank, or alpha / sqrt(rank) with rsLoRA
};

/// Resolves adapter.targets (list of suffixes, a regex, or all-linear = every linear but lm_head),
/// rank_pattern and alpha_pattern as PEFT does (docs: reference section 2.4): a list entry matches
/// a module name that equals it or ends with "." + it; a regex must match the full name; the first
/// pattern with (.*\.)?(pattern)$ wins. In forward order. UserError when an entry or pattern
/// matches nothing (it lists the module names there are), or when lm_head is selected and is the
/// embedding.
std::vector<LoraTarget> resolve_lora_targets(const ModelConfig& config,
                                             const recipe::Adapter& adapter);

/// The parameters that adapter.modules_to_save trains whole, in forward order. An entry matches a
/// module as one of targets does. UserError if it matches nothing, a linear module of a layer (it
/// gets an adapter or all weights are trained), or the embedding or head of a model whose head is
/// its embedding: loaders would tie the two again.
std::vector<Parameter> resolve_saved_parameters(const ModelConfig& config,
                                                const recipe::Adapter& adapter);

}  // namespace temper::model
