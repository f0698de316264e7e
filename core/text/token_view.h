#pragma once

#include <string>
#include <string_view>

#include "core/text/sample_encoder.h"

namespace temper::text {

/// Bytes on one line: line ends and other controls escaped as in C, bytes that are no UTF-8 as
/// \xNN.
std::string printable(std::string_view bytes);

/// A sample for people: its text with the trained part between ⟦ and ⟧
/// (SampleEncoder::mark_trained), then one line a token: its place, id, a * if its loss counts, and
/// what it stands for. With `colored`, trained tokens are green and the others dim (ANSI escapes).
std::string view_tokens(const ModelText& model, const SampleEncoder& encoder,
                        const EncodedSample& sample, bool colored);

/// The same for programs, one JSON object on one line: {"origin", "text" (marked as above),
/// "num_trained", "tokens": [{"id", "text", "trained"}]}.
std::string tokens_json(const ModelText& model, const SampleEncoder& encoder,
                        const EncodedSample& sample, const std::string& origin);

}  // namespace temper::text
