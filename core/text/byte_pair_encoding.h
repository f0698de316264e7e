#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/text/merge_table.h"
#include "core/text/piece_model.h"
#include "core/text/token_table.h"

namespace temper::text {

/// What a byte-level BPE model is made of. Tokens are spelled in the byte alphabet.
struct BytePairVocabulary {
  std::vector<std::pair<std::string, std::int32_t>> tokens;  ///< ids ≥ 0, each once
  std::vector<std::pair<std::string, std::string>> merges;   ///< by falling priority
  std::optional<std::string> unknown_token;  ///< for bytes without a token; else they are dropped
  bool fuse_unknown = false;                 ///< one unknown token for a run of such bytes
  bool ignore_merges = false;                ///< a piece that is a token is taken whole
  std::string where;                         ///< the file, for errors
};

/// Byte pair encoding (Sennrich et al., 2016) over bytes, as huggingface/tokenizers'
/// models/bpe runs it: the pair with the lowest rank merges first, the leftmost of equals.
///
/// Most pieces of real text are a token whose own merges lead back to it; which tokens those are is
/// found once, at construction, so such a piece costs one look-up and no cache is needed. Short
/// pieces merge in place; long ones with a heap over a linked list, O(n log n).
class BytePairEncoding final : public PieceModel {
 public:
  /// UserError naming `where` and the token for duplicates and merges that name no token.
  explicit BytePairEncoding(const BytePairVocabulary& vocabulary);

  void encode(std::string_view piece, std::uint32_t begin, Encoding* out) const override;
  std::optional<std::int32_t> id_of(std::string_view token) const override;
  const std::string* token_of(std::int32_t id) const override;
  std::int64_t size() const override { return num_tokens_; }
  std::int64_t id_bound() const override { return static_cast<std::int64_t>(tokens_.size()); }

 private:
  struct Symbol {
    std::int32_t id = 0;
    std::uint32_t length_bytes = 0;
    Merge with_next;
  };

  void add_tokens(const BytePairVocabulary& vocabulary);
  void add_merges(const BytePairVocabulary& vocabulary);
  void find_whole_pieces(const BytePairVocabulary& vocabulary);

  void encode_by_merging(std::string_view piece, std::uint32_t begin, Encoding* out) const;
  void append_displaced(std::string_view piece, std::uint32_t begin,
                        std::span<const Symbol> symbols, Encoding* out) const;
  /// The piece as single-byte symbols; their number. `symbols` has room for one a byte.
  std::size_t start(std::string_view piece, Symbol* symbols) const;
  std::size_t merge_short(Symbol* symbols, std::size_t count) const;
  std::size_t merge_long(Symbol* symbols, std::size_t count) const;

  std::vector<std::string> tokens_;  // by id, as spelled; empty: no such id
  std::int64_t num_tokens_ = 0;
  TokenTable ids_by_spelling_;
  TokenTable ids_by_bytes_;
  MergeTable merges_;
  std::vector<bool> is_whole_piece_;  // by id: a piece of these bytes is this token
  std::array<std::int32_t, 256> byte_ids_{};
  std::int32_t unknown_id_ = -1;
  bool fuse_unknown_ = false;
};

}  // namespace temper::text
