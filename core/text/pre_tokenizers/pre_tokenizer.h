#pragma once

#include <memory>
#include <vector>

#include "core/text/aligned_text.h"
#include "core/text/regex.h"

namespace temper::text {

/// A stage that cuts sections into the pieces that the model sees. Sections that are added tokens
/// stay; empty pieces are dropped. Immutable, thread-safe.
/// Source: huggingface/tokenizers, tokenizers/src/pre_tokenizers.
class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  virtual void apply(AlignedText* text, std::vector<Section>* sections) const = 0;
};

/// What becomes of the stretches that a Split's pattern matches.
enum class SplitBehavior {
  kRemoved,
  kIsolated,
  kMergedWithPrevious,
  kMergedWithNext,
  kContiguous,
};

/// Split: cuts at the matches of a pattern (`invert`: at what lies between them).
std::unique_ptr<PreTokenizer> make_split(std::unique_ptr<Pattern> pattern, SplitBehavior behavior,
                                         bool invert);

/// Digits: every numeric character (Rust's char::is_numeric: Nd, Nl, No) alone, or runs of them.
std::unique_ptr<PreTokenizer> make_digits(bool individual_digits);
/// Whitespace: words (\w+) and runs of what is neither word nor space; the spaces go.
std::unique_ptr<PreTokenizer> make_whitespace();
/// WhitespaceSplit: what lies between whitespace.
std::unique_ptr<PreTokenizer> make_whitespace_split();
/// BertPreTokenizer: what lies between whitespace, and every punctuation mark alone.
std::unique_ptr<PreTokenizer> make_bert_pre_tokenizer();
/// Punctuation: cuts at punctuation marks.
std::unique_ptr<PreTokenizer> make_punctuation(SplitBehavior behavior);
/// CharDelimiterSplit: what lies between the delimiters.
std::unique_ptr<PreTokenizer> make_delimiter_split(char32_t delimiter);
/// FixedLength: pieces of `length` characters.
std::unique_ptr<PreTokenizer> make_fixed_length(std::size_t length);
/// UnicodeScripts: cuts where the script changes, as SentencePiece's training does.
std::unique_ptr<PreTokenizer> make_unicode_scripts();

enum class PrependScheme { kFirst, kNever, kAlways };

/// Metaspace: spaces become `replacement`; one more is put before the text (kFirst: only at its
/// very beginning, kAlways: before each section) if none stands there; `split` then cuts before
/// each.
std::unique_ptr<PreTokenizer> make_metaspace(char32_t replacement, PrependScheme scheme,
                                             bool split);

/// ByteLevel: a space before each section that has none, if asked; then GPT-2's regex, if asked;
/// then every byte is spelled in the byte alphabet, unless the model takes bytes.
std::unique_ptr<PreTokenizer> make_byte_level(bool add_prefix_space, bool use_regex,
                                              bool spell_bytes);

/// Sequence: one after the other.
std::unique_ptr<PreTokenizer> make_pre_tokenizer_sequence(
    std::vector<std::unique_ptr<PreTokenizer>> stages);

}  // namespace temper::text
