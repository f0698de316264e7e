// SentencePiece's precompiled charsmap: the size of a double-array trie, the trie (little-endian
// 32-bit units, as darts-clone lays them out), then texts that each end with a zero byte. A key of
// the trie leads to the place of its replacement among the texts.
#include <fmt/format.h>
#include <utf8proc.h>

#include <cstring>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/text/normalizers/normalizer.h"
#include "core/text/utf8.h"

namespace temper::text {
namespace {

// Grapheme clusters of more bytes are looked up character by character.
constexpr std::size_t kMaxClusterBytes = 5;

// A unit of the double array (darts-clone, DoubleArrayUnit).
struct Unit {
  std::uint32_t bits = 0;
  bool has_leaf() const { return (bits >> 8 & 1) != 0; }
  std::uint32_t value() const { return bits & 0x7FFFFFFFU; }
  std::uint32_t label() const { return bits & (0x80000000U | 0xFFU); }
  std::uint32_t offset() const { return (bits >> 10) << ((bits & 0x200U) >> 6); }
};

std::size_t end_of_cluster(std::string_view text, std::size_t begin) {
  Character last = character_at(text, begin);
  std::size_t end = begin + last.length_bytes;
  utf8proc_int32_t state = 0;
  while (end < text.size()) {
    const Character next = character_at(text, end);
    if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(last.code),
                                         static_cast<utf8proc_int32_t>(next.code), &state)) {
      break;
    }
    last = next;
    end += next.length_bytes;
  }
  return end;
}

class Precompiled final : public Normalizer {
 public:
  Precompiled(std::string charsmap, const std::string& where) {
    std::uint32_t trie_bytes = 0;
    if (charsmap.size() >= sizeof trie_bytes) {
      std::memcpy(&trie_bytes, charsmap.data(), sizeof trie_bytes);
    }
    if (trie_bytes == 0 || trie_bytes % sizeof(Unit) != 0 ||
        trie_bytes > charsmap.size() - sizeof trie_bytes) {
      throw UserError(fmt::format("{}: a charsmap of {} bytes can't hold a trie of {}", where,
                                  charsmap.size(), trie_bytes));
    }
    units_.resize(trie_bytes / sizeof(Unit));
    std::memcpy(units_.data(), charsmap.data() + sizeof trie_bytes, trie_bytes);
    texts_ = charsmap.substr(sizeof trie_bytes + trie_bytes);
    if (find_invalid_utf8(texts_)) {
      throw UserError(where + ": the replacements of the charsmap are not valid UTF-8");
    }
  }

  void apply(RewrittenText* text) const override {
    std::vector<Change> changes;
    const std::string_view source = text->text();
    for (std::size_t begin = 0; begin < source.size();) {
      const std::size_t end = end_of_cluster(source, begin);
      const std::string_view cluster = source.substr(begin, end - begin);
      begin = end;
      if (cluster.size() <= kMaxClusterBytes) {
        if (const auto replacement = find(cluster)) {
          append_replaced(cluster, *replacement, &changes);
          continue;
        }
      }
      for (std::size_t at = 0; at < cluster.size();) {
        const Character character = character_at(cluster, at);
        const std::string_view part = cluster.substr(at, character.length_bytes);
        at += character.length_bytes;
        if (const auto replacement = find(part)) {
          append_replaced(part, *replacement, &changes);
        } else {
          changes.push_back({character.code, 0});
        }
      }
    }
    text->transform(changes);
  }

 private:
  // The replacement of the shortest key that `text` starts with.
  std::optional<std::string_view> find(std::string_view text) const {
    std::uint32_t node = units_[0].offset();
    for (const char letter : text) {
      const auto byte = static_cast<unsigned char>(letter);
      if (byte == 0) break;
      node ^= byte;
      if (node >= units_.size() || units_[node].label() != byte) break;
      const Unit unit = units_[node];
      node ^= unit.offset();
      if (node >= units_.size()) break;
      if (!unit.has_leaf()) continue;
      const std::size_t begin = units_[node].value();
      if (begin >= texts_.size() || is_continuation_byte(texts_[begin])) return std::nullopt;
      const std::size_t end = texts_.find('\0', begin);
      return std::string_view(texts_).substr(begin, end - begin);
    }
    return std::nullopt;
  }

  // New characters come last; what is removed goes with the last one, which may belong to the
  // replacement before. Hugging Face's alignments are made so.
  static void append_replaced(std::string_view old_text, std::string_view new_text,
                              std::vector<Change>* changes) {
    for (std::size_t at = 0; at < new_text.size();) {
      const Character character = character_at(new_text, at);
      at += character.length_bytes;
      changes->push_back({character.code, 0});
    }
    const auto difference = static_cast<std::int64_t>(count_characters(new_text)) -
                            static_cast<std::int64_t>(count_characters(old_text));
    if (difference > 0) {
      for (auto change = changes->end() - difference; change != changes->end(); ++change) {
        change->change = 1;
      }
    } else if (difference < 0 && !changes->empty()) {
      changes->back().change += static_cast<std::int32_t>(difference);
    }
  }

  std::vector<Unit> units_;
  std::string texts_;
};

}  // namespace

std::unique_ptr<Normalizer> make_precompiled(std::string charsmap, const std::string& where) {
  return std::make_unique<Precompiled>(std::move(charsmap), where);
}

}  // namespace temper::text
