// The "post_processor" section of a tokenizer.json.
#include <fmt/format.h>

#include <utility>

#include "core/text/tokenizer_components.h"

namespace temper::text {
namespace {

std::unique_ptr<PostProcessor> read_template(JsonFields* fields) {
  const simdjson::dom::element specials = fields->required("special_tokens");
  fields->find("pair");  // for pairs of texts, which we don't have
  std::vector<TemplateItem> items;
  for (const auto& [member, place] : members_of(fields, "single", 0)) {
    JsonFields item(member, place);
    const auto sequence = item.find("Sequence");
    const auto special = item.find("SpecialToken");
    item.done();
    if (sequence.has_value() == special.has_value()) {
      item.fail("expected one of \"Sequence\" and \"SpecialToken\"");
    }
    TemplateItem& added = items.emplace_back();
    JsonFields chosen(sequence ? *sequence : *special, place);
    const std::string id = chosen.string("id");
    chosen.integer("type_id");
    chosen.done();
    if (sequence) {
      if (id != "A") chosen.fail(fmt::format("sequence \"{}\" is not supported", id));
      continue;
    }
    JsonFields all(specials, fields->where() + ".special_tokens");
    JsonFields token(all.required(id), fmt::format("{}.special_tokens.{}", fields->where(), id));
    for (const simdjson::dom::element number : token.array("ids")) {
      std::int64_t value = 0;
      if (number.get(value) != simdjson::SUCCESS || value < 0 || value > INT32_MAX) {
        token.fail("\"ids\" must be token ids");
      }
      added.ids.push_back(static_cast<std::int32_t>(value));
    }
    if (added.ids.empty()) token.fail("\"ids\" is empty");
  }
  return make_template_processor(std::move(items));
}

// ["token", id], as BERT's and RoBERTa's processors name their special tokens.
std::int32_t read_named_id(JsonFields* fields, std::string_view key) {
  const simdjson::dom::array pair = fields->array(key);
  std::int64_t id = -1;
  if (pair.size() != 2 || pair.at(1).get(id) != simdjson::SUCCESS || id < 0 || id > INT32_MAX) {
    fields->fail(fmt::format("\"{}\" must be a token and its id", key));
  }
  return static_cast<std::int32_t>(id);
}

std::unique_ptr<PostProcessor> read_class_and_separator(JsonFields* fields) {
  const std::int32_t separator = read_named_id(fields, "sep");
  return make_template_processor({{{read_named_id(fields, "cls")}}, {}, {{separator}}});
}

std::unique_ptr<PostProcessor> read_roberta(JsonFields* fields) {
  std::vector<std::unique_ptr<PostProcessor>> stages;
  const bool add_prefix_space = fields->boolean("add_prefix_space");
  if (fields->boolean("trim_offsets")) stages.push_back(make_offset_trimmer(add_prefix_space));
  stages.push_back(read_class_and_separator(fields));
  return make_post_processor_sequence(std::move(stages));
}

std::unique_ptr<PostProcessor> read_at(simdjson::dom::element json, const std::string& where,
                                       int depth) {
  JsonFields fields(json, where);
  const std::string type = fields.string("type");
  std::unique_ptr<PostProcessor> stage;
  if (type == "TemplateProcessing") {
    stage = read_template(&fields);
  } else if (type == "ByteLevel") {
    const bool add_prefix_space = fields.boolean("add_prefix_space");
    fields.boolean("use_regex", true);  // matters in the pre-tokenizer only
    std::vector<std::unique_ptr<PostProcessor>> none;
    stage = fields.boolean("trim_offsets") ? make_offset_trimmer(add_prefix_space)
                                           : make_post_processor_sequence(std::move(none));
  } else if (type == "BertProcessing") {
    stage = read_class_and_separator(&fields);
  } else if (type == "RobertaProcessing") {
    stage = read_roberta(&fields);
  } else if (type == "Sequence") {
    std::vector<std::unique_ptr<PostProcessor>> stages;
    for (const auto& [member, place] : members_of(&fields, "processors", depth)) {
      stages.push_back(read_at(member, place, depth + 1));
    }
    stage = make_post_processor_sequence(std::move(stages));
  } else {
    refuse_component(fields, type);
  }
  fields.done();
  return stage;
}

}  // namespace

std::unique_ptr<PostProcessor> read_post_processor(simdjson::dom::element json,
                                                   const std::string& where) {
  return read_at(json, where, 0);
}

}  // namespace temper::text
