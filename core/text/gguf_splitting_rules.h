#pragma once

#include <array>
#include <string>
#include <string_view>

namespace temper::text {

/// How text is cut under a name of tokenizer.ggml.pre: as the tokenizer.json files do that
/// llama.cpp's converter recognises under it.
struct SplittingRules {
  std::string_view name;
  std::array<std::string_view, 3> regexes;  ///< one after the other; empty: none
  bool individual_digits = false;
  bool ignore_merges = false;
  bool nfc = false;
  bool adds_bos = false;  ///< where the file doesn't say
};

/// nullptr if the name is not known.
const SplittingRules* find_splitting_rules(std::string_view name);

/// All names, for errors: " gpt-2 phi-2 …".
std::string known_splitting_rules();

}  // namespace temper::text
