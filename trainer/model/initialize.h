#pragma once

#include <cstdint>
#include <span>

#include "core/model/base_model.h"
#include "trainer/model/parameter_layout.h"

namespace temper::model {

/// Fills `parameters` (layout.size() floats) before the first step; gaps become 0. Every number is
/// a pure function of seed, tensor name and element, so all ranks fill in the same.

/// LoRA as PEFT: A uniform in ±1/sqrt(input) (kaiming_uniform with a = sqrt 5), B = 0.
void initialize_lora(const ParameterLayout& layout, std::uint64_t seed,
                     std::span<float> parameters);

/// Training from random weights as Transformers: matrices normal(0, initializer_range), norms 1,
/// biases 0.
void initialize_randomly(const ParameterLayout& layout, const ModelConfig& config,
                         std::uint64_t seed, std::span<float> parameters);

/// Full fine-tuning: the base model's weights.
void load_pretrained(const ParameterLayout& layout, const BaseModel& base,
                     std::span<float> parameters);

/// The base's values for what is trained whole beside LoRA pairs, which stay as they are.
void load_saved_modules(const ParameterLayout& layout, const BaseModel& base,
                        std::span<float> parameters);

}  // namespace temper::model
