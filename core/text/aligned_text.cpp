#include "core/text/aligned_text.h"

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

AlignedTextBuilder::AlignedTextBuilder(const AlignedText& source)
    : source_(source), result_(source.original()) {
  result_.rewritten_ = true;
  result_.owned_.reserve(source.text().size());
  result_.origins_.reserve(source.text().size());
}

Section AlignedTextBuilder::copy(const Section& section) {
  const std::uint32_t begin = size();
  for (std::uint32_t i = section.begin; i < section.end; ++i) {
    append(source_.text().substr(i, 1), source_.origin_of_byte(i));
  }
  return {begin, size(), section.added_id};
}

void AlignedTextBuilder::append(std::string_view bytes, ByteRange origin) {
  result_.owned_.append(bytes);
  result_.origins_.insert(result_.origins_.end(), bytes.size(), origin);
}

AlignedText AlignedTextBuilder::finish() && {
  return std::move(result_);
}

}  // namespace temper::text
