#include "core/text/added_tokens.h"

#include <algorithm>
#include <utility>

#include "core/text/unicode/unicode_properties.h"
#include "core/text/utf8.h"
#include "core/text/whitespace.h"

namespace temper::text {
namespace {

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  return (begin == 0 || !is_word_character(character_before(text, begin).code)) &&
         (end == text.size() || !is_word_character(character_at(text, end).code));
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens,
                                   const std::vector<std::string>& contents)
    : tokens_(std::move(tokens)), nodes_(1) {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    insert(contents[i], static_cast<std::int32_t>(i));
  }
}

void AddedTokenFinder::insert(std::string_view content, std::int32_t token) {
  if (content.empty()) return;
  first_bytes_.set(static_cast<unsigned char>(content[0]));
  std::uint32_t node = 0;
  for (const char byte : content) {
    const auto next = static_cast<std::uint32_t>(nodes_.size());
    const auto [child, is_new] =
        nodes_[node].children.emplace(static_cast<unsigned char>(byte), next);
    node = child->second;
    if (is_new) nodes_.emplace_back();
  }
  nodes_[node].token = token;
}

AddedTokenFinder::Match AddedTokenFinder::find_next(std::string_view text, std::size_t from) const {
  for (std::size_t begin = from; begin < text.size(); ++begin) {
    if (!first_bytes_.test(static_cast<unsigned char>(text[begin]))) continue;
    Match longest;
    std::uint32_t node = 0;
    for (std::size_t end = begin; end < text.size();) {
      const auto child = nodes_[node].children.find(static_cast<unsigned char>(text[end]));
      if (child == nodes_[node].children.end()) break;
      node = child->second;
      ++end;
      if (nodes_[node].token >= 0) longest = {begin, end, nodes_[node].token};
    }
    if (longest.token >= 0) return longest;
  }
  return {};
}

void AddedTokenFinder::split(std::string_view text, std::vector<Section>* sections) const {
  if (empty()) return;
  std::vector<Section> pieces;
  for (const Section& section : *sections) {
    if (section.added_id >= 0) {
      pieces.push_back(section);
    } else {
      split_section(text, section, &pieces);
    }
  }
  sections->swap(pieces);
}

void AddedTokenFinder::split_section(std::string_view text, const Section& section,
                                     std::vector<Section>* pieces) const {
  const std::string_view content = text.substr(section.begin, section.end - section.begin);
  const auto append = [&](std::size_t begin, std::size_t end, std::int32_t id) {
    pieces->push_back({section.begin + static_cast<std::uint32_t>(begin),
                       section.begin + static_cast<std::uint32_t>(end), id});
  };
  std::size_t done = 0;  // everything before it has been handed out
  for (Match match = find_next(content, 0); match.token >= 0;
       match = find_next(content, match.end)) {
    const AddedToken& token = tokens_[static_cast<std::size_t>(match.token)];
    if (token.single_word && !stands_alone(content, match.begin, match.end)) continue;
    std::size_t begin = match.begin;
    std::size_t end = match.end;
    if (token.lstrip) {
      while (begin > 0) {
        const Character before = character_before(content, begin);
        if (!is_whitespace(before.code)) break;
        begin -= before.length_bytes;
      }
      begin = std::max(begin, done);
    }
    if (token.rstrip) {
      while (end < content.size()) {
        const Character behind = character_at(content, end);
        if (!is_whitespace(behind.code)) break;
        end += behind.length_bytes;
      }
    }
    if (done < begin) append(done, begin, -1);
    append(begin, end, token.id);
    done = end;
  }
  if (done != content.size()) append(done, content.size(), -1);
}

}  // namespace temper::text
