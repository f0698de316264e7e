#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/weights/gguf.h"

namespace temper::text {

struct ByteRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;  // exclusive
  bool operator==(const ByteRange&) const = default;
};

struct Encoding {
  std::vector<std::int32_t> ids;
  std::vector<ByteRange> offsets;  ///< one a token, into the text; empty range for added specials
};

/// Executes a tokenizer as written. Immutable, thread-safe.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  /// UserError on invalid UTF-8 (with the byte position). `add_special_tokens` runs the
  /// post-processor's template (BOS …); special tokens written in the text are always recognised.
  virtual Encoding encode(std::string_view text, bool add_special_tokens) const = 0;
  /// By the file's decoder; ids that are not in the vocabulary are passed over.
  virtual std::string decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const = 0;
  /// The largest id + 1.
  virtual std::int64_t vocabulary_size() const = 0;
  virtual std::optional<std::int32_t> id_of(std::string_view token) const = 0;
  /// The token as the vocabulary spells it; "" if there is no such id.
  virtual std::string token_of(std::int32_t id) const = 0;
  /// The bytes that an id stands for; for showing tokens.
  virtual std::string bytes_of(std::int32_t id) const = 0;
  /// sha256 over what decides the ids.
  virtual const std::string& fingerprint() const = 0;
  /// What the file asks for and encode() leaves to others: truncation, padding. One line each.
  virtual const std::vector<std::string>& notices() const = 0;
};

/// tokenizer.json. UserError naming a component or flag that is not supported.
std::unique_ptr<Tokenizer> load_tokenizer_json(const std::filesystem::path& path);
/// The same from the file's content; `where` names it in errors.
std::unique_ptr<Tokenizer> parse_tokenizer_json(std::string_view json, const std::string& where);
/// tokenizer.ggml.* metadata: model gpt2 with the rules that its pre names, or llama (SentencePiece
/// with scores).
std::unique_ptr<Tokenizer> load_gguf_tokenizer(const weights::GgufFile& file);

}  // namespace temper::text
