// Normalisation forms (UAX #15), with the bookkeeping that offsets need. Decomposition pulls a
// character apart and sorts marks by class; composition then puts a starter and what follows
// together. How changes add up follows the crate unicode-normalization-alignments, which the
// tokenizers use: a composed character replaces as many characters as went into it.
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/check.h"
#include "core/text/normalizers/normalizer.h"
#include "core/text/unicode/unicode_properties.h"
#include "core/text/utf8.h"

namespace temper::text {
namespace {

// The longest decomposition, U+FDFA's, has 18 characters.
constexpr std::size_t kMaxDecomposition = 32;

// Below U+0300 nothing combines; below U+00C0 nothing decomposes canonically.
bool is_below_all_marks(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return static_cast<unsigned char>(byte) < 0xCC; });
}
bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

struct Part {
  Change change;
  int combining_class = 0;
};

// The character that two compose to, if any. utf8proc has no table for pairs, but composes texts.
std::optional<char32_t> compose(char32_t first, char32_t second) {
  if (second < 0x300) return std::nullopt;
  std::array<utf8proc_int32_t, 2> pair = {static_cast<utf8proc_int32_t>(first),
                                          static_cast<utf8proc_int32_t>(second)};
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  const utf8proc_ssize_t length = utf8proc_normalize_utf32(pair.data(), 2, options);
  const auto composed = static_cast<char32_t>(pair[0]);
  if (length != 1 || !may_decompose(composed)) return std::nullopt;
  return composed;
}

std::vector<Part> decompose(std::string_view text, bool compatibility) {
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
                                                      (compatibility ? UTF8PROC_COMPAT : 0));
  std::vector<Part> parts;
  std::size_t pending = 0;  // what may still be sorted starts here
  const auto by_class = [](const Part& left, const Part& right) {
    return left.combining_class < right.combining_class;
  };
  const auto sort_pending = [&] {
    std::stable_sort(parts.begin() + static_cast<std::ptrdiff_t>(pending), parts.end(), by_class);
    pending = parts.size();
  };
  const auto push = [&](char32_t code, bool is_first) {
    const int combining = combining_class(code);
    if (combining == 0) sort_pending();
    parts.push_back({{code, is_first ? 0 : 1}, combining});
  };
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    at += character.length_bytes;
    if (!may_decompose(character.code)) {
      push(character.code, true);
      continue;
    }
    std::array<utf8proc_int32_t, kMaxDecomposition> buffer{};
    int last_boundary_class = 0;
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        static_cast<utf8proc_int32_t>(character.code), buffer.data(),
        static_cast<utf8proc_ssize_t>(buffer.size()), options, &last_boundary_class);
    CHECK(count > 0 && count <= static_cast<utf8proc_ssize_t>(buffer.size()),
          "utf8proc_decompose_char gave {}", count);
    for (utf8proc_ssize_t i = 0; i < count; ++i) {
      push(static_cast<char32_t>(buffer[static_cast<std::size_t>(i)]), i == 0);
    }
  }
  sort_pending();
  return parts;
}

// Composes what decompose() gave, in place of it.
std::vector<Change> recompose(const std::vector<Part>& parts) {
  std::vector<Change> changes;
  std::optional<std::size_t> starter;  // where the character that marks may join stands
  int last_class = -1;                 // of the marks behind it that did not join; −1: none
  for (const Part& part : parts) {
    const bool is_blocked = last_class >= part.combining_class;
    if (starter && !is_blocked) {
      if (const auto composed = compose(changes[*starter].code, part.change.code)) {
        changes[*starter] = {*composed, changes[*starter].change + part.change.change - 1};
        continue;
      }
    }
    if (part.combining_class == 0) {
      starter = changes.size();
      last_class = -1;
    } else if (starter) {
      last_class = part.combining_class;
    }
    changes.push_back(part.change);
  }
  return changes;
}

class UnicodeNormalizer final : public Normalizer {
 public:
  explicit UnicodeNormalizer(UnicodeForm form) : form_(form) {}

  bool leaves_alone(std::string_view text) const override {
    return form_ == UnicodeForm::kNfc ? is_below_all_marks(text) : is_ascii(text);
  }

  void apply(RewrittenText* text) const override {
    const bool compatibility = form_ == UnicodeForm::kNfkc || form_ == UnicodeForm::kNfkd;
    const std::vector<Part> parts = decompose(text->text(), compatibility);
    if (form_ == UnicodeForm::kNfc || form_ == UnicodeForm::kNfkc) {
      text->transform(recompose(parts));
      return;
    }
    std::vector<Change> changes;
    changes.reserve(parts.size());
    for (const Part& part : parts) changes.push_back(part.change);
    text->transform(changes);
  }

 private:
  UnicodeForm form_;
};

}  // namespace

std::unique_ptr<Normalizer> make_unicode_form(UnicodeForm form) {
  return std::make_unique<UnicodeNormalizer>(form);
}

}  // namespace temper::text
