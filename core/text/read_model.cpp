// The "model" section of a tokenizer.json.
#include <fmt/format.h>

#include <utility>

#include "core/base/error.h"
#include "core/text/models/character_pair_encoding.h"
#include "core/text/models/unigram.h"
#include "core/text/models/word_models.h"
#include "core/text/tokenizer_components.h"

namespace temper::text {
namespace {

// A merge is "left right" (old files) or ["left", "right"].
std::pair<std::string_view, std::string_view> read_merge(simdjson::dom::element json,
                                                         const JsonFields& fields,
                                                         std::size_t place) {
  const auto where = [&] { return fmt::format("{}.merges[{}]", fields.where(), place); };
  std::string_view text;
  if (json.get(text) == simdjson::SUCCESS) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos || text.find(' ', space + 1) != std::string_view::npos) {
      throw UserError(
          fmt::format("{}: \"{}\" is not two tokens with a space between", where(), text));
    }
    return {text.substr(0, space), text.substr(space + 1)};
  }
  simdjson::dom::array pair;
  if (json.get(pair) != simdjson::SUCCESS || pair.size() != 2) {
    throw UserError(where() + ": expected \"left right\" or [\"left\", \"right\"]");
  }
  return {json_string(pair.at(0).value(), where()), json_string(pair.at(1).value(), where())};
}

MergeList read_merges(JsonFields* fields) {
  const simdjson::dom::array list = fields->array("merges");
  MergeList merges;
  merges.reserve(list.size());
  std::size_t place = 0;
  for (const simdjson::dom::element json : list) {
    std::string_view text;
    const bool is_comment = json.get(text) == simdjson::SUCCESS && text.starts_with("#version");
    if (!is_comment) merges.push_back(read_merge(json, *fields, place));
    ++place;
  }
  return merges;
}

TokenList read_vocabulary(JsonFields* fields) {
  const simdjson::dom::object object = fields->object("vocab");
  TokenList tokens;
  tokens.reserve(object.size());
  for (const auto [token, json] : object) {
    std::int64_t id = 0;
    if (json.get(id) != simdjson::SUCCESS || id < 0 || id > INT32_MAX) {
      fields->fail(
          fmt::format("\"vocab\": token \"{}\" has the id {}", token, simdjson::minify(json)));
    }
    tokens.emplace_back(token, static_cast<std::int32_t>(id));
  }
  return tokens;
}

void refuse_dropout(JsonFields* fields) {
  const auto dropout = fields->find("dropout");
  double value = 0;
  if (dropout && (dropout->get(value) != simdjson::SUCCESS || value != 0)) {
    fields->fail("\"dropout\" makes the tokens random; set it to null");
  }
}

std::unique_ptr<PieceModel> read_pair_encoding(JsonFields* fields, bool pieces_are_bytes) {
  refuse_dropout(fields);
  BytePairParts parts;
  parts.where = fields->where();
  parts.unknown_token = fields->optional_string("unk_token");
  parts.continuing_subword_prefix =
      fields->optional_string("continuing_subword_prefix").value_or("");
  parts.end_of_word_suffix = fields->optional_string("end_of_word_suffix").value_or("");
  parts.fuse_unknown = fields->boolean("fuse_unk", false);
  parts.byte_fallback = fields->boolean("byte_fallback", false);
  parts.ignore_merges = fields->boolean("ignore_merges", false);
  parts.tokens = read_vocabulary(fields);
  parts.merges = read_merges(fields);
  return make_pair_encoding(parts, pieces_are_bytes);
}

std::unique_ptr<PieceModel> read_unigram(JsonFields* fields) {
  UnigramParts parts;
  parts.where = fields->where();
  parts.byte_fallback = fields->boolean("byte_fallback", false);
  if (fields->find("unk_id")) {
    const std::int64_t id = fields->integer("unk_id");
    if (id < 0 || id > INT32_MAX) fields->fail(fmt::format("\"unk_id\" is {}", id));
    parts.unknown_id = static_cast<std::int32_t>(id);
  }
  for (const simdjson::dom::element json : fields->array("vocab")) {
    simdjson::dom::array pair;
    std::string_view token;
    double score = 0;
    if (json.get(pair) != simdjson::SUCCESS || pair.size() != 2 ||
        pair.at(0).get(token) != simdjson::SUCCESS || pair.at(1).get(score) != simdjson::SUCCESS) {
      fields->fail(fmt::format("\"vocab\"[{}] must be a token and its score, found {}",
                               parts.tokens.size(), simdjson::minify(json)));
    }
    parts.tokens.emplace_back(token, score);
  }
  return std::make_unique<Unigram>(parts);
}

std::unique_ptr<PieceModel> read_word_piece(JsonFields* fields) {
  WordPieceParts parts;
  parts.where = fields->where();
  parts.unknown_token = fields->string("unk_token");
  parts.continuing_subword_prefix = fields->string("continuing_subword_prefix");
  parts.max_characters = fields->integer("max_input_chars_per_word");
  if (parts.max_characters < 0) fields->fail("\"max_input_chars_per_word\" is negative");
  parts.tokens = read_vocabulary(fields);
  return make_word_piece(parts);
}

std::unique_ptr<PieceModel> read_word_level(JsonFields* fields) {
  WordLevelParts parts;
  parts.where = fields->where();
  parts.unknown_token = fields->string("unk_token");
  parts.tokens = read_vocabulary(fields);
  return make_word_level(parts);
}

// Old files do not name the model; its fields do.
std::string type_of(JsonFields* fields) {
  if (const auto type = fields->optional_string("type")) return *type;
  if (fields->find("merges")) return "BPE";
  if (fields->find("continuing_subword_prefix")) return "WordPiece";
  return fields->required("vocab").is_array() ? "Unigram" : "WordLevel";
}

}  // namespace

std::unique_ptr<PieceModel> read_model(simdjson::dom::element json, const std::string& where,
                                       bool pieces_are_bytes) {
  JsonFields fields(json, where);
  const std::string type = type_of(&fields);
  std::unique_ptr<PieceModel> model;
  if (type == "BPE") {
    model = read_pair_encoding(&fields, pieces_are_bytes);
  } else if (type == "Unigram") {
    model = read_unigram(&fields);
  } else if (type == "WordPiece") {
    model = read_word_piece(&fields);
  } else if (type == "WordLevel") {
    model = read_word_level(&fields);
  } else {
    fields.fail(fmt::format("model \"{}\" is not supported", type));
  }
  fields.done();
  return model;
}

}  // namespace temper::text
