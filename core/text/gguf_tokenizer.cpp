// tokenizer.ggml.* of a GGUF file (ggml/docs/gguf.md) as the same pipeline that a tokenizer.json
// makes. GGUF names the splitting rules instead of writing them down (gguf_splitting_rules.h), and
// SentencePiece's vocabularies have scores in place of merges (sentencepiece_merges.h).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/text/gguf_splitting_rules.h"
#include "core/text/models/character_pair_encoding.h"
#include "core/text/sentencepiece_merges.h"
#include "core/text/tokenizer_pipeline.h"

namespace temper::text {
namespace {

// ggml's token types (llama.h, enum llama_token_type).
enum TokenType : std::int64_t { kNormal = 1, kControl = 3, kUserDefined = 4 };

class GgufReader {
 public:
  explicit GgufReader(const weights::GgufFile& file) : file_(file), where_(file.path().string()) {}

  std::unique_ptr<Tokenizer> read() const {
    const std::string model = required_string("tokenizer.ggml.model");
    TokenizerParts parts;
    parts.added_tokens = added_tokens();
    if (model == "gpt2") {
      take_byte_level(&parts);
    } else if (model == "llama") {
      take_sentencepiece(&parts);
    } else {
      fail("tokenizer.ggml.model",
           fmt::format("\"{}\" is not supported, only \"gpt2\" and \"llama\"", model));
    }
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
  const std::vector<std::string_view>& required_strings(std::string_view key) const {
    const weights::GgufArray* array = file_.array(key);
    if (array == nullptr || array->strings.empty()) fail(key, "expected an array of strings");
    return array->strings;
  }
  const std::vector<std::string_view>& tokens() const {
    return required_strings("tokenizer.ggml.tokens");
  }

  void take_byte_level(TokenizerParts* parts) const {
    if (flag("tokenizer.ggml.add_space_prefix", false)) {
      fail("tokenizer.ggml.add_space_prefix", "true is not supported for byte-level models");
    }
    const SplittingRules& rules = splitting_rules();
    if (rules.nfc) parts->normalizer = make_unicode_form(UnicodeForm::kNfc);
    parts->pre_tokenizer = pre_tokenizer(rules);
    parts->model = byte_level_model(rules);
    parts->post_processor = post_processor(rules.adds_bos);
    parts->decoder = make_byte_level_decoder();
    parts->fingerprint = fingerprint(rules.name, rules.adds_bos);
  }

  // Spaces are ▁, one more stands before the text, unknown characters are bytes.
  void take_sentencepiece(TokenizerParts* parts) const {
    const bool with_prefix = flag("tokenizer.ggml.add_space_prefix", true);
    std::vector<std::unique_ptr<Normalizer>> normalizers;
    if (with_prefix) normalizers.push_back(make_prepend(kMetaspace));
    normalizers.push_back(make_replace(make_literal_pattern(" "), kMetaspace));
    parts->normalizer = make_normalizer_sequence(std::move(normalizers));
    parts->model = sentencepiece_model();
    parts->post_processor = post_processor(true);
    std::vector<std::unique_ptr<Decoder>> decoders;
    decoders.push_back(make_replace_decoder(make_literal_pattern(kMetaspace), " "));
    decoders.push_back(make_byte_fallback_decoder());
    decoders.push_back(make_fuse_decoder());
    if (with_prefix) decoders.push_back(make_strip_decoder(U' ', 1, 0));
    parts->decoder = make_decoder_sequence(std::move(decoders));
    parts->fingerprint = fingerprint(with_prefix ? "llama" : "llama without prefix", true);
  }

  const SplittingRules& splitting_rules() const {
    const std::string name = required_string("tokenizer.ggml.pre");
    const SplittingRules* rules = find_splitting_rules(name);
    if (rules == nullptr) {
      fail("tokenizer.ggml.pre",
           fmt::format("\"{}\" is not supported; known are{}. Use the model's Hugging Face folder "
                       "with its tokenizer.json",
                       name, known_splitting_rules()));
    }
    return *rules;
  }

  std::unique_ptr<PreTokenizer> pre_tokenizer(const SplittingRules& rules) const {
    std::vector<std::unique_ptr<PreTokenizer>> stages;
    if (rules.individual_digits) stages.push_back(make_digits(true));
    for (const std::string_view regex : rules.regexes) {
      if (regex.empty()) continue;
      stages.push_back(make_split(make_regex_pattern(std::string(regex), where_),
                                  SplitBehavior::kIsolated, false));
    }
    return make_pre_tokenizer_sequence(std::move(stages));
  }

  std::int64_t type_of(std::size_t token) const {
    const weights::GgufArray* types = file_.array("tokenizer.ggml.token_type");
    return types == nullptr ? std::int64_t{kNormal} : types->integers[token];
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

  TokenList token_list() const {
    TokenList list;
    list.reserve(tokens().size());
    for (const std::string_view token : tokens()) {
      list.emplace_back(token, static_cast<std::int32_t>(list.size()));
    }
    return list;
  }

  std::unique_ptr<PieceModel> byte_level_model(const SplittingRules& rules) const {
    BytePairParts parts;
    parts.where = where_;
    parts.ignore_merges = rules.ignore_merges;
    parts.tokens = token_list();
    const auto& merges = required_strings("tokenizer.ggml.merges");
    parts.merges.reserve(merges.size());
    for (const std::string_view merge : merges) {
      const std::size_t space = merge.find(' ', 1);
      if (space == std::string::npos) {
        fail("tokenizer.ggml.merges", fmt::format("\"{}\" is not two tokens", merge));
      }
      parts.merges.emplace_back(merge.substr(0, space), merge.substr(space + 1));
    }
    return make_pair_encoding(parts, true);
  }

  std::unique_ptr<PieceModel> sentencepiece_model() const {
    const weights::GgufArray* scores = file_.array("tokenizer.ggml.scores");
    if (scores == nullptr || scores->floats.size() != tokens().size()) {
      fail("tokenizer.ggml.scores", fmt::format("expected {} numbers", tokens().size()));
    }
    std::vector<bool> may_result(tokens().size());
    for (std::size_t i = 0; i < may_result.size(); ++i) {
      may_result[i] = type_of(i) == kNormal || type_of(i) == kUserDefined;
    }
    ScoredMerges scored = merges_of_scores(tokens(), scores->floats, may_result);
    BytePairParts parts;
    parts.where = where_;
    parts.byte_fallback = true;
    parts.fuse_unknown = true;
    parts.tokens = token_list();
    parts.merges = std::move(scored.merges);
    parts.ranks = std::move(scored.ranks);
    if (file_.integer("tokenizer.ggml.unknown_token_id")) {
      const std::int32_t id = special_id("tokenizer.ggml.unknown_token_id");
      parts.unknown_token = tokens()[static_cast<std::size_t>(id)];
    }
    return make_pair_encoding(parts, false);
  }

  std::int32_t special_id(std::string_view key) const {
    const auto id = file_.integer(key);
    if (!id || *id < 0 || *id >= static_cast<std::int64_t>(tokens().size())) {
      fail(key, "is missing or none of the tokens");
    }
    return static_cast<std::int32_t>(*id);
  }

  bool flag(std::string_view key, bool absent) const { return file_.boolean(key).value_or(absent); }

  std::unique_ptr<PostProcessor> post_processor(bool adds_bos) const {
    std::vector<TemplateItem> items;
    if (flag("tokenizer.ggml.add_bos_token", adds_bos)) {
      items.push_back({{special_id("tokenizer.ggml.bos_token_id")}});
    }
    items.push_back({});
    if (flag("tokenizer.ggml.add_eos_token", false)) {
      items.push_back({{special_id("tokenizer.ggml.eos_token_id")}});
    }
    return items.size() == 1 ? nullptr : make_template_processor(std::move(items));
  }

  std::string fingerprint(std::string_view rules, bool adds_bos) const {
    Sha256 hash;
    const auto add = [&](std::string_view text) {
      hash.update(std::as_bytes(std::span(text)));
      hash.update(std::as_bytes(std::span(std::string_view("\n"))));
    };
    add(rules);
    for (const std::string_view token : tokens()) add(token);
    if (const auto* merges = file_.array("tokenizer.ggml.merges")) {
      for (const std::string_view merge : merges->strings) add(merge);
    }
    if (const auto* scores = file_.array("tokenizer.ggml.scores")) {
      for (const double score : scores->floats) add(fmt::format("{}", score));
    }
    for (const AddedToken& token : added_tokens()) {
      add(fmt::format("{} {}", token.id, token.special));
    }
    add(fmt::format("{} {}", flag("tokenizer.ggml.add_bos_token", adds_bos),
                    flag("tokenizer.ggml.add_eos_token", false)));
    return hash.hex_digest();
  }

  static constexpr const char* kMetaspace = "▁";

  const weights::GgufFile& file_;
  std::string where_;
};

}  // namespace

std::unique_ptr<Tokenizer> load_gguf_tokenizer(const weights::GgufFile& file) {
  return GgufReader(file).read();
}

}  // namespace temper::text
