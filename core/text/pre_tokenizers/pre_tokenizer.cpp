#include "core/text/pre_tokenizers/pre_tokenizer.h"

#include <utility>

#include "core/text/pre_tokenizers/section_cutting.h"
#include "core/text/pre_tokenizers/split_behavior.h"
#include "core/text/unicode/unicode_properties.h"
#include "core/text/utf8.h"
#include "core/text/whitespace.h"

namespace temper::text {
namespace {

// Each character that a predicate holds for.
template <bool (*is_match)(char32_t)>
class CharacterPattern final : public Pattern {
 public:
  void find_all(std::string_view text, std::vector<ByteRange>* matches) const override {
    for (std::uint32_t position = 0; position < text.size();) {
      const Character character = character_at(text, position);
      const std::uint32_t end = position + character.length_bytes;
      if (is_match(character.code)) matches->push_back({position, end});
      position = end;
    }
  }
};

// \w+|[^\w\s]+ of Rust's regex crate.
class WordPattern final : public Pattern {
 public:
  void find_all(std::string_view text, std::vector<ByteRange>* matches) const override {
    enum class Kind { kSpace, kWord, kSign };
    Kind last = Kind::kSpace;
    for (std::uint32_t position = 0; position < text.size();) {
      const Character character = character_at(text, position);
      const std::uint32_t end = position + character.length_bytes;
      const Kind kind = is_word_character(character.code) ? Kind::kWord
                        : is_whitespace(character.code)   ? Kind::kSpace
                                                          : Kind::kSign;
      if (kind != Kind::kSpace && kind == last) {
        matches->back().end = end;
      } else if (kind != Kind::kSpace) {
        matches->push_back({position, end});
      }
      last = kind;
      position = end;
    }
  }
};

class Split final : public PreTokenizer {
 public:
  Split(std::unique_ptr<Pattern> pattern, SplitBehavior behavior, bool invert)
      : pattern_(std::move(pattern)), behavior_(behavior), invert_(invert) {}

  void apply(AlignedText* text, std::vector<Section>* sections) const override {
    std::vector<ByteRange> matches;
    cut_sections(sections, [&](const Section& section, std::vector<Section>* pieces) {
      matches.clear();
      const std::string_view content = text_of(*text, section);
      pattern_->find_all(content, &matches);
      append_split(content.size(), matches, behavior_, invert_, section.begin, pieces);
    });
  }

 private:
  std::unique_ptr<Pattern> pattern_;
  SplitBehavior behavior_;
  bool invert_;
};

class FixedLength final : public PreTokenizer {
 public:
  explicit FixedLength(std::size_t length) : length_(length) {}

  void apply(AlignedText* text, std::vector<Section>* sections) const override {
    cut_sections(sections, [&](const Section& section, std::vector<Section>* pieces) {
      std::uint32_t begin = section.begin;
      std::size_t count = 0;
      for (std::uint32_t at = begin; at < section.end;) {
        at += character_at(text->text(), at).length_bytes;
        if (++count % length_ != 0 && at != section.end) continue;
        pieces->push_back({begin, at, -1});
        begin = at;
      }
    });
  }

 private:
  std::size_t length_;
};

class PreTokenizerSequence final : public PreTokenizer {
 public:
  explicit PreTokenizerSequence(std::vector<std::unique_ptr<PreTokenizer>> stages)
      : stages_(std::move(stages)) {}

  void apply(AlignedText* text, std::vector<Section>* sections) const override {
    for (const auto& stage : stages_) stage->apply(text, sections);
  }

 private:
  std::vector<std::unique_ptr<PreTokenizer>> stages_;
};

std::string as_text(char32_t code) {
  std::string text;
  append_utf8(code, &text);
  return text;
}

}  // namespace

std::unique_ptr<PreTokenizer> make_split(std::unique_ptr<Pattern> pattern, SplitBehavior behavior,
                                         bool invert) {
  return std::make_unique<Split>(std::move(pattern), behavior, invert);
}

std::unique_ptr<PreTokenizer> make_digits(bool individual_digits) {
  return make_split(std::make_unique<CharacterPattern<is_numeric>>(),
                    individual_digits ? SplitBehavior::kIsolated : SplitBehavior::kContiguous,
                    false);
}

std::unique_ptr<PreTokenizer> make_whitespace() {
  return make_split(std::make_unique<WordPattern>(), SplitBehavior::kRemoved, true);
}

std::unique_ptr<PreTokenizer> make_whitespace_split() {
  return make_split(std::make_unique<CharacterPattern<is_whitespace>>(), SplitBehavior::kRemoved,
                    false);
}

std::unique_ptr<PreTokenizer> make_bert_pre_tokenizer() {
  std::vector<std::unique_ptr<PreTokenizer>> stages;
  stages.push_back(make_whitespace_split());
  stages.push_back(make_punctuation(SplitBehavior::kIsolated));
  return make_pre_tokenizer_sequence(std::move(stages));
}

std::unique_ptr<PreTokenizer> make_punctuation(SplitBehavior behavior) {
  return make_split(std::make_unique<CharacterPattern<is_punctuation>>(), behavior, false);
}

std::unique_ptr<PreTokenizer> make_delimiter_split(char32_t delimiter) {
  return make_split(make_literal_pattern(as_text(delimiter)), SplitBehavior::kRemoved, false);
}

std::unique_ptr<PreTokenizer> make_fixed_length(std::size_t length) {
  return std::make_unique<FixedLength>(length);
}

std::unique_ptr<PreTokenizer> make_pre_tokenizer_sequence(
    std::vector<std::unique_ptr<PreTokenizer>> stages) {
  return std::make_unique<PreTokenizerSequence>(std::move(stages));
}

}  // namespace temper::text
