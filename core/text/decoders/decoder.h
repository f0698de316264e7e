#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/regex.h"

namespace temper::text {

/// A stage that turns tokens, as the vocabulary spells them, back into text. What the last stage
/// gives is joined. Immutable, thread-safe.
/// Source: huggingface/tokenizers, tokenizers/src/decoders.
class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual std::vector<std::string> decode(std::vector<std::string> tokens) const = 0;
  /// The bytes that a token stands for in the middle of a text; need not be whole characters.
  virtual std::string bytes_of(std::string token) const { return token; }
};

/// ByteLevel: from the byte alphabet to bytes; invalid UTF-8 becomes U+FFFD.
std::unique_ptr<Decoder> make_byte_level_decoder();
/// ByteFallback: runs of <0xXX> tokens become characters, or one U+FFFD a byte.
std::unique_ptr<Decoder> make_byte_fallback_decoder();
/// Metaspace: `replacement` becomes a space, and nothing in the first token if one was put before
/// the text.
std::unique_ptr<Decoder> make_metaspace_decoder(char32_t replacement, bool with_prefix);
/// WordPiece: tokens without `prefix` begin a word; `cleanup` sets punctuation close.
std::unique_ptr<Decoder> make_word_piece_decoder(std::string prefix, bool cleanup);
/// BPEDecoder: `suffix` ends a word.
std::unique_ptr<Decoder> make_suffix_decoder(std::string suffix);
/// CTC: one token of a run of equals, none of padding.
std::unique_ptr<Decoder> make_ctc_decoder(std::string pad_token, std::string word_delimiter,
                                          bool cleanup);
/// Replace: `content` for what `pattern` finds.
std::unique_ptr<Decoder> make_replace_decoder(std::unique_ptr<Pattern> pattern,
                                              std::string content);
/// Strip: at most `start` and `stop` times `content` at the ends of each token.
std::unique_ptr<Decoder> make_strip_decoder(char32_t content, std::size_t start, std::size_t stop);
/// Fuse: all tokens as one.
std::unique_ptr<Decoder> make_fuse_decoder();
/// Sequence: one after the other.
std::unique_ptr<Decoder> make_decoder_sequence(std::vector<std::unique_ptr<Decoder>> stages);

/// All of `from` (not empty) in `text` replaced.
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);

}  // namespace temper::text
