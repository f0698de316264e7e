#include "core/text/tokenizer_pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/text/utf8.h"
#include "core/text/whitespace.h"

namespace temper::text {
namespace {

// Byte-level tokens know one kind of space; tabs and line ends are other letters of the alphabet.
ProcessedText::Margins margins_of_piece(std::string_view token) {
  const std::size_t first = token.find_first_not_of(' ');
  const auto size = static_cast<std::uint32_t>(token.size());
  if (first == std::string_view::npos) return {size, size};
  return {static_cast<std::uint32_t>(first),
          static_cast<std::uint32_t>(size - 1 - token.find_last_not_of(' '))};
}

// Added tokens are text as it stands, with the whitespace that they swallowed.
ProcessedText::Margins margins_of_added(std::string_view token) {
  ProcessedText::Margins margins;
  for (std::size_t at = 0; at < token.size(); ++margins.leading) {
    const Character character = character_at(token, at);
    if (!is_whitespace(character.code)) break;
    at += character.length_bytes;
  }
  for (std::size_t at = token.size(); at > 0; ++margins.trailing) {
    const Character character = character_before(token, at);
    if (!is_whitespace(character.code)) break;
    at -= character.length_bytes;
  }
  return margins;
}

}  // namespace

TokenizerPipeline::TokenizerPipeline(TokenizerParts parts, const std::string& where)
    : parts_(std::move(parts)),
      raw_finder_(finder_for(false)),
      normalized_finder_(finder_for(true)) {
  CHECK(parts_.model != nullptr, "a tokenizer without a model");
  check_added_tokens(where);
}

void TokenizerPipeline::check_added_tokens(const std::string& where) {
  id_bound_ = parts_.model->id_bound();
  for (std::size_t i = 0; i < parts_.added_tokens.size(); ++i) {
    const AddedToken& token = parts_.added_tokens[i];
    const auto refuse = [&](const std::string& why) {
      throw UserError(fmt::format("{}: added token \"{}\" has id {}, but {}", where, token.content,
                                  token.id, why));
    };
    if (token.content.empty()) refuse("no text");
    const auto model_id = parts_.model->id_of(token.content);
    if (model_id && *model_id != token.id) {
      refuse(fmt::format("the vocabulary gives it {}", *model_id));
    }
    if (const std::string* other = parts_.model->token_of(token.id);
        other != nullptr && *other != token.content) {
      refuse(fmt::format("that is \"{}\" in the vocabulary", *other));
    }
    if (!added_ids_.emplace(token.content, token.id).second) refuse("it comes twice");
    if (!added_index_.emplace(token.id, i).second) refuse("another added token has it too");
    id_bound_ = std::max<std::int64_t>(id_bound_, std::int64_t{token.id} + 1);
  }
}

AddedTokenFinder TokenizerPipeline::finder_for(bool normalized) const {
  std::vector<AddedToken> tokens;
  std::vector<std::string> contents;
  for (const AddedToken& token : parts_.added_tokens) {
    if (token.normalized != normalized) continue;
    tokens.push_back(token);
    contents.push_back(normalized && parts_.normalizer != nullptr
                           ? normalize(*parts_.normalizer, token.content)
                           : token.content);
  }
  return {std::move(tokens), contents};
}

Encoding TokenizerPipeline::encode(std::string_view text, bool add_special_tokens) const {
  if (text.size() >= std::numeric_limits<std::uint32_t>::max()) {
    throw UserError(fmt::format("a text of {} bytes is too long; the limit is 4 GiB", text.size()));
  }
  if (const auto position = find_invalid_utf8(text)) {
    throw UserError(fmt::format("invalid UTF-8 at byte {}", *position));
  }
  AlignedText aligned(text);
  std::vector<Section> sections;
  if (!text.empty()) sections.push_back({0, static_cast<std::uint32_t>(text.size()), -1});
  cut(&aligned, &sections);
  ProcessedText result;
  result.encoding.ids.reserve(sections.size() * 2);
  result.encoding.offsets.reserve(sections.size() * 2);
  encode_sections(aligned, sections, &result);
  if (parts_.post_processor != nullptr) {
    parts_.post_processor->apply(text, add_special_tokens, &result);
  }
  return std::move(result.encoding);
}

void TokenizerPipeline::cut(AlignedText* text, std::vector<Section>* sections) const {
  raw_finder_.split(text->text(), sections);
  if (parts_.normalizer != nullptr) parts_.normalizer->apply(text, sections);
  normalized_finder_.split(text->text(), sections);
  if (parts_.pre_tokenizer != nullptr) parts_.pre_tokenizer->apply(text, sections);
}

void TokenizerPipeline::encode_sections(const AlignedText& text,
                                        const std::vector<Section>& sections,
                                        ProcessedText* out) const {
  const bool with_margins =
      parts_.post_processor != nullptr && parts_.post_processor->wants_margins();
  Encoding& encoding = out->encoding;
  const std::string_view content = text.text();
  for (const Section& section : sections) {
    const std::string_view piece = content.substr(section.begin, section.end - section.begin);
    std::size_t token = encoding.ids.size();
    if (section.added_id >= 0) {
      encoding.ids.push_back(section.added_id);
      encoding.offsets.push_back({section.begin, section.end});
    } else {
      parts_.model->encode(piece, section.begin, &encoding);
    }
    for (; token < encoding.ids.size(); ++token) {
      ByteRange& range = encoding.offsets[token];
      if (with_margins) {
        const std::string_view spelled = content.substr(range.begin, range.end - range.begin);
        out->margins.push_back(section.added_id >= 0 ? margins_of_added(spelled)
                                                     : margins_of_piece(spelled));
      }
      range = text.origin(range.begin, range.end);
    }
  }
}

std::string TokenizerPipeline::decode(std::span<const std::int32_t> ids,
                                      bool skip_special_tokens) const {
  std::string bytes;
  for (const std::int32_t id : ids) {
    const auto added = added_index_.find(id);
    if (added != added_index_.end() && skip_special_tokens &&
        parts_.added_tokens[added->second].special) {
      continue;
    }
    bytes += bytes_of(id);
  }
  return replace_invalid_utf8(bytes);
}

std::int64_t TokenizerPipeline::vocabulary_size() const {
  return id_bound_;
}

std::optional<std::int32_t> TokenizerPipeline::id_of(std::string_view token) const {
  if (const auto added = added_ids_.find(token); added != added_ids_.end()) return added->second;
  return parts_.model->id_of(token);
}

std::string TokenizerPipeline::bytes_of(std::int32_t id) const {
  const auto added = added_index_.find(id);
  const std::string* token = added != added_index_.end()
                                 ? &parts_.added_tokens[added->second].content
                                 : parts_.model->token_of(id);
  if (token == nullptr) return "";
  return alphabet_.to_bytes(*token).value_or(*token);
}

}  // namespace temper::text
