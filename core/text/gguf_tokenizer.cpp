// tokenizer.ggml.* of a GGUF file (ggml/docs/gguf.md) as the same pipeline that a tokenizer.json
// makes. GGUF names the splitting rules instead of writing them down; the rules for each name are
// those of the tokenizer.json files that llama.cpp's converter recognises under it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/text/byte_pair_encoding.h"
#include "core/text/gpt2_splitter.h"
#include "core/text/tokenizer_pipeline.h"

namespace temper::text {
namespace {

constexpr std::string_view kLlama3Regex =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2Regex =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

struct SplittingRules {
  std::string_view name;
  bool individual_digits = false;
  std::string_view regex = kGpt2Regex;
  bool ignore_merges = false;
  bool nfc = false;
  bool adds_bos = false;  // where the file doesn't say
};

constexpr std::array<SplittingRules, 12> kRules = {{
    {"gpt-2"},
    {"phi-2"},
    {"gpt2"},
    {"smollm", true},
    {"starcoder", true},
    {"refact", true},
    {"command-r", true},
    {"codeshell", true},
    {"llama-bpe", false, kLlama3Regex, true, false, true},
    {"llama3", false, kLlama3Regex, true, false, true},
    {"qwen2", false, kQwen2Regex, false, true},
    {"deepseek-r1-qwen", false, kQwen2Regex, false, true},
}};

// ggml's token types (llama.h, enum llama_token_type).
enum TokenType : std::int64_t { kNormal = 1, kControl = 3, kUserDefined = 4 };

class GgufReader {
 public:
  explicit GgufReader(const weights::GgufFile& file) : file_(file), where_(file.path().string()) {}

  std::unique_ptr<Tokenizer> read() const {
    const std::string model = required_string("tokenizer.ggml.model");
    if (model != "gpt2") {
      fail("tokenizer.ggml.model", fmt::format("\"{}\" is not supported, only \"gpt2\"", model));
    }
    if (file_.boolean("tokenizer.ggml.add_space_prefix").value_or(false)) {
      fail("tokenizer.ggml.add_space_prefix", "true is not supported for byte-level models");
    }
    const SplittingRules& rules = splitting_rules();
    TokenizerParts parts;
    if (rules.nfc) parts.normalizer = make_nfc();
    parts.pre_tokenizer = pre_tokenizer(rules);
    parts.added_tokens = added_tokens();
    parts.model = model_of(rules);
    parts.post_processor = post_processor(rules);
    parts.fingerprint = fingerprint(rules);
    return std::make_unique<TokenizerPipeline>(std::move(parts), where_);
  }

 private:
  [[noreturn]] void fail(std::string_view key, const std::string& message) const {
    throw UserError(fmt::format("{}: {}: {}", where_, key, message));
  }
  std::string required_string(std::string_view key) const {
    const std::string* value = file_.string(key);
    if (value == nullptr) fail(key, "is missing");
    return *value;
  }
  const std::vector<std::string>& required_strings(std::string_view key) const {
    const weights::GgufArray* array = file_.array(key);
    if (array == nullptr || array->strings.empty()) fail(key, "expected an array of strings");
    return array->strings;
  }
  const std::vector<std::string>& tokens() const {
    return required_strings("tokenizer.ggml.tokens");
  }

  const SplittingRules& splitting_rules() const {
    const std::string name = required_string("tokenizer.ggml.pre");
    const auto found = std::find_if(kRules.begin(), kRules.end(), [&](const SplittingRules& rules) {
      return rules.name == name;
    });
    if (found == kRules.end()) {
      std::string known;
      for (const SplittingRules& rules : kRules) known += fmt::format(" {}", rules.name);
      fail("tokenizer.ggml.pre",
           fmt::format("\"{}\" is not supported; known are{}. Use the model's Hugging Face folder "
                       "with its tokenizer.json",
                       name, known));
    }
    return *found;
  }

