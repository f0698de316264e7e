#include "core/text/normalizer.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/check.h"
#include "core/text/utf8.h"

namespace temper::text {
namespace {

std::string_view text_of(const AlignedText& text, const Section& section) {
  return text.text().substr(section.begin, section.end - section.begin);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

utf8proc_int32_t as_utf8proc(char32_t code) {
  return static_cast<utf8proc_int32_t>(code);
}

// A run that starts with a starter and holds what may compose with it, normalised on its own.
std::string compose(std::string_view run) {
  std::vector<utf8proc_int32_t> buffer(run.size() * 4 + 1);  // NFC grows by 3 at most (UAX #15)
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  const utf8proc_ssize_t length =
      utf8proc_decompose(reinterpret_cast<const utf8proc_uint8_t*>(run.data()),
                         static_cast<utf8proc_ssize_t>(run.size()), buffer.data(),
                         static_cast<utf8proc_ssize_t>(buffer.size()), options);
  CHECK(length >= 0 && length <= static_cast<utf8proc_ssize_t>(buffer.size()),
        "utf8proc_decompose gave {}", length);
  const utf8proc_ssize_t composed = utf8proc_normalize_utf32(buffer.data(), length, options);
  std::string out;
  for (utf8proc_ssize_t i = 0; i < composed; ++i) {
    append_utf8(static_cast<char32_t>(buffer[static_cast<std::size_t>(i)]), &out);
  }
  return out;
}

// A character of the canonical decomposition, and whether it is the first of one in the text.
struct Part {
  utf8proc_int32_t code = 0;
  bool starts_character = false;
};

std::vector<Part> decompose(std::string_view run) {
  std::vector<Part> parts;
  for (std::size_t at = 0; at < run.size();) {
    const Character character = character_at(run, at);
    std::array<utf8proc_int32_t, 8> buffer{};
    int last_boundary_class = 0;
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        as_utf8proc(character.code), buffer.data(), static_cast<utf8proc_ssize_t>(buffer.size()),
        static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE), &last_boundary_class);
    CHECK(count > 0 && count <= static_cast<utf8proc_ssize_t>(buffer.size()),
          "utf8proc_decompose_char gave {}", count);
    for (utf8proc_ssize_t i = 0; i < count; ++i) {
      parts.push_back({buffer[static_cast<std::size_t>(i)], i == 0});
    }
    at += character.length_bytes;
  }
  return parts;
}

// True if `code` may combine with what stands before it, so no run may start with it.
bool continues_run(char32_t code) {
  if (code < 0x300) return false;
  if ((code >= 0x1161 && code <= 0x1175) || (code >= 0x11A8 && code <= 0x11C2)) return true;
  const utf8proc_property_t* property = utf8proc_get_property(as_utf8proc(code));
  if (property->combining_class != 0) return true;
  // Starters that are the second half of a composition: vowel signs of Indic scripts and the like.
  const auto category = utf8proc_category(as_utf8proc(code));
  return category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_MN;
}

class Nfc final : public Normalizer {
 public:
  void apply(AlignedText* text, std::vector<Section>* sections) const override {
    if (is_ascii(text->text())) return;
    AlignedTextBuilder builder(*text);
    std::vector<Section> moved;
    for (const Section& section : *sections) {
      if (section.added_id >= 0) {
        moved.push_back(builder.copy(section));
      } else {
        moved.push_back(append_normalized(*text, section, &builder));
      }
    }
    *text = std::move(builder).finish();
    std::erase_if(moved, [](const Section& section) { return section.begin == section.end; });
    sections->swap(moved);
  }

 private:
  static Section append_normalized(const AlignedText& text, const Section& section,
                                   AlignedTextBuilder* builder) {
    const std::uint32_t begin = builder->size();
    const std::string_view content = text_of(text, section);
    for (std::size_t from = 0; from < content.size();) {
      std::size_t to = from + character_at(content, from).length_bytes;
      while (to < content.size()) {
        const Character next = character_at(content, to);
        if (!continues_run(next.code)) break;
        to += next.length_bytes;
      }
      append_run(text, section.begin + static_cast<std::uint32_t>(from),
                 content.substr(from, to - from), builder);
      from = to;
    }
    return {begin, builder->size(), -1};
  }

  // Which characters of the run a character of the normal form stands for, counted as Hugging
  // Face's alignments do: by number and in order, whatever reordering did to them.
  static void append_run(const AlignedText& text, std::uint32_t begin, std::string_view run,
                         AlignedTextBuilder* builder) {
    if (run.size() == 1) {
      builder->append(run, text.origin_of_byte(begin));
      return;
    }
    std::vector<Part> parts = decompose(run);
    const std::string composed = compose(run);
    std::size_t source = 0;
    ByteRange origin;
    for (std::size_t at = 0; at < composed.size();) {
      const std::size_t length = character_at(composed, at).length_bytes;
      const std::string_view character = std::string_view(composed).substr(at, length);
      const int consumed = take_parts(character, &parts);
      if (consumed > 0 && source < run.size()) {
        origin = text.origin_of_byte(begin + static_cast<std::uint32_t>(source));
      }
      for (int i = 0; i < consumed && source < run.size(); ++i) {
        source += character_at(run, source).length_bytes;
      }
      builder->append(character, origin);
      at += length;
    }
  }

  // Takes the parts that `character` is composed of out of the list; how many characters of the
  // run they bring with them.
  static int take_parts(std::string_view character, std::vector<Part>* parts) {
    int consumed = 0;
    for (const Part& wanted : decompose(character)) {
      const auto found = std::find_if(parts->begin(), parts->end(),
                                      [&](const Part& part) { return part.code == wanted.code; });
      if (found == parts->end()) continue;
      consumed += found->starts_character ? 1 : 0;
      parts->erase(found);
    }
    return consumed;
  }
};

class NormalizerSequence final : public Normalizer {
 public:
  explicit NormalizerSequence(std::vector<std::unique_ptr<Normalizer>> stages)
      : stages_(std::move(stages)) {}

  void apply(AlignedText* text, std::vector<Section>* sections) const override {
    for (const auto& stage : stages_) stage->apply(text, sections);
  }

 private:
  std::vector<std::unique_ptr<Normalizer>> stages_;
};

}  // namespace

std::unique_ptr<Normalizer> make_nfc() {
  return std::make_unique<Nfc>();
}

std::unique_ptr<Normalizer> make_normalizer_sequence(
    std::vector<std::unique_ptr<Normalizer>> stages) {
  return std::make_unique<NormalizerSequence>(std::move(stages));
}

std::string normalize(const Normalizer& normalizer, std::string_view text) {
  AlignedText aligned(text);
  std::vector<Section> sections = {{0, static_cast<std::uint32_t>(text.size()), -1}};
  normalizer.apply(&aligned, &sections);
  return std::string(aligned.text());
}

}  // namespace temper::text
