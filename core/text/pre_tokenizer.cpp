#include "core/text/pre_tokenizer.h"

#include <utf8proc.h>

#include <utility>

#include "core/text/gpt2_splitter.h"
#include "core/text/split_behavior.h"
#include "core/text/utf8.h"

namespace temper::text {
namespace {

// Calls cut(section) for every section that is text, to append its pieces to a new list.
template <typename Cut>
void cut_sections(std::vector<Section>* sections, const Cut& cut) {
  std::vector<Section> pieces;
  pieces.reserve(sections->size() * 4);
  for (const Section& section : *sections) {
    if (section.added_id >= 0) {
      pieces.push_back(section);
    } else {
      cut(section, &pieces);
    }
  }
  sections->swap(pieces);
}

std::string_view text_of(const AlignedText& text, const Section& section) {
  return text.text().substr(section.begin, section.end - section.begin);
}

class NumericPattern final : public Pattern {
 public:
  void find_all(std::string_view text, std::vector<ByteRange>* matches) const override {
    for (std::uint32_t position = 0; position < text.size();) {
      const auto byte = static_cast<unsigned char>(text[position]);
      if (byte < 0x80) {
        if (byte >= '0' && byte <= '9') matches->push_back({position, position + 1});
        ++position;
        continue;
      }
      const Character character = character_at(text, position);
      if (is_numeric(character.code)) {
        matches->push_back({position, position + character.length_bytes});
      }
      position += character.length_bytes;
    }
  }

 private:
  static bool is_numeric(char32_t code) {
    const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
    return category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL ||
           category == UTF8PROC_CATEGORY_NO;
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

class PrefixSpace final : public PreTokenizer {
 public:
  void apply(AlignedText* text, std::vector<Section>* sections) const override {
    AlignedTextBuilder builder(*text);
    std::vector<Section> moved;
    moved.reserve(sections->size());
    for (const Section& section : *sections) {
      const bool wants_space = section.added_id < 0 && !text_of(*text, section).starts_with(' ');
      const std::uint32_t begin = builder.size();
      if (wants_space) {
        // The new space shares the place of the character before which it stands.
        builder.append(" ", text->origin_of_byte(section.begin));
      }
      const Section copied = builder.copy(section);
      moved.push_back({begin, copied.end, section.added_id});
    }
    *text = std::move(builder).finish();
    sections->swap(moved);
  }
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

}  // namespace

std::unique_ptr<PreTokenizer> make_digits(bool individual_digits) {
  return std::make_unique<Split>(
      std::make_unique<NumericPattern>(),
      individual_digits ? SplitBehavior::kIsolated : SplitBehavior::kContiguous, false);
}

std::unique_ptr<PreTokenizer> make_split(std::unique_ptr<Pattern> pattern, SplitBehavior behavior,
                                         bool invert) {
  return std::make_unique<Split>(std::move(pattern), behavior, invert);
}

std::unique_ptr<PreTokenizer> make_byte_level(bool add_prefix_space, bool use_regex) {
  std::vector<std::unique_ptr<PreTokenizer>> stages;
  if (add_prefix_space) stages.push_back(std::make_unique<PrefixSpace>());
  if (use_regex) {
    stages.push_back(make_split(std::make_unique<Gpt2Splitter>(), SplitBehavior::kIsolated, false));
  }
  return make_pre_tokenizer_sequence(std::move(stages));
}

std::unique_ptr<PreTokenizer> make_pre_tokenizer_sequence(
    std::vector<std::unique_ptr<PreTokenizer>> stages) {
  return std::make_unique<PreTokenizerSequence>(std::move(stages));
}

}  // namespace temper::text
