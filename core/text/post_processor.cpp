#include "core/text/post_processor.h"

#include <algorithm>
#include <utility>

#include "core/text/utf8.h"
#include "core/text/whitespace.h"

namespace temper::text {
namespace {

class TemplateProcessor final : public PostProcessor {
 public:
  explicit TemplateProcessor(std::vector<TemplateItem> items) : items_(std::move(items)) {}

  void apply(std::string_view /*original*/, bool add_special_tokens,
             ProcessedText* text) const override {
    ProcessedText result;
    for (const TemplateItem& item : items_) {
      if (item.ids.empty()) {
        append(text->encoding.ids, &result.encoding.ids);
        append(text->encoding.offsets, &result.encoding.offsets);
        append(text->margins, &result.margins);
      } else if (add_special_tokens) {
        append(item.ids, &result.encoding.ids);
        result.encoding.offsets.resize(result.encoding.ids.size());
        if (!text->margins.empty()) result.margins.resize(result.encoding.ids.size());
      }
    }
    *text = std::move(result);
  }

 private:
  template <typename T>
  static void append(const std::vector<T>& from, std::vector<T>* to) {
    to->insert(to->end(), from.begin(), from.end());
  }

  std::vector<TemplateItem> items_;
};

// `position` moved forward by `count` characters, but not past `end`.
std::uint32_t forward(std::string_view text, std::uint32_t position, std::uint32_t count,
                      std::uint32_t end) {
  for (; count > 0 && position < end; --count) {
    position += character_at(text, position).length_bytes;
  }
  return std::min(position, end);
}

std::uint32_t backward(std::string_view text, std::uint32_t position, std::uint32_t count,
                       std::uint32_t begin) {
  for (; count > 0 && position > begin; --count) {
    position -= character_before(text, position).length_bytes;
  }
  return std::max(position, begin);
}

class OffsetTrimmer final : public PostProcessor {
 public:
  explicit OffsetTrimmer(bool add_prefix_space) : add_prefix_space_(add_prefix_space) {}

  bool wants_margins() const override { return true; }

  void apply(std::string_view original, bool /*add_special_tokens*/,
             ProcessedText* text) const override {
    for (std::size_t i = 0; i < text->margins.size(); ++i) {
      auto [leading, trailing] = text->margins[i];
      ByteRange& range = text->encoding.offsets[i];
      const bool is_first = i == 0 || range.begin == 0;
      if (is_first && add_prefix_space_ && leading == 1) leading = 0;
      range.begin = forward(original, range.begin, leading, range.end);
      range.end = backward(original, range.end, trailing, range.begin);
    }
  }

 private:
  bool add_prefix_space_;
};

class PostProcessorSequence final : public PostProcessor {
 public:
  explicit PostProcessorSequence(std::vector<std::unique_ptr<PostProcessor>> stages)
      : stages_(std::move(stages)) {}

  bool wants_margins() const override {
    return std::any_of(stages_.begin(), stages_.end(),
                       [](const auto& stage) { return stage->wants_margins(); });
  }

  void apply(std::string_view original, bool add_special_tokens,
             ProcessedText* text) const override {
    for (const auto& stage : stages_) stage->apply(original, add_special_tokens, text);
  }

 private:
  std::vector<std::unique_ptr<PostProcessor>> stages_;
};

}  // namespace

Margins margins_of(std::string_view token) {
  constexpr char32_t kAlphabetSpace = 0x120;
  const auto is_space = [](char32_t code) { return code == kAlphabetSpace || is_whitespace(code); };
  Margins margins;
  for (std::size_t at = 0; at < token.size(); ++margins.leading) {
    const Character character = character_at(token, at);
    if (!is_space(character.code)) break;
    at += character.length_bytes;
  }
  for (std::size_t at = token.size(); at > 0; ++margins.trailing) {
    const Character character = character_before(token, at);
    if (!is_space(character.code)) break;
    at -= character.length_bytes;
  }
  return margins;
}

std::unique_ptr<PostProcessor> make_template_processor(std::vector<TemplateItem> items) {
  return std::make_unique<TemplateProcessor>(std::move(items));
}

std::unique_ptr<PostProcessor> make_offset_trimmer(bool add_prefix_space) {
  return std::make_unique<OffsetTrimmer>(add_prefix_space);
}

std::unique_ptr<PostProcessor> make_post_processor_sequence(
    std::vector<std::unique_ptr<PostProcessor>> stages) {
  return std::make_unique<PostProcessorSequence>(std::move(stages));
}

}  // namespace temper::text
