#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/text/aligned_text.h"

namespace temper::text {

/// Spaces at the start and end of a token, in characters.
struct Margins {
  std::uint32_t leading = 0;
  std::uint32_t trailing = 0;
};
/// Of a token as it stands: whitespace, and Ġ, the space of the byte alphabet.
Margins margins_of(std::string_view token);

/// The tokens of a text, on their way out. Offsets are in the original text.
struct ProcessedText {
  Encoding encoding;
  /// One a token; filled if a stage wants them.
  std::vector<Margins> margins;
};

/// A stage behind the model. Immutable, thread-safe.
/// Source: huggingface/tokenizers, tokenizers/src/processors.
class PostProcessor {
 public:
  virtual ~PostProcessor() = default;
  virtual bool wants_margins() const { return false; }
  virtual void apply(std::string_view original, bool add_special_tokens,
                     ProcessedText* text) const = 0;
};

/// One item of a template: special tokens, or the text itself if there are none.
struct TemplateItem {
  std::vector<std::int32_t> ids;
};

/// TemplateProcessing for a single text.
std::unique_ptr<PostProcessor> make_template_processor(std::vector<TemplateItem> items);

/// ByteLevel: offsets leave out the spaces at the ends of a token. With `add_prefix_space` a single
/// space at the start of the text counts as the one that was added, and stays.
std::unique_ptr<PostProcessor> make_offset_trimmer(bool add_prefix_space);

std::unique_ptr<PostProcessor> make_post_processor_sequence(
    std::vector<std::unique_ptr<PostProcessor>> stages);

}  // namespace temper::text
