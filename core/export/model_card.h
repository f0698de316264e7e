#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace temper::exporting {

/// One line of the card's results table: a loss before and after training.
struct LossRow {
  std::string data;  ///< "held-out", "training"
  std::optional<double> before;
  std::optional<double> after;
};

/// A point of the loss curve.
struct LossPoint {
  std::int64_t step = 0;  ///< steps done
  std::optional<double> training;
  std::optional<double> held_out;
};

/// What the card tells about a run.
struct CardFacts {
  std::string title;          ///< the run's name
  std::string base_name;      ///< Hub id of the base (model.name); may be empty
  std::string base_path;      ///< the folder or file that was trained on, as strangers may see it
  bool from_scratch = false;  ///< random weights; base_path gave the config only
  std::vector<std::string> data;     ///< training files, as the recipe names them
  std::int64_t steps = 0;            ///< optimizer steps
  std::uint64_t samples = 0;         ///< seen in training, repeats counted
  std::uint64_t trained_tokens = 0;  ///< with a loss, repeats counted
  std::vector<LossRow> results;
  std::string recipe_yaml;              ///< embedded as it is
  std::vector<std::string> versions;    ///< "Temper 0.1.0"
  std::vector<LossPoint> curve{};       ///< every measured step, ascending
  std::vector<std::string> datasets{};  ///< Hub ids of the training data that is on the Hub
  bool has_tokenizer = false;  ///< an adapter's folder holds the tokenizer, as its template changed
  std::string note{};          ///< a sentence about this export; may be empty
};

struct LoraFacts {
  std::int64_t rank = 0;
  double alpha = 0;
  bool rslora = false;
  std::int64_t num_modules = 0;
  std::int64_t num_parameters = 0;
};

/// True for "name" and "owner/name" as the Hugging Face Hub writes model ids; false for paths. The
/// Hub refuses a card whose base_model is anything else.
bool is_hub_id(const std::string& name);

/// README.md of a LoRA adapter: front matter as PEFT's create_or_update_model_card writes it
/// (peft/utils, base_model:adapter: tag), then what, data, results, how to load, recipe, versions.
/// Deterministic: no dates, no paths but those of the facts.
std::string adapter_card(const CardFacts& facts, const LoraFacts& lora);

/// README.md of a LoRA adapter as one GGUF file `file` for llama.cpp.
std::string gguf_adapter_card(const CardFacts& facts, const LoraFacts& lora,
                              const std::string& file);

/// README.md of a whole model. `has_tokenizer`: the folder holds one too.
std::string model_card(const CardFacts& facts, std::int64_t num_parameters, bool has_tokenizer);

}  // namespace temper::exporting
