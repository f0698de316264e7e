#include "core/export/model_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

namespace temper::exporting {
namespace {

// JSON strings are YAML and Python string literals too.
std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Longer than any run of backticks inside, so that the text can't end its own block.
std::string fence_for(std::string_view text) {
  std::size_t longest = 2;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(longest + 1, '`');
}

std::string code_block(std::string_view language, std::string_view text) {
  const std::string fence = fence_for(text);
  const bool ends_line = text.empty() || text.back() == '\n';
  return fmt::format("{}{}\n{}{}{}\n", fence, language, text, ends_line ? "" : "\n", fence);
}

std::string inline_code(std::string_view text) {
  const std::string fence = text.find('`') == std::string_view::npos ? "`" : fence_for(text);
  const char* padding = fence.size() > 1 ? " " : "";
  return fmt::format("{}{}{}{}{}", fence, padding, text, padding, fence);
}

std::string base_link(const CardFacts& facts) {
  return is_hub_id(facts.base_name)
             ? fmt::format("[{0}](https://huggingface.co/{0})", facts.base_name)
             : inline_code(facts.base_path);
}

// The Hub's model card metadata (hub-docs, modelcard.md).
std::string front_matter(const CardFacts& facts, std::string_view library,
                         std::string_view relation, const std::vector<std::string>& tags) {
  std::string text = "---\n";
  if (is_hub_id(facts.base_name) && !facts.from_scratch) {
    text +=
        fmt::format("base_model: {}\nbase_model_relation: {}\n", quoted(facts.base_name), relation);
  }
  if (!facts.datasets.empty()) {
    text += "datasets:\n";
    for (const std::string& dataset : facts.datasets) {
      text += fmt::format("- {}\n", quoted(dataset));
    }
  }
  text += fmt::format("library_name: {}\npipeline_tag: text-generation\ntags:\n", library);
  for (const std::string& tag : tags) {
    text += fmt::format("- {}\n", quoted(tag));
  }
  return text + "---\n\n";
}

std::string note_section(const CardFacts& facts) {
  return facts.note.empty() ? std::string() : facts.note + "\n\n";
}

// Nothing for an adapter whose run is not known.
std::string training_section(const CardFacts& facts) {
  if (facts.steps == 0 && facts.data.empty()) {
    return {};
  }
  std::string text = "## Training\n\n";
  text += fmt::format("- Steps: {}\n- Samples seen: {}\n- Trained tokens: {}\n", facts.steps,
                      facts.samples, facts.trained_tokens);
  if (is_hub_id(facts.base_name) && !facts.from_scratch) {
    text += fmt::format("- Trained on the weights in: {}\n", inline_code(facts.base_path));
  }
  for (const std::string& path : facts.data) {
    text += fmt::format("- Data: {}\n", inline_code(path));
  }
  return text + "\n";
}

// At most kRows points: the first, the last, and evenly many steps between them.
std::string curve_table(const std::vector<LossPoint>& curve) {
  constexpr std::size_t kRows = 12;
  if (curve.size() < 3) {
    return {};
  }
  const auto cell = [](const std::optional<double>& loss) {
    return loss ? fmt::format("{:.4f}", *loss) : std::string();
  };
  std::string text = "| step | training loss | held-out loss |\n|---:|---:|---:|\n";
  const std::size_t rows = std::min(kRows, curve.size());
  for (std::size_t row = 0; row < rows; ++row) {
    const LossPoint& point = curve[row * (curve.size() - 1) / (rows - 1)];
    text +=
        fmt::format("| {} | {} | {} |\n", point.step, cell(point.training), cell(point.held_out));
  }
  return text + "\n";
}

std::string results_section(const CardFacts& facts) {
  if (facts.results.empty()) {
    return {};
  }
  const auto cell = [](const std::optional<double>& loss) {
    return loss ? fmt::format("{:.4f}", *loss) : std::string("not measured");
  };
  std::string text =
      "## Results\n\nMean cross-entropy per trained token.\n\n"
      "| data | loss before | loss after |\n|---|---|---|\n";
  for (const LossRow& row : facts.results) {
    text += fmt::format("| {} | {} | {} |\n", row.data, cell(row.before), cell(row.after));
  }
  return text + "\n" + curve_table(facts.curve);
}

std::string ending(const CardFacts& facts) {
  std::string text;
  if (!facts.recipe_yaml.empty()) {
    text += "## Recipe\n\n" + code_block("yaml", facts.recipe_yaml) + "\n";
  }
  text += "### Framework versions\n\n";
  for (const std::string& version : facts.versions) {
    text += fmt::format("- {}\n", version);
  }
  return text;
}

bool is_gguf(const std::string& path) {
  return std::filesystem::path(path).extension() == ".gguf";
}

// Transformers reads a GGUF file as a folder and a file's name.
std::string base_arguments(const CardFacts& facts) {
  if (is_hub_id(facts.base_name)) {
    return quoted(facts.base_name);
  }
  if (!is_gguf(facts.base_path)) {
    return quoted(facts.base_path);
  }
  const std::filesystem::path path(facts.base_path);
  const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
  return fmt::format("{}, gguf_file={}", quoted(folder), quoted(path.filename().string()));
}

}  // namespace

bool is_hub_id(const std::string& name) {
  if (is_gguf(name)) {
    return false;
  }
  const auto is_word = [](std::string_view part) {
    return !part.empty() && part.front() != '.' && part.front() != '-' &&
           std::all_of(part.begin(), part.end(), [](unsigned char c) {
             return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
           });
  };
  const std::size_t slash = name.find('/');
  return slash == std::string::npos ? is_word(name)
                                    : is_word(std::string_view(name).substr(0, slash)) &&
                                          is_word(std::string_view(name).substr(slash + 1));
}

std::string adapter_card(const CardFacts& facts, const LoraFacts& lora) {
  std::vector<std::string> tags = {"lora", "transformers"};
  if (is_hub_id(facts.base_name)) {
    tags.insert(tags.begin(), "base_model:adapter:" + facts.base_name);
  }
  std::string text = front_matter(facts, "peft", "adapter", tags);
  text += fmt::format(
      "# {}\n\nA LoRA adapter for {}: rank {}, alpha {}{}, {} modules, {} parameters in fp32, in "
      "PEFT's format.\n\n",
      facts.title, base_link(facts), lora.rank, lora.alpha, lora.rslora ? ", rsLoRA" : "",
      lora.num_modules, lora.num_parameters);
  text += note_section(facts) + training_section(facts) + results_section(facts);
  text += "## How to use\n\n" +
          code_block("python", fmt::format("from peft import PeftModel\n"
                                           "from transformers import AutoModelForCausalLM, "
                                           "AutoTokenizer\n\n"
                                           "tokenizer = AutoTokenizer.from_pretrained({1})\n"
                                           "base = AutoModelForCausalLM.from_pretrained({0})\n"
                                           "model = PeftModel.from_pretrained(base, "
                                           "\"path/to/this/folder\")\n",
                                           base_arguments(facts),
                                           facts.has_tokenizer ? "\"path/to/this/folder\""
                                                               : base_arguments(facts))) +
          "\n";
  return text + ending(facts);
}

std::string gguf_adapter_card(const CardFacts& facts, const LoraFacts& lora,
                              const std::string& file) {
  std::vector<std::string> tags = {"lora", "llama.cpp"};
  if (is_hub_id(facts.base_name)) {
    tags.insert(tags.begin(), "base_model:adapter:" + facts.base_name);
  }
  std::string text = front_matter(facts, "gguf", "adapter", tags);
  text +=
      fmt::format("# {}\n\nA LoRA adapter for {} as GGUF: {} modules, {} parameters in fp32.\n\n",
                  facts.title, base_link(facts), lora.num_modules, lora.num_parameters);
  text += note_section(facts) + training_section(facts) + results_section(facts);
  text += "## How to use\n\nWith llama.cpp and the base model as GGUF, of any quantisation:\n\n" +
          code_block("sh", fmt::format("llama-cli -m base.gguf --lora {}\n", file)) + "\n";
  return text + ending(facts);
}

std::string model_card(const CardFacts& facts, std::int64_t num_parameters, bool has_tokenizer) {
  std::string text = front_matter(facts, "transformers", "finetune", {"transformers"});
  text += fmt::format("# {}\n\n{}: {} parameters.\n\n", facts.title,
                      facts.from_scratch ? "A model trained from random weights"
                                         : "All weights of " + base_link(facts) + ", trained",
                      num_parameters);
  text += note_section(facts) + training_section(facts) + results_section(facts);
  text += "## How to use\n\n";
  std::string code = fmt::format("from transformers import AutoModelForCausalLM{}\n\n",
                                 has_tokenizer ? ", AutoTokenizer" : "");
  if (has_tokenizer) {
    code += "tokenizer = AutoTokenizer.from_pretrained(\"path/to/this/folder\")\n";
  } else {
    text += fmt::format(
        "This folder has no tokenizer: {}. Use the tokenizer of the model that the base was made "
        "from.\n\n",
        is_gguf(facts.base_path)
            ? "the base is a GGUF file, and its tokenizer can't be copied as Hugging Face files"
            : "the base's folder has none");
  }
  code += "model = AutoModelForCausalLM.from_pretrained(\"path/to/this/folder\")\n";
  return text + code_block("python", code) + "\n" + ending(facts);
}

}  // namespace temper::exporting
