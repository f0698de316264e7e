#include "core/text/rewritten_text.h"

#include <utility>

#include "core/base/check.h"
#include "core/text/utf8.h"
#include "core/text/whitespace.h"

namespace temper::text {

RewrittenText::RewrittenText(const AlignedText& source, std::uint32_t begin, std::uint32_t end)
    : text_(source.text().substr(begin, end - begin)) {
  source.append_origins(begin, end, &origins_);
  if (!origins_.empty()) original_begin_ = origins_.front().begin;
}

// A new character shares the place of the byte before it; at the very start it has none.
ByteRange RewrittenText::origin_of_new(std::size_t position) const {
  if (position == 0) return {original_begin_, original_begin_};
  return origins_[position - 1];
}

void RewrittenText::transform(std::span<const Change> changes, std::size_t num_removed) {
  std::string text;
  std::vector<ByteRange> origins;
  text.reserve(text_.size());
  origins.reserve(text_.size());
  std::size_t position = 0;
  const auto skip = [&](std::size_t count) {
    for (; count > 0 && position < text_.size(); --count) {
      position += character_at(text_, position).length_bytes;
    }
  };
  skip(num_removed);
  for (const Change& change : changes) {
    CHECK(change.change > 0 || position < text_.size(), "a change behind the end of the text");
    const ByteRange origin = change.change > 0 ? origin_of_new(position) : origins_[position];
    if (change.change <= 0) skip(1 + static_cast<std::size_t>(-change.change));
    append_utf8(change.code, &text);
    origins.resize(text.size(), origin);
  }
  text_ = std::move(text);
  origins_ = std::move(origins);
}

void RewrittenText::filter(const std::function<bool(char32_t)>& keep) {
  std::vector<Change> changes;
  std::size_t num_removed_first = 0;
  for (std::size_t position = 0; position < text_.size();) {
    const Character character = character_at(text_, position);
    position += character.length_bytes;
    if (keep(character.code)) {
      changes.push_back({character.code, 0});
    } else if (changes.empty()) {
      ++num_removed_first;
    } else {
      --changes.back().change;
    }
  }
  transform(changes, num_removed_first);
}

void RewrittenText::map(const std::function<char32_t(char32_t)>& replacement) {
  std::vector<Change> changes;
  for (std::size_t position = 0; position < text_.size();) {
    const Character character = character_at(text_, position);
    position += character.length_bytes;
    changes.push_back({replacement(character.code), 0});
  }
  transform(changes);
}

void RewrittenText::prepend(std::string_view prefix) {
  if (text_.empty()) return;
  // The prefix takes the place of the first character, which then counts as new behind it.
  const ByteRange origin = origins_.front();
  text_.insert(0, prefix);
  origins_.insert(origins_.begin(), prefix.size(), origin);
}

void RewrittenText::replace(const Pattern& pattern, std::string_view content) {
  std::vector<ByteRange> matches;
  if (text_.empty()) return;
  pattern.find_all(text_, &matches);
  if (matches.empty()) return;
  std::string text;
  std::vector<ByteRange> origins;
  std::size_t done = 0;
  const auto copy_until = [&](std::size_t end) {
    text.append(text_, done, end - done);
    origins.insert(origins.end(), origins_.begin() + static_cast<std::ptrdiff_t>(done),
                   origins_.begin() + static_cast<std::ptrdiff_t>(end));
  };
  for (const ByteRange& match : matches) {
    copy_until(match.begin);
    text.append(content);
    origins.resize(text.size(), origin_of_new(match.end));
    done = match.end;
  }
  copy_until(text_.size());
  text_ = std::move(text);
  origins_ = std::move(origins);
}

void RewrittenText::strip(bool left, bool right) {
  std::size_t begin = 0;
  std::size_t end = text_.size();
  while (left && begin < end) {
    const Character character = character_at(text_, begin);
    if (!is_whitespace(character.code)) break;
    begin += character.length_bytes;
  }
  while (right && end > begin) {
    const Character character = character_before(text_, end);
    if (!is_whitespace(character.code)) break;
    end -= character.length_bytes;
  }
  text_ = text_.substr(begin, end - begin);
  origins_ = {origins_.begin() + static_cast<std::ptrdiff_t>(begin),
              origins_.begin() + static_cast<std::ptrdiff_t>(end)};
}

}  // namespace temper::text
