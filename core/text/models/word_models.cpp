#include "core/text/models/word_models.h"

#include "core/base/error.h"
#include "core/text/utf8.h"

namespace temper::text {
namespace {

// What both models have: a vocabulary with an unknown token.
class WordModel : public PieceModel {
 public:
  WordModel(const TokenList& tokens, const std::string& unknown_token, const std::string& where)
      : vocabulary_(tokens, where),
        unknown_id_(vocabulary_.required(unknown_token, where, "unk_token")) {}

  const Vocabulary& vocabulary() const override { return vocabulary_; }

 protected:
  static void append(std::int32_t id, std::size_t begin, std::size_t end, Encoding* out) {
    out->ids.push_back(id);
    out->offsets.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
  }
  void append_unknown(std::string_view piece, std::uint32_t begin, Encoding* out) const {
    append(unknown_id_, begin, begin + piece.size(), out);
  }

 private:
  Vocabulary vocabulary_;
  std::int32_t unknown_id_;
};

class WordLevel final : public WordModel {
 public:
  explicit WordLevel(const WordLevelParts& parts)
      : WordModel(parts.tokens, parts.unknown_token, parts.where) {}

  void encode(std::string_view piece, std::uint32_t begin, Encoding* out) const override {
    const std::int32_t id = vocabulary().find(piece);
    if (id < 0) {
      append_unknown(piece, begin, out);
    } else {
      append(id, begin, begin + piece.size(), out);
    }
  }
};

class WordPiece final : public WordModel {
 public:
  explicit WordPiece(const WordPieceParts& parts)
      : WordModel(parts.tokens, parts.unknown_token, parts.where),
        prefix_(parts.continuing_subword_prefix),
        max_characters_(static_cast<std::size_t>(parts.max_characters)) {}

  void encode(std::string_view piece, std::uint32_t begin, Encoding* out) const override {
    const std::size_t before = out->ids.size();
    if (count_characters(piece) <= max_characters_ && append_tokens(piece, begin, out)) return;
    out->ids.resize(before);
    out->offsets.resize(before);
    append_unknown(piece, begin, out);
  }

 private:
  bool append_tokens(std::string_view piece, std::uint32_t begin, Encoding* out) const {
    std::string token;
    for (std::size_t from = 0; from < piece.size();) {
      std::size_t to = piece.size();
      std::int32_t id = -1;
      while (from < to) {
        token = from > 0 ? prefix_ : "";
        token += piece.substr(from, to - from);
        id = vocabulary().find(token);
        if (id >= 0) break;
        to -= character_before(piece, to).length_bytes;
      }
      if (id < 0) return false;
      append(id, begin + from, begin + to, out);
      from = to;
    }
    return true;
  }

  std::string prefix_;
  std::size_t max_characters_;
};

}  // namespace

std::unique_ptr<PieceModel> make_word_piece(const WordPieceParts& parts) {
  return std::make_unique<WordPiece>(parts);
}

std::unique_ptr<PieceModel> make_word_level(const WordLevelParts& parts) {
  return std::make_unique<WordLevel>(parts);
}

}  // namespace temper::text
