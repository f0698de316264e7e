// The "normalizer" section of a tokenizer.json.
#include <fmt/format.h>

#include <utility>

#include "core/base/error.h"
#include "core/text/base64.h"
#include "core/text/tokenizer_components.h"

namespace temper::text {
namespace {

std::unique_ptr<Normalizer> read_precompiled(JsonFields* fields) {
  const auto charsmap = from_base64(fields->string("precompiled_charsmap"));
  if (!charsmap) fields->fail("\"precompiled_charsmap\" is not valid base64");
  return make_precompiled(*charsmap, fields->where());
}

std::unique_ptr<Normalizer> read_bert(JsonFields* fields) {
  BertNormalizerFlags flags;
  flags.clean_text = fields->boolean("clean_text");
  flags.handle_chinese_chars = fields->boolean("handle_chinese_chars");
  flags.lowercase = fields->boolean("lowercase");
  flags.strip_accents = fields->boolean("strip_accents", flags.lowercase);
  return make_bert_normalizer(flags);
}

std::unique_ptr<Normalizer> read_at(simdjson::dom::element json, const std::string& where,
                                    int depth) {
  JsonFields fields(json, where);
  const std::string type = fields.string("type");
  std::unique_ptr<Normalizer> normalizer;
  if (type == "Sequence") {
    std::vector<std::unique_ptr<Normalizer>> stages;
    for (const auto& [member, place] : members_of(&fields, "normalizers", depth)) {
      stages.push_back(read_at(member, place, depth + 1));
    }
    normalizer = make_normalizer_sequence(std::move(stages));
  } else if (type == "NFC") {
    normalizer = make_unicode_form(UnicodeForm::kNfc);
  } else if (type == "NFD") {
    normalizer = make_unicode_form(UnicodeForm::kNfd);
  } else if (type == "NFKC") {
    normalizer = make_unicode_form(UnicodeForm::kNfkc);
  } else if (type == "NFKD") {
    normalizer = make_unicode_form(UnicodeForm::kNfkd);
  } else if (type == "Lowercase") {
    normalizer = make_lowercase();
  } else if (type == "StripAccents") {
    normalizer = make_strip_accents();
  } else if (type == "Nmt") {
    normalizer = make_nmt();
  } else if (type == "Strip") {
    const bool left = fields.boolean("strip_left");
    normalizer = make_strip(left, fields.boolean("strip_right"));
  } else if (type == "Prepend") {
    normalizer = make_prepend(fields.string("prepend"));
  } else if (type == "Replace") {
    auto pattern = read_pattern(&fields);
    normalizer = make_replace(std::move(pattern), fields.string("content"));
  } else if (type == "ByteLevel") {
    normalizer = make_byte_level_normalizer();
  } else if (type == "BertNormalizer") {
    normalizer = read_bert(&fields);
  } else if (type == "Precompiled") {
    normalizer = read_precompiled(&fields);
  } else {
    refuse_component(fields, type);
  }
  fields.done();
  return normalizer;
}

}  // namespace

std::unique_ptr<Normalizer> read_normalizer(simdjson::dom::element json, const std::string& where) {
  return read_at(json, where, 0);
}

}  // namespace temper::text
