#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text/models/token_table.h"

namespace temper::text {

/// Tokens and ids as a file gives them. The views must outlive what is made of the list only.
using TokenList = std::vector<std::pair<std::string_view, std::int32_t>>;

/// Of all tokens together.
std::size_t bytes_of(const TokenList& tokens);

/// Token → id and id → token. Immutable, thread-safe.
class Vocabulary {
 public:
  /// UserError starting with `where` for an id or a token that comes twice, an id out of range and
  /// an empty token.
  Vocabulary(const TokenList& tokens, const std::string& where);

  /// The id, or -1.
  std::int32_t find(std::string_view token) const { return ids_.find(token); }
  /// The token; nullopt if there is no such id. A view of this vocabulary.
  std::optional<std::string_view> token_of(std::int32_t id) const;
  /// The number of tokens.
  std::int64_t size() const { return num_tokens_; }
  /// The largest id + 1.
  std::int64_t id_bound() const { return static_cast<std::int64_t>(tokens_.size()); }

  /// The id of a token that the file names; UserError with `field` if there is none.
  std::int32_t required(std::string_view token, const std::string& where,
                        std::string_view field) const;

 private:
  /// Where a token lies in ids_.all_bytes().
  struct Place {
    std::uint32_t begin = 0;
    std::uint32_t length = 0;  // 0: no such id
  };

  std::vector<Place> tokens_;  // by id
  std::int64_t num_tokens_ = 0;
  TokenTable ids_;
};

}  // namespace temper::text
