#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/regex.h"
#include "core/text/rewritten_text.h"

namespace temper::text {

/// A stage that rewrites text before it is cut into pieces. Immutable, thread-safe.
/// Source: huggingface/tokenizers, tokenizers/src/normalizers.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  /// True if `text` surely stays as it is; a quick look, so that plain text costs nothing.
  virtual bool leaves_alone(std::string_view /*text*/) const { return false; }
  virtual void apply(RewrittenText* text) const = 0;
};

enum class UnicodeForm { kNfc, kNfd, kNfkc, kNfkd };

/// NFC, NFD, NFKC, NFKD (UAX #15) with the tables of Unicode 9, as the tokenizers have them.
std::unique_ptr<Normalizer> make_unicode_form(UnicodeForm form);

/// Lowercase: Unicode's lower case of each character.
std::unique_ptr<Normalizer> make_lowercase();
/// StripAccents: without combining marks.
std::unique_ptr<Normalizer> make_strip_accents();
/// Nmt: without controls; odd spaces become plain ones.
std::unique_ptr<Normalizer> make_nmt();
/// Strip: without whitespace at the ends.
std::unique_ptr<Normalizer> make_strip(bool left, bool right);
/// Prepend: `prefix` before a text that is not empty.
std::unique_ptr<Normalizer> make_prepend(std::string prefix);
/// Replace: `content` in place of what `pattern` finds.
std::unique_ptr<Normalizer> make_replace(std::unique_ptr<Pattern> pattern, std::string content);
/// ByteLevel: every byte becomes its character of the byte alphabet.
std::unique_ptr<Normalizer> make_byte_level_normalizer();

struct BertNormalizerFlags {
  bool clean_text = true;            ///< without controls; whitespace becomes plain spaces
  bool handle_chinese_chars = true;  ///< spaces around ideographs
  bool strip_accents = true;
  bool lowercase = true;
};
std::unique_ptr<Normalizer> make_bert_normalizer(const BertNormalizerFlags& flags);

/// Precompiled: SentencePiece's charsmap, raw (not base64). UserError naming `where` if it is not
/// one. Source: sentencepiece, src/normalizer.cc, and Hugging Face's crate spm_precompiled.
std::unique_ptr<Normalizer> make_precompiled(std::string charsmap, const std::string& where);

/// Sequence: one after the other.
std::unique_ptr<Normalizer> make_normalizer_sequence(
    std::vector<std::unique_ptr<Normalizer>> stages);

/// Rewrites every section that is not an added token; the sections move with the text, and those
/// that become empty go.
void normalize(const Normalizer& normalizer, AlignedText* text, std::vector<Section>* sections);

/// The normal form of a text on its own.
std::string normalize(const Normalizer& normalizer, std::string_view text);

}  // namespace temper::text
