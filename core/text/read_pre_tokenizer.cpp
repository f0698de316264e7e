// The "pre_tokenizer" section of a tokenizer.json.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/text/tokenizer_components.h"

namespace temper::text {
namespace {

SplitBehavior behavior_named(const JsonFields& fields, std::string_view name) {
  if (name == "Isolated") return SplitBehavior::kIsolated;
  if (name == "Removed") return SplitBehavior::kRemoved;
  if (name == "MergedWithPrevious") return SplitBehavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return SplitBehavior::kMergedWithNext;
  if (name == "Contiguous") return SplitBehavior::kContiguous;
  fields.fail(fmt::format("behavior \"{}\" is not supported", name));
}

std::unique_ptr<PreTokenizer> read_split(JsonFields* fields) {
  auto pattern = read_pattern(fields);
  const SplitBehavior behavior = behavior_named(*fields, fields->string("behavior"));
  return make_split(std::move(pattern), behavior, fields->boolean("invert"));
}

std::unique_ptr<PreTokenizer> read_byte_level(JsonFields* fields, bool spell_bytes) {
  const bool add_prefix_space = fields->boolean("add_prefix_space");
  fields->boolean("trim_offsets", true);  // matters in the post-processor only
  return make_byte_level(add_prefix_space, fields->boolean("use_regex", true), spell_bytes);
}

std::unique_ptr<PreTokenizer> read_fixed_length(JsonFields* fields) {
  const std::int64_t length = fields->integer("length", 5);
  if (length < 1) fields->fail(fmt::format("\"length\" must be 1 or more, found {}", length));
  return make_fixed_length(static_cast<std::size_t>(length));
}

std::unique_ptr<PreTokenizer> read_at(simdjson::dom::element json, const std::string& where,
                                      int depth, bool spell_bytes) {
  JsonFields fields(json, where);
  const std::string type = fields.string("type");
  std::unique_ptr<PreTokenizer> stage;
  if (type == "Sequence") {
    std::vector<std::unique_ptr<PreTokenizer>> stages;
    for (const auto& [member, place] : members_of(&fields, "pretokenizers", depth)) {
      stages.push_back(read_at(member, place, depth + 1, spell_bytes));
    }
    stage = make_pre_tokenizer_sequence(std::move(stages));
  } else if (type == "ByteLevel") {
    stage = read_byte_level(&fields, spell_bytes);
  } else if (type == "Split") {
    stage = read_split(&fields);
  } else if (type == "Digits") {
    stage = make_digits(fields.boolean("individual_digits"));
  } else if (type == "Metaspace") {
    const MetaspaceFields metaspace = read_metaspace(&fields);
    stage = make_metaspace(metaspace.replacement, metaspace.scheme, metaspace.split);
  } else if (type == "Whitespace") {
    stage = make_whitespace();
  } else if (type == "WhitespaceSplit") {
    stage = make_whitespace_split();
  } else if (type == "BertPreTokenizer") {
    stage = make_bert_pre_tokenizer();
  } else if (type == "Punctuation") {
    const auto behavior = fields.optional_string("behavior").value_or("Isolated");
    stage = make_punctuation(behavior_named(fields, behavior));
  } else if (type == "CharDelimiterSplit") {
    stage = make_delimiter_split(fields.character("delimiter"));
  } else if (type == "FixedLength") {
    stage = read_fixed_length(&fields);
  } else if (type == "UnicodeScripts") {
    stage = make_unicode_scripts();
  } else {
    refuse_component(fields, type);
  }
  fields.done();
  return stage;
}

std::string_view type_of(simdjson::dom::element json) {
  std::string_view type;
  return json.at_key("type").get(type) == simdjson::SUCCESS ? type : "";
}

std::vector<simdjson::dom::element> stages_of(simdjson::dom::element json) {
  simdjson::dom::array list;
  std::vector<simdjson::dom::element> stages;
  if (json.at_key("pretokenizers").get(list) != simdjson::SUCCESS) return stages;
  for (const simdjson::dom::element stage : list) stages.push_back(stage);
  return stages;
}

bool has_byte_level(simdjson::dom::element json) {
  if (type_of(json) == "ByteLevel") return true;
  const auto stages = stages_of(json);
  return std::any_of(stages.begin(), stages.end(), has_byte_level);
}

}  // namespace

bool ends_with_byte_level(simdjson::dom::element pre_tokenizer) {
  if (type_of(pre_tokenizer) == "ByteLevel") return true;
  const auto stages = stages_of(pre_tokenizer);
  return !stages.empty() && ends_with_byte_level(stages.back()) &&
         std::none_of(stages.begin(), stages.end() - 1, has_byte_level);
}

std::unique_ptr<PreTokenizer> read_pre_tokenizer(simdjson::dom::element json,
                                                 const std::string& where, bool spell_bytes) {
  return read_at(json, where, 0, spell_bytes);
}

}  // namespace temper::text
