#include "core/text/aligned_text.h"

#include <algorithm>
#include <utility>

#include "core/text/utf8.h"

namespace temper::text {

ByteRange AlignedText::origin(std::uint32_t begin, std::uint32_t end) const {
  if (rewritten_) {
    if (begin == end) return {0, 0};
    return {origins_[begin].begin, origins_[end - 1].end};
  }
  while (begin > 0 && begin < original_.size() && is_continuation_byte(original_[begin])) --begin;
  while (end < original_.size() && is_continuation_byte(original_[end])) ++end;
  return {begin, end};
}

ByteRange AlignedText::origin_of_byte(std::uint32_t position) const {
  return origin(position, position + 1);
}

void AlignedText::append_origins(std::uint32_t begin, std::uint32_t end,
                                 std::vector<ByteRange>* out) const {
  if (rewritten_) {
    out->insert(out->end(), origins_.begin() + begin, origins_.begin() + end);
    return;
  }
  while (begin < end) {  // every byte of a character stands for all of it
    const ByteRange whole = origin(begin, begin + 1);
    const std::uint32_t behind = std::min(whole.end, end);
    out->insert(out->end(), behind - begin, whole);
    begin = behind;
  }
}

AlignedTextBuilder::AlignedTextBuilder(const AlignedText& source)
    : source_(source), result_(source.original()) {
  result_.rewritten_ = true;
  result_.owned_.reserve(source.text().size());
  result_.origins_.reserve(source.text().size());
}

Section AlignedTextBuilder::copy(const Section& section) {
  const std::uint32_t begin = size();
  result_.owned_.append(source_.text().substr(section.begin, section.end - section.begin));
  source_.append_origins(section.begin, section.end, &result_.origins_);
  return {begin, size(), section.added_id};
}

Section AlignedTextBuilder::append(std::string_view bytes, const std::vector<ByteRange>& origins) {
  const std::uint32_t begin = size();
  result_.owned_.append(bytes);
  result_.origins_.insert(result_.origins_.end(), origins.begin(), origins.end());
  return {begin, size(), -1};
}

AlignedText AlignedTextBuilder::finish() && {
  return std::move(result_);
}

}  // namespace temper::text
