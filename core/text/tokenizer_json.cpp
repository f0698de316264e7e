// Reads a whole tokenizer.json: huggingface/tokenizers, tokenizers/src/tokenizer/serialization.rs.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/mapped_file.h"
#include "core/text/json_fields.h"
#include "core/text/tokenizer_components.h"
#include "core/text/tokenizer_pipeline.h"

namespace temper::text {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;

std::vector<AddedToken> read_added_tokens(simdjson::dom::element json, const std::string& where,
                                          const PieceModel& model) {
  simdjson::dom::array list;
  if (json.get(list) != simdjson::SUCCESS) throw UserError(where + ": expected an array");
  std::vector<AddedToken> tokens;
  std::int64_t next_id = model.vocabulary().size();
  for (const simdjson::dom::element member : list) {
    JsonFields fields(member, fmt::format("{}[{}]", where, tokens.size()));
    AddedToken token;
    token.content = fields.string("content");
    token.single_word = fields.boolean("single_word");
    token.lstrip = fields.boolean("lstrip");
    token.rstrip = fields.boolean("rstrip");
    token.normalized = fields.boolean("normalized");
    token.special = fields.boolean("special");
    const std::int64_t id = fields.integer("id");
    fields.done();
    // Hugging Face ignores the id here and counts on from the vocabulary; a file where the two
    // differ means different tokens to different readers.
    const std::int32_t model_id = model.vocabulary().find(token.content);
    const std::int64_t expected = model_id >= 0 ? model_id : next_id++;
    if (id != expected) {
      fields.fail(
          fmt::format("token \"{}\" has id {}, but its place gives it {}; number the "
                      "added tokens on from the vocabulary",
                      token.content, id, expected));
    }
    token.id = static_cast<std::int32_t>(id);
    tokens.push_back(std::move(token));
  }
  return tokens;
}

// Everything that decides ids, however the file is laid out.
std::string fingerprint_of(simdjson::dom::element root) {
  Sha256 hash;
  for (const char* key :
       {"added_tokens", "normalizer", "pre_tokenizer", "model", "post_processor"}) {
    simdjson::dom::element section;
    std::string text = std::string(key) + "=";
    if (root.at_key(key).get(section) == simdjson::SUCCESS) text += simdjson::minify(section);
    text += "\n";
    hash.update(std::as_bytes(std::span(text)));
  }
  return hash.hex_digest();
}

// Lengths are the recipe's business (data.max_length), so encode() leaves these two alone.
std::vector<std::string> notices_of(JsonFields* fields) {
  std::vector<std::string> notices;
  if (const auto json = fields->find("truncation")) {
    JsonFields truncation(*json, fields->where() + ": truncation");
    notices.push_back(fmt::format("{}: truncation to {} tokens is left to data.max_length",
                                  fields->where(), truncation.integer("max_length")));
  }
  if (const auto json = fields->find("padding")) {
    JsonFields padding(*json, fields->where() + ": padding");
    notices.push_back(fmt::format("{}: padding with \"{}\" is not needed and left out",
                                  fields->where(), padding.string("pad_token")));
  }
  return notices;
}

TokenizerParts read_parts(simdjson::dom::element root, const std::string& where) {
  JsonFields fields(root, where);
  const std::string version = fields.optional_string("version").value_or("1.0");
  if (version != "1.0") fields.fail(fmt::format("version \"{}\" is not supported", version));

  TokenizerParts parts;
  parts.notices = notices_of(&fields);
  if (const auto json = fields.find("normalizer")) {
    parts.normalizer = read_normalizer(*json, where + ": normalizer");
  }
  const auto pre_tokenizer = fields.find("pre_tokenizer");
  parts.model = read_model(fields.required("model"), where + ": model",
                           pre_tokenizer && ends_with_byte_level(*pre_tokenizer));
  if (pre_tokenizer) {
    parts.pre_tokenizer =
        read_pre_tokenizer(*pre_tokenizer, where + ": pre_tokenizer", !parts.model->takes_bytes());
  }
  if (const auto json = fields.find("post_processor")) {
    parts.post_processor = read_post_processor(*json, where + ": post_processor");
  }
  if (const auto json = fields.find("decoder")) {
    parts.decoder = read_decoder(*json, where + ": decoder");
  }
  if (const auto json = fields.find("added_tokens")) {
    parts.added_tokens = read_added_tokens(*json, where + ": added_tokens", *parts.model);
  }
  fields.done();
  parts.fingerprint = fingerprint_of(root);
  return parts;
}

}  // namespace

std::unique_ptr<Tokenizer> parse_tokenizer_json(std::string_view json, const std::string& where) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const auto error = parser.parse(json.data(), json.size()).get(root);
  if (error != simdjson::SUCCESS) {
    throw UserError(fmt::format("{}: not valid JSON: {}", where, simdjson::error_message(error)));
  }
  return std::make_unique<TokenizerPipeline>(read_parts(root, where), where);
}

std::unique_ptr<Tokenizer> load_tokenizer_json(const std::filesystem::path& path) {
  const MappedFile file(path);
  if (file.bytes().size() > kMaxFileBytes) {
    throw UserError(fmt::format("{}: {} bytes are too many for a tokenizer (limit {})",
                                path.string(), file.bytes().size(), kMaxFileBytes));
  }
  return parse_tokenizer_json(
      {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()}, path.string());
}

}  // namespace temper::text
