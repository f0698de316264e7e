#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>

#include "core/text/models/pair_merger.h"
#include "core/text/models/piece_model.h"
#include "core/text/models/token_table.h"
#include "core/text/models/whole_pieces.h"

namespace temper::text {

/// What a BPE model is made of, as a tokenizer.json writes it.
struct BytePairParts {
  TokenList tokens;
  MergeList merges;
  std::vector<std::uint32_t> ranks;          ///< one a merge; empty: a merge's place is its rank
  std::optional<std::string> unknown_token;  ///< for what has no token; else it is dropped
  std::string continuing_subword_prefix;     ///< before every character but the first of a piece
  std::string end_of_word_suffix;            ///< behind the last character of a piece
  bool fuse_unknown = false;                 ///< one unknown token for a run of them
  bool byte_fallback = false;  ///< a character without a token becomes its bytes' <0xXX> tokens
  bool ignore_merges = false;  ///< a piece that is a token is taken whole
  std::string where;           ///< the file, for errors
};

/// Byte pair encoding over bytes, as huggingface/tokenizers' models/bpe runs it behind a ByteLevel
/// pre-tokenizer. Tokens are spelled in the byte alphabet; pieces are bytes as they stand. Without
/// prefix, suffix and byte fallback, which the parts must not have.
class BytePairEncoding final : public PieceModel {
 public:
  /// UserError naming the token for duplicates and merges that name no token.
  explicit BytePairEncoding(const BytePairParts& parts);

  void encode(std::string_view piece, std::uint32_t begin, Encoding* out) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  bool takes_bytes() const override { return true; }

 private:
  bool merges_to(std::string_view piece, std::int32_t id) const;
  void encode_by_merging(std::string_view piece, std::uint32_t begin, Encoding* out) const;
  void append_displaced(std::string_view piece, std::uint32_t begin,
                        std::span<const Symbol> symbols, Encoding* out) const;
  /// The piece as single-byte symbols; their number. `symbols` has room for one a byte.
  std::size_t start(std::string_view piece, Symbol* symbols) const;

  Vocabulary vocabulary_;
  TokenTable ids_by_bytes_;
  PairMerger merger_;
  WholePieces whole_pieces_;
  std::array<std::int32_t, 256> byte_ids_{};
  std::int32_t unknown_id_ = -1;
  bool fuse_unknown_ = false;
  bool ignore_merges_ = false;
};

/// Whether the model can be a BytePairEncoding behind ByteLevel.
bool works_on_bytes(const BytePairParts& parts);

}  // namespace temper::text
