#pragma once

#include <string>
#include <vector>

#include "core/text/tokenizer.h"

namespace temper::text {

/// Decodes tokens one by one. What comes out, put together, is what decode() gives for all of them,
/// and no part ends inside a character: its bytes wait for the tokens that complete it.
/// Not thread-safe. Source: huggingface/tokenizers, tokenizer/mod.rs, step_decode_stream.
class StreamingDecoder {
 public:
  /// `tokenizer` must outlive this object.
  StreamingDecoder(const Tokenizer& tokenizer, bool skip_special_tokens)
      : tokenizer_(tokenizer), skip_special_tokens_(skip_special_tokens) {}

  /// The text that `id` adds; "" while a character is incomplete.
  std::string push(std::int32_t id);
  /// What still waits, with U+FFFD for incomplete characters.
  std::string finish();

 private:
  std::string decode() const;

  const Tokenizer& tokenizer_;
  bool skip_special_tokens_;
  // The tokens that what is next may depend on: those of the last part, whose text is `shown_`,
  // and those that wait.
  std::vector<std::int32_t> ids_;
  std::size_t num_shown_ = 0;  // of ids_
  std::string shown_;
};

}  // namespace temper::text
