#pragma once

#include <span>
#include <string_view>

namespace temper::recipe {

/// What a key of another framework's configuration is called here.
struct ForeignName {
  std::string_view name;  ///< as written there, the last part of a dotted name
  std::string_view key;   ///< our key; empty: there is none
  std::string_view note;  ///< where the meaning differs, or what to do instead; may be empty
};

/// Names of axolotl, Hugging Face TrainingArguments and TRL, LLaMA-Factory, torchtune and
/// llm-foundry (their documentation as of 2026; sorted by meaning). Names that are ours too in
/// another section are left out.
std::span<const ForeignName> foreign_names();

/// The entry for `name`, or nullptr. Ignores case and takes '-' for '_'.
const ForeignName* find_foreign_name(std::string_view name);

}  // namespace temper::recipe
