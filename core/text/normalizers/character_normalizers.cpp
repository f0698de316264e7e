// The normalizers that look at one character or one match at a time.
#include <algorithm>
#include <utility>

#include "core/text/byte_alphabet.h"
#include "core/text/normalizers/normalizer.h"
#include "core/text/unicode/unicode_properties.h"
#include "core/text/utf8.h"

namespace temper::text {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

constexpr char32_t kCapitalIWithDot = 0x130;

class Lowercase final : public Normalizer {
 public:
  void apply(RewrittenText* text) const override {
    std::vector<Change> changes;
    const std::string_view source = text->text();
    for (std::size_t at = 0; at < source.size();) {
      const Character character = character_at(source, at);
      at += character.length_bytes;
      if (character.code == kCapitalIWithDot) {  // the only one whose lower case is two
        changes.push_back({U'i', 0});
        changes.push_back({0x307, 1});
      } else {
        changes.push_back({lower_of(character.code), 0});
      }
    }
    text->transform(changes);
  }
};

class StripAccents final : public Normalizer {
 public:
  bool leaves_alone(std::string_view text) const override { return is_ascii(text); }
  void apply(RewrittenText* text) const override {
    text->filter([](char32_t code) { return !is_combining_mark(code); });
  }
};

class Nmt final : public Normalizer {
 public:
  void apply(RewrittenText* text) const override {
    text->filter([](char32_t code) { return !is_removed(code); });
    text->map([](char32_t code) { return is_odd_space(code) ? U' ' : code; });
  }

 private:
  static bool is_removed(char32_t code) {
    return (code >= 0x01 && code <= 0x08) || code == 0x0B || (code >= 0x0E && code <= 0x1F) ||
           code == 0x7F || code == 0x8F || code == 0x9F;
  }
  static bool is_odd_space(char32_t code) {
    return code == 0x09 || code == 0x0A || code == 0x0C || code == 0x0D || code == 0x1680 ||
           (code >= 0x200B && code <= 0x200F) || code == 0x2028 || code == 0x2029 ||
           code == 0x2581 || code == 0xFEFF || code == 0xFFFD;
  }
};

class Strip final : public Normalizer {
 public:
  Strip(bool left, bool right) : left_(left), right_(right) {}
  void apply(RewrittenText* text) const override { text->strip(left_, right_); }

 private:
  bool left_;
  bool right_;
};

class Prepend final : public Normalizer {
 public:
  explicit Prepend(std::string prefix) : prefix_(std::move(prefix)) {}
  void apply(RewrittenText* text) const override { text->prepend(prefix_); }

 private:
  std::string prefix_;
};

class Replace final : public Normalizer {
 public:
  Replace(std::unique_ptr<Pattern> pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}
  void apply(RewrittenText* text) const override { text->replace(*pattern_, content_); }

 private:
  std::unique_ptr<Pattern> pattern_;
  std::string content_;
};

class ByteLevelNormalizer final : public Normalizer {
 public:
  void apply(RewrittenText* text) const override {
    std::vector<Change> changes;
    const std::string_view source = text->text();
    for (const char byte : source) {
      changes.push_back({alphabet_.character_of(byte), is_continuation_byte(byte) ? 1 : 0});
    }
    text->transform(changes);
  }

 private:
  ByteAlphabet alphabet_;
};

}  // namespace

std::unique_ptr<Normalizer> make_lowercase() {
  return std::make_unique<Lowercase>();
}
std::unique_ptr<Normalizer> make_strip_accents() {
  return std::make_unique<StripAccents>();
}
std::unique_ptr<Normalizer> make_nmt() {
  return std::make_unique<Nmt>();
}
std::unique_ptr<Normalizer> make_strip(bool left, bool right) {
  return std::make_unique<Strip>(left, right);
}
std::unique_ptr<Normalizer> make_prepend(std::string prefix) {
  return std::make_unique<Prepend>(std::move(prefix));
}
std::unique_ptr<Normalizer> make_replace(std::unique_ptr<Pattern> pattern, std::string content) {
  return std::make_unique<Replace>(std::move(pattern), std::move(content));
}
std::unique_ptr<Normalizer> make_byte_level_normalizer() {
  return std::make_unique<ByteLevelNormalizer>();
}

}  // namespace temper::text
