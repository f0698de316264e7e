#include "core/text/normalizers/normalizer.h"

#include <algorithm>
#include <utility>

namespace temper::text {
namespace {

class NormalizerSequence final : public Normalizer {
 public:
  explicit NormalizerSequence(std::vector<std::unique_ptr<Normalizer>> stages)
      : stages_(std::move(stages)) {}

  bool leaves_alone(std::string_view text) const override {
    return std::all_of(stages_.begin(), stages_.end(),
                       [&](const auto& stage) { return stage->leaves_alone(text); });
  }
  void apply(RewrittenText* text) const override {
    for (const auto& stage : stages_) {
      if (!stage->leaves_alone(text->text())) stage->apply(text);
    }
  }

 private:
  std::vector<std::unique_ptr<Normalizer>> stages_;
};

std::string_view text_of(const AlignedText& text, const Section& section) {
  return text.text().substr(section.begin, section.end - section.begin);
}

}  // namespace

std::unique_ptr<Normalizer> make_normalizer_sequence(
    std::vector<std::unique_ptr<Normalizer>> stages) {
  return std::make_unique<NormalizerSequence>(std::move(stages));
}

void normalize(const Normalizer& normalizer, AlignedText* text, std::vector<Section>* sections) {
  const auto stays = [&](const Section& section) {
    return section.added_id >= 0 || normalizer.leaves_alone(text_of(*text, section));
  };
  if (std::all_of(sections->begin(), sections->end(), stays)) return;
  AlignedTextBuilder builder(*text);
  std::vector<Section> moved;
  moved.reserve(sections->size());
  for (const Section& section : *sections) {
    if (section.added_id >= 0) {
      moved.push_back(builder.copy(section));
      continue;
    }
    RewrittenText rewritten(*text, section.begin, section.end);
    normalizer.apply(&rewritten);
    moved.push_back(builder.append(rewritten.text(), rewritten.origins()));
  }
  *text = std::move(builder).finish();
  std::erase_if(moved, [](const Section& section) { return section.begin == section.end; });
  sections->swap(moved);
}

std::string normalize(const Normalizer& normalizer, std::string_view text) {
  const AlignedText source(text);
  RewrittenText rewritten(source, 0, static_cast<std::uint32_t>(text.size()));
  normalizer.apply(&rewritten);
  return std::string(rewritten.text());
}

}  // namespace temper::text
