#include "core/text/tokenizer_components.h"

#include <fmt/format.h>

namespace temper::text {
namespace {

// Nested Sequences beyond this are no tokenizer.
constexpr int kMaxDepth = 16;

}  // namespace

void refuse_component(const JsonFields& fields, const std::string& type) {
  fields.fail(fmt::format("component \"{}\" is not supported", type));
}

std::vector<std::pair<simdjson::dom::element, std::string>> members_of(JsonFields* fields,
                                                                       std::string_view key,
                                                                       int depth) {
  if (depth >= kMaxDepth) fields->fail(fmt::format("nested more than {} deep", kMaxDepth));
  std::vector<std::pair<simdjson::dom::element, std::string>> list;
  for (const simdjson::dom::element member : fields->array(key)) {
    list.emplace_back(member, fmt::format("{}.{}[{}]", fields->where(), key, list.size()));
  }
  return list;
}

std::unique_ptr<Pattern> read_pattern(JsonFields* fields) {
  JsonFields pattern(fields->required("pattern"), fields->where() + ".pattern");
  const auto regex = pattern.optional_string("Regex");
  const auto literal = pattern.optional_string("String");
  pattern.done();
  if (regex.has_value() == literal.has_value()) {
    pattern.fail("expected one of \"Regex\" and \"String\"");
  }
  if (literal && literal->empty()) pattern.fail("\"String\" is empty");
  return regex ? make_regex_pattern(*regex, pattern.where()) : make_literal_pattern(*literal);
}

MetaspaceFields read_metaspace(JsonFields* fields) {
  MetaspaceFields metaspace;
  metaspace.replacement = fields->character("replacement");
  metaspace.split = fields->boolean("split", true);
  fields->optional_string("str_rep");  // an old copy of the replacement
  const auto scheme = fields->optional_string("prepend_scheme");
  const bool legacy_prefix = fields->boolean("add_prefix_space", true);
  if (scheme == "first") {
    metaspace.scheme = PrependScheme::kFirst;
  } else if (scheme == "never" || (!scheme && !legacy_prefix)) {
    metaspace.scheme = PrependScheme::kNever;
  } else if (scheme && scheme != "always") {
    fields->fail(fmt::format("prepend_scheme \"{}\" is not supported", *scheme));
  }
  if (!legacy_prefix && metaspace.scheme != PrependScheme::kNever) {
    fields->fail("\"add_prefix_space\": false contradicts \"prepend_scheme\"");
  }
  return metaspace;
}

}  // namespace temper::text
