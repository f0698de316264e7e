#pragma once

#include <simdjson.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/text/decoders/decoder.h"
#include "core/text/json_fields.h"
#include "core/text/models/piece_model.h"
#include "core/text/normalizers/normalizer.h"
#include "core/text/post_processor.h"
#include "core/text/pre_tokenizers/pre_tokenizer.h"

namespace temper::text {

/// The components of a tokenizer.json, each from its own JSON object. UserError starting with
/// `where` and naming the component or flag that is not supported.
/// Format: huggingface/tokenizers, the serde definitions of each component.

std::unique_ptr<Normalizer> read_normalizer(simdjson::dom::element json, const std::string& where);

/// `spell_bytes`: whether ByteLevel has to write bytes in the byte alphabet for the model.
std::unique_ptr<PreTokenizer> read_pre_tokenizer(simdjson::dom::element json,
                                                 const std::string& where, bool spell_bytes);
/// Whether ByteLevel is the last thing that the pre-tokenizer does, and only there.
bool ends_with_byte_level(simdjson::dom::element pre_tokenizer);

/// `pieces_are_bytes`: nothing but ByteLevel's spelling comes between the text and the model.
std::unique_ptr<PieceModel> read_model(simdjson::dom::element json, const std::string& where,
                                       bool pieces_are_bytes);

std::unique_ptr<PostProcessor> read_post_processor(simdjson::dom::element json,
                                                   const std::string& where);

std::unique_ptr<Decoder> read_decoder(simdjson::dom::element json, const std::string& where);

/// What the readers share.

/// UserError: this component is not one that we know.
[[noreturn]] void refuse_component(const JsonFields& fields, const std::string& type);

/// The members of a Sequence with their places, for errors. UserError if `depth` says that
/// Sequences are nested too deep.
std::vector<std::pair<simdjson::dom::element, std::string>> members_of(JsonFields* fields,
                                                                       std::string_view key,
                                                                       int depth);

/// {"Regex": …} or {"String": …}.
std::unique_ptr<Pattern> read_pattern(JsonFields* fields);

struct MetaspaceFields {
  char32_t replacement = 0;
  PrependScheme scheme = PrependScheme::kAlways;
  bool split = true;
};
/// Metaspace is the same object as pre-tokenizer and decoder.
MetaspaceFields read_metaspace(JsonFields* fields);

}  // namespace temper::text
