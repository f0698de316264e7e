#include "core/text/gguf_splitting_rules.h"

#include <algorithm>

#include "core/text/splitters/deepseek_splitters.h"
#include "core/text/splitters/gpt2_splitter.h"
#include "core/text/splitters/llama3_splitter.h"
#include "core/text/splitters/o200k_splitter.h"

namespace temper::text {
namespace {

SplittingRules gpt2(std::string_view name) {
  return {.name = name, .regexes = {kGpt2Regex}};
}
SplittingRules digits_and_gpt2(std::string_view name) {
  return {.name = name, .regexes = {kGpt2Regex}, .individual_digits = true};
}
SplittingRules llama3(std::string_view name) {
  return {.name = name, .regexes = {kLlama3Regex}, .ignore_merges = true, .adds_bos = true};
}
SplittingRules qwen2(std::string_view name) {
  return {.name = name, .regexes = {kQwen2Regex}, .nfc = true};
}

const std::array<SplittingRules, 16>& all_rules() {
  static const std::array<SplittingRules, 16> rules = {
      gpt2("gpt-2"),
      gpt2("phi-2"),
      gpt2("gpt2"),
      digits_and_gpt2("smollm"),
      digits_and_gpt2("starcoder"),
      digits_and_gpt2("refact"),
      digits_and_gpt2("command-r"),
      digits_and_gpt2("codeshell"),
      llama3("llama-bpe"),
      llama3("llama3"),
      llama3("llama-v3"),
      qwen2("qwen2"),
      qwen2("deepseek-r1-qwen"),
      SplittingRules{.name = "deepseek-v3",
                     .regexes = {kDeepseekNumberRegex, kDeepseekCjkRegex, kDeepseekWordRegex},
                     .adds_bos = true},
      SplittingRules{.name = "gpt-4o", .regexes = {kO200kRegex}, .ignore_merges = true},
      SplittingRules{
          .name = "tekken", .regexes = {kTekkenRegex}, .ignore_merges = true, .adds_bos = true},
  };
  return rules;
}

}  // namespace

const SplittingRules* find_splitting_rules(std::string_view name) {
  const auto& rules = all_rules();
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [&](const SplittingRules& rule) { return rule.name == name; });
  return found == rules.end() ? nullptr : &*found;
}

std::string known_splitting_rules() {
  std::string names;
  for (const SplittingRules& rules : all_rules()) {
    names += ' ';
    names += rules.name;
  }
  return names;
}

}  // namespace temper::text
