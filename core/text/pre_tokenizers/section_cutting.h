#pragma once

#include <string_view>
#include <vector>

#include "core/text/aligned_text.h"

namespace temper::text {

inline std::string_view text_of(const AlignedText& text, const Section& section) {
  return text.text().substr(section.begin, section.end - section.begin);
}

/// Calls cut(section, &pieces) for every section that is text, to append its pieces to a new list.
template <typename Cut>
void cut_sections(std::vector<Section>* sections, const Cut& cut) {
  std::vector<Section> pieces;
  pieces.reserve(sections->size() * 4);
  for (const Section& section : *sections) {
    if (section.added_id >= 0) {
      pieces.push_back(section);
    } else {
      cut(section, &pieces);
    }
  }
  sections->swap(pieces);
}

}  // namespace temper::text
