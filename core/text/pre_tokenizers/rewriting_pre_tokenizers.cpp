// The pre-tokenizers that change the text before they cut it.
#include <utility>

#include "core/text/byte_alphabet.h"
#include "core/text/pre_tokenizers/pre_tokenizer.h"
#include "core/text/pre_tokenizers/section_cutting.h"
#include "core/text/rewritten_text.h"
#include "core/text/splitters/gpt2_splitter.h"
#include "core/text/utf8.h"

namespace temper::text {
namespace {

// Builds a new text of which rewrite(&text) has changed every section that is text.
template <typename Rewrite>
void rewrite_sections(AlignedText* text, std::vector<Section>* sections, const Rewrite& rewrite) {
  AlignedTextBuilder builder(*text);
  for (Section& section : *sections) {
    if (section.added_id >= 0) {
      section = builder.copy(section);
      continue;
    }
    RewrittenText rewritten(*text, section.begin, section.end);
    rewrite(&rewritten);
    section = builder.append(rewritten.text(), rewritten.origins());
  }
  *text = std::move(builder).finish();
}

class PrefixSpace final : public PreTokenizer {
 public:
  void apply(AlignedText* text, std::vector<Section>* sections) const override {
    rewrite_sections(text, sections, [](RewrittenText* section) {
      if (!section->text().starts_with(' ')) section->prepend(" ");
    });
  }
};

class ByteSpelling final : public PreTokenizer {
 public:
  void apply(AlignedText* text, std::vector<Section>* sections) const override {
    rewrite_sections(text, sections, [&](RewrittenText* section) {
      std::vector<Change> changes;
      for (const char byte : section->text()) {
        changes.push_back({alphabet_.character_of(byte), is_continuation_byte(byte) ? 1 : 0});
      }
      section->transform(changes);
    });
  }

 private:
  ByteAlphabet alphabet_;
};

class MetaspaceSpelling final : public PreTokenizer {
 public:
  MetaspaceSpelling(char32_t replacement, PrependScheme scheme)
      : space_(make_literal_pattern(" ")), scheme_(scheme) {
    append_utf8(replacement, &replacement_);
  }

  void apply(AlignedText* text, std::vector<Section>* sections) const override {
    rewrite_sections(text, sections, [&](RewrittenText* section) {
      section->replace(*space_, replacement_);
      const bool at_beginning = !section->origins().empty() && section->origins()[0].begin == 0;
      const bool wanted =
          scheme_ == PrependScheme::kAlways || (scheme_ == PrependScheme::kFirst && at_beginning);
      if (wanted && !section->text().starts_with(replacement_)) section->prepend(replacement_);
    });
  }

 private:
  std::unique_ptr<Pattern> space_;
  std::string replacement_;
  PrependScheme scheme_;
};

}  // namespace

std::unique_ptr<PreTokenizer> make_metaspace(char32_t replacement, PrependScheme scheme,
                                             bool split) {
  std::vector<std::unique_ptr<PreTokenizer>> stages;
  stages.push_back(std::make_unique<MetaspaceSpelling>(replacement, scheme));
  if (split) {
    std::string text;
    append_utf8(replacement, &text);
    stages.push_back(
        make_split(make_literal_pattern(std::move(text)), SplitBehavior::kMergedWithNext, false));
  }
  return make_pre_tokenizer_sequence(std::move(stages));
}

std::unique_ptr<PreTokenizer> make_byte_level(bool add_prefix_space, bool use_regex,
                                              bool spell_bytes) {
  std::vector<std::unique_ptr<PreTokenizer>> stages;
  if (add_prefix_space) stages.push_back(std::make_unique<PrefixSpace>());
  if (use_regex) {
    stages.push_back(make_split(std::make_unique<Gpt2Splitter>(), SplitBehavior::kIsolated, false));
  }
  if (spell_bytes) stages.push_back(std::make_unique<ByteSpelling>());
  return make_pre_tokenizer_sequence(std::move(stages));
}

}  // namespace temper::text
