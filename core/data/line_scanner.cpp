#include <cstring>

#include "core/data/line_index.h"

namespace temper::data {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

void LineScanner::feed(std::span<const std::byte> piece) {
  std::string_view rest(reinterpret_cast<const char*>(piece.data()), piece.size());
  while (mark_possible_ && !rest.empty()) {
    mark_possible_ = rest.front() == kByteOrderMark[mark_bytes_];
    if (!mark_possible_) {
      line_has_text_ = mark_bytes_ > 0;  // a mark cut short is text, and damaged
      break;
    }
    rest.remove_prefix(1);
    ++position_;
    if (++mark_bytes_ == kByteOrderMark.size()) {
      mark_possible_ = false;
      line_begin_ = position_;
    }
  }
  while (!rest.empty()) {
    const std::size_t newline = rest.find('\n');
    const std::string_view part = rest.substr(0, newline);
    feed_line_part(part);
    position_ += part.size();
    rest.remove_prefix(part.size());
    if (!rest.empty()) {
      end_line();
      line_begin_ = ++position_;
      rest.remove_prefix(1);
    }
  }
}

void LineScanner::finish() {
  if (mark_possible_ && mark_bytes_ > 0) {
    line_has_text_ = true;
  }
  if (position_ > line_begin_) {
    end_line();
  }
}

void LineScanner::feed_line_part(std::string_view part) {
  line_has_text_ = line_has_text_ || part.find_first_not_of(" \t\r") != std::string_view::npos;
}

void LineScanner::end_line() {
  if (line_has_text_) {
    offsets_.push_back(line_begin_);
  } else if (!gaps_.empty() && gaps_.back().record == offsets_.size()) {
    ++gaps_.back().count;
  } else {
    gaps_.push_back({offsets_.size(), 1});
  }
  line_has_text_ = false;
}

}  // namespace temper::data
