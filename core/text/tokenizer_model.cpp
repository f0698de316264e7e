// The "model" section of a tokenizer.json.
#include <fmt/format.h>

#include <utility>

#include "core/base/error.h"
#include "core/text/byte_pair_encoding.h"
#include "core/text/json_fields.h"
#include "core/text/tokenizer_components.h"

namespace temper::text {
namespace {

// A merge is "left right" (old files) or ["left", "right"].
std::pair<std::string, std::string> read_merge(simdjson::dom::element json,
                                               const std::string& where) {
  std::string_view text;
  if (json.get(text) == simdjson::SUCCESS) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos || text.find(' ', space + 1) != std::string_view::npos) {
      throw UserError(
          fmt::format("{}: \"{}\" is not two tokens with a space between", where, text));
    }
    return {std::string(text.substr(0, space)), std::string(text.substr(space + 1))};
  }
  simdjson::dom::array pair;
  if (json.get(pair) != simdjson::SUCCESS || pair.size() != 2) {
    throw UserError(where + ": expected \"left right\" or [\"left\", \"right\"]");
  }
  return {std::string(json_string(pair.at(0).value(), where)),
          std::string(json_string(pair.at(1).value(), where))};
}

std::vector<std::pair<std::string, std::string>> read_merges(JsonFields* fields) {
  const simdjson::dom::array list = fields->array("merges");
  std::vector<std::pair<std::string, std::string>> merges;
  merges.reserve(list.size());
  std::size_t place = 0;
  for (const simdjson::dom::element json : list) {
    std::string_view text;
    const bool is_comment = json.get(text) == simdjson::SUCCESS && text.starts_with("#version");
    if (!is_comment) {
      merges.push_back(read_merge(json, fmt::format("{}.merges[{}]", fields->where(), place)));
    }
    ++place;
  }
  return merges;
}

std::vector<std::pair<std::string, std::int32_t>> read_vocabulary(JsonFields* fields) {
  const simdjson::dom::object object = fields->object("vocab");
  std::vector<std::pair<std::string, std::int32_t>> tokens;
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

// Features of BPE that change the tokens and that no byte-level model of ours uses.
void refuse_other_features(JsonFields* fields) {
  if (const auto dropout = fields->find("dropout")) {
    double value = 0;
    if (dropout->get(value) != simdjson::SUCCESS || value != 0) {
      fields->fail("\"dropout\" makes the tokens random; set it to null");
    }
  }
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const auto text = fields->optional_string(key);
    if (text && !text->empty()) {
      fields->fail(fmt::format("\"{}\": \"{}\" is not supported", key, *text));
    }
  }
  if (fields->boolean("byte_fallback", false)) {
    fields->fail("\"byte_fallback\" is not supported for byte-level models");
  }
}

}  // namespace

std::unique_ptr<PieceModel> read_model(simdjson::dom::element json, const std::string& where) {
  JsonFields fields(json, where);
  const std::string type = fields.optional_string("type").value_or("BPE");
  if (type != "BPE") fields.fail(fmt::format("model \"{}\" is not supported", type));
  refuse_other_features(&fields);
  BytePairVocabulary vocabulary;
  vocabulary.where = where;
  vocabulary.unknown_token = fields.optional_string("unk_token");
  vocabulary.fuse_unknown = fields.boolean("fuse_unk", false);
  vocabulary.ignore_merges = fields.boolean("ignore_merges", false);
  vocabulary.tokens = read_vocabulary(&fields);
  vocabulary.merges = read_merges(&fields);
  fields.done();
  return std::make_unique<BytePairEncoding>(vocabulary);
}

}  // namespace temper::text
