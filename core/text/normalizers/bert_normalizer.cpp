#include "core/text/normalizers/normalizer.h"
#include "core/text/unicode/unicode_properties.h"
#include "core/text/utf8.h"
#include "core/text/whitespace.h"

namespace temper::text {
namespace {

// The blocks of ideographs that BERT cuts apart.
bool is_ideograph(char32_t code) {
  return (code >= 0x4E00 && code <= 0x9FFF) || (code >= 0x3400 && code <= 0x4DBF) ||
         (code >= 0x20000 && code <= 0x2A6DF) || (code >= 0x2A700 && code <= 0x2B73F) ||
         (code >= 0x2B740 && code <= 0x2B81F) || (code >= 0x2B920 && code <= 0x2CEAF) ||
         (code >= 0xF900 && code <= 0xFAFF) || (code >= 0x2F800 && code <= 0x2FA1F);
}

class BertNormalizer final : public Normalizer {
 public:
  explicit BertNormalizer(const BertNormalizerFlags& flags) : flags_(flags) {
    if (flags.strip_accents) decompose_ = make_unicode_form(UnicodeForm::kNfd);
    if (flags.lowercase) lowercase_ = make_lowercase();
  }

  void apply(RewrittenText* text) const override {
    if (flags_.clean_text) {
      text->filter([](char32_t code) { return code != 0 && code != 0xFFFD && !is_control(code); });
      text->map([](char32_t code) { return is_whitespace(code) ? U' ' : code; });
    }
    if (flags_.handle_chinese_chars) set_ideographs_apart(text);
    if (flags_.strip_accents) {
      decompose_->apply(text);
      text->filter([](char32_t code) { return !is_nonspacing_mark(code); });
    }
    if (flags_.lowercase) lowercase_->apply(text);
  }

 private:
  static void set_ideographs_apart(RewrittenText* text) {
    std::vector<Change> changes;
    const std::string_view source = text->text();
    for (std::size_t at = 0; at < source.size();) {
      const Character character = character_at(source, at);
      at += character.length_bytes;
      if (!is_ideograph(character.code)) {
        changes.push_back({character.code, 0});
        continue;
      }
      changes.push_back({U' ', 0});
      changes.push_back({character.code, 1});
      changes.push_back({U' ', 1});
    }
    text->transform(changes);
  }

  BertNormalizerFlags flags_;
  std::unique_ptr<Normalizer> decompose_;
  std::unique_ptr<Normalizer> lowercase_;
};

}  // namespace

std::unique_ptr<Normalizer> make_bert_normalizer(const BertNormalizerFlags& flags) {
  return std::make_unique<BertNormalizer>(flags);
}

}  // namespace temper::text
