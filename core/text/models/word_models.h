#pragma once

#include <memory>
#include <string>

#include "core/text/models/piece_model.h"

namespace temper::text {

struct WordPieceParts {
  TokenList tokens;
  std::string unknown_token;
  std::string continuing_subword_prefix;  ///< "##"
  std::int64_t max_characters = 100;      ///< a longer piece is unknown
  std::string where;
};

/// WordPiece (Schuster and Nakajima, 2012; BERT): the longest token that the piece starts with,
/// then the longest continuation, and so on; a piece where that fails is unknown as a whole.
std::unique_ptr<PieceModel> make_word_piece(const WordPieceParts& parts);

struct WordLevelParts {
  TokenList tokens;
  std::string unknown_token;
  std::string where;
};

/// WordLevel: a piece is a token or unknown.
std::unique_ptr<PieceModel> make_word_level(const WordLevelParts& parts);

}  // namespace temper::text
