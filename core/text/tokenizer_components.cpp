#include "core/text/tokenizer_components.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/text/json_fields.h"

namespace temper::text {
namespace {

// Nested Sequences beyond this are no tokenizer.
constexpr int kMaxDepth = 16;

[[noreturn]] void refuse_type(const JsonFields& fields, const std::string& type) {
  fields.fail(fmt::format("component \"{}\" is not supported", type));
}

// The members of a Sequence with their places, for errors.
std::vector<std::pair<simdjson::dom::element, std::string>> members(JsonFields* fields,
                                                                    std::string_view key,
                                                                    int depth) {
  if (depth >= kMaxDepth) fields->fail(fmt::format("nested more than {} deep", kMaxDepth));
  std::vector<std::pair<simdjson::dom::element, std::string>> list;
  for (const simdjson::dom::element member : fields->array(key)) {
    list.emplace_back(member, fmt::format("{}.{}[{}]", fields->where(), key, list.size()));
  }
  return list;
}

std::unique_ptr<Normalizer> read_normalizer_at(simdjson::dom::element json,
                                               const std::string& where, int depth) {
  JsonFields fields(json, where);
  const std::string type = fields.string("type");
  std::unique_ptr<Normalizer> normalizer;
  if (type == "NFC") {
    normalizer = make_nfc();
  } else if (type == "Sequence") {
    std::vector<std::unique_ptr<Normalizer>> stages;
    for (const auto& [member, place] : members(&fields, "normalizers", depth)) {
      stages.push_back(read_normalizer_at(member, place, depth + 1));
    }
    normalizer = make_normalizer_sequence(std::move(stages));
  } else {
    refuse_type(fields, type);
  }
  fields.done();
  return normalizer;
}

SplitBehavior read_behavior(JsonFields* fields) {
  const std::string name = fields->string("behavior");
  if (name == "Isolated") return SplitBehavior::kIsolated;
  if (name == "Removed") return SplitBehavior::kRemoved;
  if (name == "MergedWithPrevious") return SplitBehavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return SplitBehavior::kMergedWithNext;
  if (name == "Contiguous") return SplitBehavior::kContiguous;
  fields->fail(fmt::format("behavior \"{}\" is not supported", name));
}

std::unique_ptr<PreTokenizer> read_split(JsonFields* fields) {
  JsonFields pattern(fields->required("pattern"), fields->where() + ".pattern");
  const auto regex = pattern.optional_string("Regex");
  const auto literal = pattern.optional_string("String");
  pattern.done();
  if (regex.has_value() == literal.has_value()) {
    pattern.fail("expected one of \"Regex\" and \"String\"");
  }
  const SplitBehavior behavior = read_behavior(fields);
  return make_split(
      regex ? make_regex_pattern(*regex, pattern.where()) : make_literal_pattern(*literal),
      behavior, fields->boolean("invert"));
}

// `ends_bytes` tells whether the component turns text into bytes, which only the last one may do.
std::unique_ptr<PreTokenizer> read_pre_tokenizer_at(simdjson::dom::element json,
                                                    const std::string& where, int depth,
                                                    bool* ends_bytes) {
  JsonFields fields(json, where);
  const std::string type = fields.string("type");
  std::unique_ptr<PreTokenizer> stage;
  if (type == "Digits") {
    stage = make_digits(fields.boolean("individual_digits"));
  } else if (type == "Split") {
    stage = read_split(&fields);
  } else if (type == "ByteLevel") {
    const bool add_prefix_space = fields.boolean("add_prefix_space");
    fields.boolean("trim_offsets", true);  // matters in the post-processor only
    stage = make_byte_level(add_prefix_space, fields.boolean("use_regex", true));
    *ends_bytes = true;
  } else if (type == "Sequence") {
    std::vector<std::unique_ptr<PreTokenizer>> stages;
    for (const auto& [member, place] : members(&fields, "pretokenizers", depth)) {
      if (*ends_bytes) {
        throw UserError(fmt::format("{}: a component behind ByteLevel is not supported", place));
      }
      stages.push_back(read_pre_tokenizer_at(member, place, depth + 1, ends_bytes));
    }
    stage = make_pre_tokenizer_sequence(std::move(stages));
  } else {
    refuse_type(fields, type);
  }
  fields.done();
  return stage;
}

std::unique_ptr<PostProcessor> read_template(JsonFields* fields) {
  const simdjson::dom::element specials = fields->required("special_tokens");
  fields->find("pair");  // for pairs of texts, which we don't have
  std::vector<TemplateItem> items;
  for (const auto& [member, place] : members(fields, "single", 0)) {
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

std::unique_ptr<PostProcessor> read_post_processor_at(simdjson::dom::element json,
                                                      const std::string& where, int depth) {
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
  } else if (type == "Sequence") {
    std::vector<std::unique_ptr<PostProcessor>> stages;
    for (const auto& [member, place] : members(&fields, "processors", depth)) {
      stages.push_back(read_post_processor_at(member, place, depth + 1));
    }
    stage = make_post_processor_sequence(std::move(stages));
  } else {
    refuse_type(fields, type);
  }
  fields.done();
  return stage;
}

void check_decoder_at(simdjson::dom::element json, const std::string& where, int depth) {
  JsonFields fields(json, where);
  const std::string type = fields.string("type");
  if (type == "Sequence") {
    for (const auto& [member, place] : members(&fields, "decoders", depth)) {
      check_decoder_at(member, place, depth + 1);
    }
  } else if (type != "ByteLevel") {
    refuse_type(fields, type);
  }
}

}  // namespace

std::unique_ptr<Normalizer> read_normalizer(simdjson::dom::element json, const std::string& where) {
  return read_normalizer_at(json, where, 0);
}

std::unique_ptr<PreTokenizer> read_pre_tokenizer(simdjson::dom::element json,
                                                 const std::string& where) {
  bool ends_bytes = false;
  auto stage = read_pre_tokenizer_at(json, where, 0, &ends_bytes);
  if (!ends_bytes) {
    throw UserError(where + ": a pre-tokenizer that doesn't end with ByteLevel is not supported");
  }
  return stage;
}

std::unique_ptr<PostProcessor> read_post_processor(simdjson::dom::element json,
                                                   const std::string& where) {
  return read_post_processor_at(json, where, 0);
}

void check_decoder(simdjson::dom::element json, const std::string& where) {
  check_decoder_at(json, where, 0);
}

}  // namespace temper::text