  std::unique_ptr<PreTokenizer> pre_tokenizer(const SplittingRules& rules) const {
    std::vector<std::unique_ptr<PreTokenizer>> stages;
    if (rules.individual_digits) stages.push_back(make_digits(true));
    stages.push_back(make_split(make_regex_pattern(std::string(rules.regex), where_),
                                SplitBehavior::kIsolated, false));
    return make_pre_tokenizer_sequence(std::move(stages));
  }

  // Control and user-defined tokens are found in the text; the first are special.
  std::vector<AddedToken> added_tokens() const {
    std::vector<AddedToken> added;
    const weights::GgufArray* types = file_.array("tokenizer.ggml.token_type");
    if (types == nullptr) return added;
    if (types->integers.size() != tokens().size()) {
      fail("tokenizer.ggml.token_type",
           fmt::format("{} types for {} tokens", types->integers.size(), tokens().size()));
    }
    for (std::size_t i = 0; i < types->integers.size(); ++i) {
      const std::int64_t type = types->integers[i];
      if (type != kControl && type != kUserDefined) continue;
      AddedToken token;
      token.id = static_cast<std::int32_t>(i);
      token.content = tokens()[i];
      token.special = type == kControl;
      added.push_back(std::move(token));
    }
    return added;
  }

  std::unique_ptr<PieceModel> model_of(const SplittingRules& rules) const {
    BytePairVocabulary vocabulary;
    vocabulary.where = where_;
    vocabulary.ignore_merges = rules.ignore_merges;
    for (std::size_t i = 0; i < tokens().size(); ++i) {
      vocabulary.tokens.emplace_back(tokens()[i], static_cast<std::int32_t>(i));
    }
    for (const std::string& merge : required_strings("tokenizer.ggml.merges")) {
      const std::size_t space = merge.find(' ', 1);
      if (space == std::string::npos) {
        fail("tokenizer.ggml.merges", fmt::format("\"{}\" is not two tokens", merge));
      }
      vocabulary.merges.emplace_back(merge.substr(0, space), merge.substr(space + 1));
    }
    return std::make_unique<BytePairEncoding>(vocabulary);
  }

  std::int32_t special_id(std::string_view key) const {
    const auto id = file_.integer(key);
    if (!id || *id < 0 || *id >= static_cast<std::int64_t>(tokens().size())) {
      fail(key, "is needed for add_bos_token or add_eos_token and missing or out of range");
    }
    return static_cast<std::int32_t>(*id);
  }

  bool adds(std::string_view key, bool absent) const { return file_.boolean(key).value_or(absent); }

  std::unique_ptr<PostProcessor> post_processor(const SplittingRules& rules) const {
    std::vector<TemplateItem> items;
    if (adds("tokenizer.ggml.add_bos_token", rules.adds_bos)) {
      items.push_back({{special_id("tokenizer.ggml.bos_token_id")}});
    }
    items.push_back({});
    if (adds("tokenizer.ggml.add_eos_token", false)) {
      items.push_back({{special_id("tokenizer.ggml.eos_token_id")}});
    }
    return items.size() == 1 ? nullptr : make_template_processor(std::move(items));
  }

  std::string fingerprint(const SplittingRules& rules) const {
    Sha256 hash;
    const auto add = [&](std::string_view text) {
      hash.update(std::as_bytes(std::span(text)));
      hash.update(std::as_bytes(std::span(std::string_view("\n"))));
    };
    add(rules.name);
    for (const std::string& token : tokens()) add(token);
    for (const std::string& merge : required_strings("tokenizer.ggml.merges")) add(merge);
    for (const AddedToken& token : added_tokens()) {
      add(fmt::format("{} {}", token.id, token.special));
    }
    add(fmt::format("{} {}", adds("tokenizer.ggml.add_bos_token", rules.adds_bos),
                    adds("tokenizer.ggml.add_eos_token", false)));
    return hash.hex_digest();
  }

  const weights::GgufFile& file_;
  std::string where_;
};

}  // namespace

std::unique_ptr<Tokenizer> load_gguf_tokenizer(const weights::GgufFile& file) {
  return GgufReader(file).read();
}

}  // namespace temper::text
