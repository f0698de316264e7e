#include <algorithm>

#include "core/text/pre_tokenizers/pre_tokenizer.h"
#include "core/text/pre_tokenizers/section_cutting.h"
#include "core/text/unicode/script_runs.h"
#include "core/text/utf8.h"

namespace temper::text {
namespace {

int script_of(char32_t code) {
  const auto behind =
      std::upper_bound(kScriptRuns.begin(), kScriptRuns.end(), code,
                       [](char32_t wanted, const ScriptRun& run) { return wanted < run.first; });
  return (behind - 1)->script;
}

class UnicodeScripts final : public PreTokenizer {
 public:
  // A piece begins with a character of another script than the last one that had any. What comes
  // before the first such character belongs to no piece and is lost, as in Hugging Face's.
  void apply(AlignedText* text, std::vector<Section>* sections) const override {
    cut_sections(sections, [&](const Section& section, std::vector<Section>* pieces) {
      int last = 0;
      bool inside = false;
      for (std::uint32_t at = section.begin; at < section.end;) {
        const Character character = character_at(text->text(), at);
        const int script = script_of(character.code);
        if (script != 0 && script != last) {
          if (inside) pieces->back().end = at;
          pieces->push_back({at, section.end, -1});
          inside = true;
          last = script;
        }
        at += character.length_bytes;
      }
    });
  }
};

}  // namespace

std::unique_ptr<PreTokenizer> make_unicode_scripts() {
  return std::make_unique<UnicodeScripts>();
}

}  // namespace temper::text
