// Any text, through components of every kind: it encodes with offsets inside the text and decodes,
// or is a UserError.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/text/streaming_decoder.h"
#include "core/text/tokenizer.h"

namespace {

using temper::text::Tokenizer;

constexpr const char* kAdded =
    R"("added_tokens": [{"id": 4, "content": "<s>", "single_word": false, "lstrip": true, "rstrip": true, "normalized": false, "special": true},
      {"id": 5, "content": "word", "single_word": true, "lstrip": false, "rstrip": false, "normalized": true, "special": false}],)";

std::unique_ptr<Tokenizer> tokenizer(const std::string& sections) {
  return temper::text::parse_tokenizer_json("{" + std::string(kAdded) + sections + "}", "fuzz");
}

std::string sequence_of(const char* list, const std::string& stages) {
  return R"({"type": "Sequence", ")" + std::string(list) + "\": [" + stages + "]}";
}

const std::array<std::unique_ptr<Tokenizer>, 3>& tokenizers() {
  static const std::array<std::unique_ptr<Tokenizer>, 3> all = {
      tokenizer(
          R"("normalizer": )" +
          sequence_of("normalizers", R"({"type": "NFKD"}, {"type": "Nmt"}, {"type": "StripAccents"},
                  {"type": "Lowercase"}, {"type": "Prepend", "prepend": "x"}, {"type": "NFKC"})") +
          R"(, "pre_tokenizer": )" +
          sequence_of("pretokenizers", R"({"type": "UnicodeScripts"}, {"type": "BertPreTokenizer"},
                  {"type": "Metaspace", "replacement": "_", "prepend_scheme": "first", "split": true})") +
          R"(, "model": {"type": "WordPiece", "unk_token": "u", "continuing_subword_prefix": "#",
                  "max_input_chars_per_word": 50, "vocab": {"u": 0, "a": 1, "#b": 2, "_": 3}})"),
      tokenizer(
          R"("normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                  "strip_accents": true, "lowercase": true},
                "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": true,
                  "vocab": [["u", 0], ["a", -1], ["ab", -1.5], ["b", -2]]})"),
      tokenizer(
          R"("normalizer": {"type": "Replace", "pattern": {"Regex": "\\s+|[^\\P{L}a]"}, "content": "ab"},
                "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a*"}, "behavior": "MergedWithNext", "invert": true},
                "model": {"type": "BPE", "unk_token": "u", "fuse_unk": true, "byte_fallback": true,
                  "vocab": {"u": 0, "a": 1, "b": 2, "ab": 3}, "merges": ["a b"]},
                "decoder": {"type": "ByteFallback"})")};
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& tokenizer : tokenizers()) {
    try {
      const temper::text::Encoding encoding = tokenizer->encode(text, true);
      for (const auto& range : encoding.offsets) {
        if (range.begin > range.end || range.end > size) std::abort();
      }
      tokenizer->decode(encoding.ids, true);
      temper::text::StreamingDecoder decoder(*tokenizer, false);
      for (const auto id : encoding.ids) decoder.push(id);
      decoder.finish();
    } catch (const temper::UserError&) {
    }
  }
  return 0;
}
