#pragma once

#include <simdjson.h>

#include <memory>
#include <string>

#include "core/text/normalizer.h"
#include "core/text/piece_model.h"
#include "core/text/post_processor.h"
#include "core/text/pre_tokenizer.h"

namespace temper::text {

/// The components of a tokenizer.json, each from its own JSON object. UserError starting with
/// `where` and naming the component or flag that is not supported.
/// Format: huggingface/tokenizers, the serde definitions of each component.

std::unique_ptr<Normalizer> read_normalizer(simdjson::dom::element json, const std::string& where);

/// Must end with ByteLevel, the only way to the byte-level model.
std::unique_ptr<PreTokenizer> read_pre_tokenizer(simdjson::dom::element json,
                                                 const std::string& where);

std::unique_ptr<PieceModel> read_model(simdjson::dom::element json, const std::string& where);

std::unique_ptr<PostProcessor> read_post_processor(simdjson::dom::element json,
                                                   const std::string& where);

/// Byte-level tokens are decoded in one way; this only checks that the file asks for it.
void check_decoder(simdjson::dom::element json, const std::string& where);

}  // namespace temper::text
