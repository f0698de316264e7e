#include "core/text/models/vocabulary.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace temper::text {
namespace {

// Ids index tables; a hostile file must not make them huge.
constexpr std::int32_t kMaxId = 1 << 22;

}  // namespace

std::size_t bytes_of(const TokenList& tokens) {
  std::size_t bytes = 0;
  for (const auto& [token, id] : tokens) bytes += token.size();
  return bytes;
}

Vocabulary::Vocabulary(const TokenList& tokens, const std::string& where)
    : tokens_(tokens.size()),
      num_tokens_(static_cast<std::int64_t>(tokens.size())),
      ids_(tokens.size(), bytes_of(tokens)) {
  for (const auto& [token, id] : tokens) {
    if (id < 0 || id > kMaxId) {
      throw UserError(
          fmt::format("{}: token \"{}\" has id {}; ids lie in 0…{}", where, token, id, kMaxId));
    }
    if (token.empty()) throw UserError(fmt::format("{}: id {} has no text", where, id));
    const auto index = static_cast<std::size_t>(id);
    if (index >= tokens_.size()) tokens_.resize(index + 1);
    if (const auto other = token_of(id)) {
      throw UserError(fmt::format("{}: id {} belongs to two tokens, \"{}\" and \"{}\"", where, id,
                                  *other, token));
    }
    const Place place{static_cast<std::uint32_t>(ids_.all_bytes().size()),
                      static_cast<std::uint32_t>(token.size())};
    if (!ids_.insert(token, id)) {
      throw UserError(fmt::format("{}: token \"{}\" has two ids", where, token));
    }
    tokens_[index] = place;
  }
  while (!tokens_.empty() && tokens_.back().length == 0) tokens_.pop_back();
}

std::optional<std::string_view> Vocabulary::token_of(std::int32_t id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= tokens_.size()) return std::nullopt;
  const Place place = tokens_[static_cast<std::size_t>(id)];
  if (place.length == 0) return std::nullopt;
  return ids_.all_bytes().substr(place.begin, place.length);
}

std::int32_t Vocabulary::required(std::string_view token, const std::string& where,
                                  std::string_view field) const {
  const std::int32_t id = find(token);
  if (id < 0) {
    throw UserError(fmt::format("{}: {} \"{}\" is not in the vocabulary", where, field, token));
  }
  return id;
}

}  // namespace temper::text
