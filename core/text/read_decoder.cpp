// The "decoder" section of a tokenizer.json.
#include <fmt/format.h>

#include <utility>

#include "core/text/tokenizer_components.h"

namespace temper::text {
namespace {

std::string nonempty(JsonFields* fields, std::string_view key) {
  std::string text = fields->string(key);
  if (text.empty()) fields->fail(fmt::format("\"{}\" is empty", key));
  return text;
}

std::unique_ptr<Decoder> read_strip(JsonFields* fields) {
  const char32_t content = fields->character("content");
  const std::int64_t start = fields->integer("start");
  const std::int64_t stop = fields->integer("stop");
  if (start < 0 || stop < 0) fields->fail("\"start\" and \"stop\" must be 0 or more");
  return make_strip_decoder(content, static_cast<std::size_t>(start),
                            static_cast<std::size_t>(stop));
}

std::unique_ptr<Decoder> read_byte_level(JsonFields* fields) {
  fields->boolean("add_prefix_space");  // these matter in the pre-tokenizer only
  fields->boolean("trim_offsets", true);
  fields->boolean("use_regex", true);
  return make_byte_level_decoder();
}

std::unique_ptr<Decoder> read_at(simdjson::dom::element json, const std::string& where, int depth) {
  JsonFields fields(json, where);
  const std::string type = fields.string("type");
  std::unique_ptr<Decoder> decoder;
  if (type == "Sequence") {
    std::vector<std::unique_ptr<Decoder>> stages;
    for (const auto& [member, place] : members_of(&fields, "decoders", depth)) {
      stages.push_back(read_at(member, place, depth + 1));
    }
    decoder = make_decoder_sequence(std::move(stages));
  } else if (type == "ByteLevel") {
    decoder = read_byte_level(&fields);
  } else if (type == "ByteFallback") {
    decoder = make_byte_fallback_decoder();
  } else if (type == "Fuse") {
    decoder = make_fuse_decoder();
  } else if (type == "Replace") {
    auto pattern = read_pattern(&fields);
    decoder = make_replace_decoder(std::move(pattern), fields.string("content"));
  } else if (type == "Strip") {
    decoder = read_strip(&fields);
  } else if (type == "Metaspace") {
    const MetaspaceFields metaspace = read_metaspace(&fields);
    decoder =
        make_metaspace_decoder(metaspace.replacement, metaspace.scheme != PrependScheme::kNever);
  } else if (type == "WordPiece") {
    std::string prefix = fields.string("prefix");
    decoder = make_word_piece_decoder(std::move(prefix), fields.boolean("cleanup"));
  } else if (type == "BPEDecoder") {
    decoder = make_suffix_decoder(nonempty(&fields, "suffix"));
  } else if (type == "CTC") {
    std::string pad = nonempty(&fields, "pad_token");
    std::string delimiter = nonempty(&fields, "word_delimiter_token");
    decoder = make_ctc_decoder(std::move(pad), std::move(delimiter), fields.boolean("cleanup"));
  } else {
    refuse_component(fields, type);
  }
  fields.done();
  return decoder;
}

}  // namespace

std::unique_ptr<Decoder> read_decoder(simdjson::dom::element json, const std::string& where) {
  return read_at(json, where, 0);
}

}  // namespace temper::text
