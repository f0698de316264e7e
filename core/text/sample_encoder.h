#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/recipe/recipe.h"
#include "core/text/chat_template.h"
#include "core/text/tokenizer.h"

namespace temper::text {

/// A sample ready for training: token t is a target (its loss counts) iff trained[t] != 0.
/// trained[0] is always 0: nothing predicts the first token.
struct EncodedSample {
  std::vector<std::int32_t> ids;
  std::vector<std::uint8_t> trained;
  std::int64_t num_trained() const;
};

/// What a model brings besides weights: tokenizer, chat template, special tokens.
struct ModelText {
  std::unique_ptr<Tokenizer> tokenizer;
  std::unique_ptr<ChatTemplate> chat_template;  ///< nullptr if the model has none
  std::string bos_token, eos_token;             ///< empty if none
  /// bos_token, eos_token, pad_token, unk_token by name, as far as there are any: what templates
  /// see.
  std::map<std::string, std::string> special_tokens;
};

/// From a Hugging Face folder (tokenizer.json, tokenizer_config.json, chat_template.jinja) or a
/// .gguf file. `template_file` (may be empty) replaces the model's own template.
ModelText load_model_text(const std::filesystem::path& model,
                          const std::filesystem::path& template_file);

/// JSON record → tokens and mask. Records: {"messages": [...]}, {"prompt": …, "completion": …} or
/// {"text": …}. train_on: assistant = every assistant turn with its end-of-turn, last = the last
/// one, all = every token; prompt/completion trains the completion and EOS unless all; text trains
/// all. Thread-safe.
class SampleEncoder {
 public:
  SampleEncoder(const ModelText& model, recipe::TrainOn train_on);

  /// `record` is one JSON text. UserError prefixed with `origin` ("file:line") for invalid JSON or
  /// UTF-8, a shape that is none of the three, a template error, or an ambiguous mask.
  EncodedSample encode(std::string_view record, std::string_view origin) const;

  /// The text of a sample with the trained part between ⟦ and ⟧, for `temper plan`.
  std::string mark_trained(const EncodedSample& sample) const;

 private:
  const ModelText& model_;
  recipe::TrainOn train_on_;
};

}  // namespace temper::text
