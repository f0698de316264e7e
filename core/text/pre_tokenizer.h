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

/// Digits: every numeric character (Rust's char::is_numeric: Nd, Nl, No) alone, or runs of them.
std::unique_ptr<PreTokenizer> make_digits(bool individual_digits);

/// Split: cuts at the matches of a pattern (`invert`: at what lies between them).
std::unique_ptr<PreTokenizer> make_split(std::unique_ptr<Pattern> pattern, SplitBehavior behavior,
                                         bool invert);

/// ByteLevel: a space before each section that has none, if asked; then GPT-2's regex, if asked.
/// Writing bytes in the byte alphabet is left out: our vocabulary holds bytes.
std::unique_ptr<PreTokenizer> make_byte_level(bool add_prefix_space, bool use_regex);

/// Sequence: one after the other.
std::unique_ptr<PreTokenizer> make_pre_tokenizer_sequence(
    std::vector<std::unique_ptr<PreTokenizer>> stages);

}  // namespace temper::text
