#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/text/models/byte_pair_encoding.h"
#include "core/text/models/seam_table.h"

namespace temper::text {

/// Byte pair encoding over characters, as huggingface/tokenizers' models/bpe runs it with every
/// flag: SentencePiece's vocabularies (Llama 2, Gemma) with byte fallback, and those with prefixes
/// and suffixes.
class CharacterPairEncoding final : public PieceModel {
 public:
  /// UserError naming the token for duplicates and merges that name no token.
  explicit CharacterPairEncoding(const BytePairParts& parts);

  void encode(std::string_view piece, std::uint32_t begin, Encoding* out) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }

 private:
  bool may_cut() const;
  bool is_seam(std::string_view piece, std::size_t left, std::size_t right) const;
  void encode_part(std::string_view part, std::uint32_t begin, Encoding* out) const;
  void encode_by_merging(std::string_view part, std::uint32_t begin, Encoding* out) const;
  bool merges_to(std::string_view part, std::int32_t id) const;
  void start(std::string_view part, std::vector<Symbol>* symbols) const;
  bool append_bytes(std::string_view spelled, std::vector<Symbol>* symbols) const;

  Vocabulary vocabulary_;
  PairMerger merger_;
  SeamTable seams_;
  WholePieces whole_pieces_;
  std::array<std::int32_t, 256> byte_tokens_{};  // of <0xXX>; −1: none
  std::string prefix_;
  std::string suffix_;
  std::int32_t unknown_id_ = -1;
  bool fuse_unknown_ = false;
  bool byte_fallback_ = false;
  bool ignore_merges_ = false;
  bool may_cut_ = false;
};

/// BytePairEncoding if the pieces are bytes and the parts allow it, else CharacterPairEncoding.
std::unique_ptr<PieceModel> make_pair_encoding(const BytePairParts& parts, bool pieces_are_bytes);

}  // namespace temper::text
