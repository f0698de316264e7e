#include "core/text/tokenizer_pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/text/utf8.h"

namespace temper::text {

TokenizerPipeline::TokenizerPipeline(TokenizerParts parts, const std::string& where)
    : parts_(std::move(parts)),
      raw_finder_(finder_for(false)),
      normalized_finder_(finder_for(true)) {
  CHECK(parts_.model != nullptr, "a tokenizer without a model");
  take_added_tokens(where);
  if (parts_.post_processor != nullptr && parts_.post_processor->wants_margins()) note_margins();
}

void TokenizerPipeline::take_added_tokens(const std::string& where) {
  const Vocabulary& vocabulary = parts_.model->vocabulary();
  id_bound_ = vocabulary.id_bound();
  for (const AddedToken& token : parts_.added_tokens) {
    const auto refuse = [&](const std::string& why) {
      throw UserError(fmt::format("{}: added token \"{}\" has id {}, but {}", where, token.content,
                                  token.id, why));
    };
    if (token.content.empty()) refuse("no text");
    const std::int32_t model_id = vocabulary.find(token.content);
    if (model_id >= 0 && model_id != token.id) {
      refuse(fmt::format("the vocabulary gives it {}", model_id));
    }
    if (const auto other = vocabulary.token_of(token.id); other && *other != token.content) {
      refuse(fmt::format("that is \"{}\" in the vocabulary", *other));
    }
    if (!added_ids_.emplace(token.content, token.id).second) refuse("it comes twice");
    if (!added_texts_.emplace(token.id, shown_as(token)).second) {
      refuse("another added token has it too");
    }
    if (token.special) special_texts_.insert(token.content);
    id_bound_ = std::max<std::int64_t>(id_bound_, std::int64_t{token.id} + 1);
  }
}

// An added token that is looked for in normalised text also decodes to its normal form.
std::string TokenizerPipeline::shown_as(const AddedToken& token) const {
  if (!token.normalized || parts_.normalizer == nullptr) return token.content;
  return normalize(*parts_.normalizer, token.content);
}

void TokenizerPipeline::note_margins() {
  const Vocabulary& vocabulary = parts_.model->vocabulary();
  margins_.resize(static_cast<std::size_t>(vocabulary.id_bound()));
  for (std::size_t id = 0; id < margins_.size(); ++id) {
    const auto token = vocabulary.token_of(static_cast<std::int32_t>(id));
    if (token) margins_[id] = margins_of(*token);
  }
}

AddedTokenFinder TokenizerPipeline::finder_for(bool normalized) const {
  std::vector<AddedToken> tokens;
  std::vector<std::string> contents;
  for (const AddedToken& token : parts_.added_tokens) {
    if (token.normalized != normalized) continue;
    tokens.push_back(token);
    contents.push_back(shown_as(token));
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
  if (parts_.normalizer != nullptr) normalize(*parts_.normalizer, text, sections);
  normalized_finder_.split(text->text(), sections);
  if (parts_.pre_tokenizer != nullptr) parts_.pre_tokenizer->apply(text, sections);
}

void TokenizerPipeline::encode_sections(const AlignedText& text,
                                        const std::vector<Section>& sections,
                                        ProcessedText* out) const {
  Encoding& encoding = out->encoding;
  const std::string_view content = text.text();
  for (const Section& section : sections) {
    const std::string_view piece = content.substr(section.begin, section.end - section.begin);
    std::size_t token = encoding.ids.size();
    if (section.added_id >= 0) {
      encoding.ids.push_back(section.added_id);
      encoding.offsets.push_back({section.begin, section.end});
      // Its spelling is the text as it stands, with the whitespace that it swallowed.
      if (!margins_.empty()) out->margins.push_back(margins_of(piece));
    } else {
      parts_.model->encode(piece, section.begin, &encoding);
      for (std::size_t i = token; i < encoding.ids.size() && !margins_.empty(); ++i) {
        out->margins.push_back(margins_[static_cast<std::size_t>(encoding.ids[i])]);
      }
    }
    for (; token < encoding.ids.size(); ++token) {
      ByteRange& range = encoding.offsets[token];
      range = text.origin(range.begin, range.end);
    }
  }
}

std::string TokenizerPipeline::decode(std::span<const std::int32_t> ids,
                                      bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  for (const std::int32_t id : ids) {
    std::string token = token_of(id);
    if (token.empty() || (skip_special_tokens && special_texts_.contains(token))) continue;
    tokens.push_back(std::move(token));
  }
  const std::string_view between = parts_.decoder == nullptr ? " " : "";
  if (parts_.decoder != nullptr) tokens = parts_.decoder->decode(std::move(tokens));
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0) text += between;
    text += tokens[i];
  }
  return text;
}

std::int64_t TokenizerPipeline::vocabulary_size() const {
  return id_bound_;
}

std::optional<std::int32_t> TokenizerPipeline::id_of(std::string_view token) const {
  if (const auto added = added_ids_.find(token); added != added_ids_.end()) return added->second;
  const std::int32_t id = parts_.model->vocabulary().find(token);
  return id < 0 ? std::nullopt : std::optional(id);
}

std::string TokenizerPipeline::token_of(std::int32_t id) const {
  if (const auto added = added_texts_.find(id); added != added_texts_.end()) return added->second;
  return std::string(parts_.model->vocabulary().token_of(id).value_or(""));
}

std::string TokenizerPipeline::bytes_of(std::int32_t id) const {
  if (const auto added = added_texts_.find(id); added != added_texts_.end()) return added->second;
  std::string token = token_of(id);
  return parts_.decoder == nullptr ? token : parts_.decoder->bytes_of(std::move(token));
}

}  // namespace temper::text
