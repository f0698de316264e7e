#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/text/models/piece_model.h"

namespace temper::text {

struct UnigramParts {
  std::vector<std::pair<std::string_view, double>>
      tokens;  ///< with log probabilities; ids by place
  std::optional<std::int32_t> unknown_id;
  bool byte_fallback = false;
  std::string where;
};

/// SentencePiece's unigram language model (Kudo, 2018): of all ways to cut a piece into tokens, the
/// one of the highest sum of scores, by dynamic programming from left to right over a trie.
/// O(piece × longest token). Neighbouring unknown characters are one token.
class Unigram final : public PieceModel {
 public:
  explicit Unigram(const UnigramParts& parts);

  void encode(std::string_view piece, std::uint32_t begin, Encoding* out) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }

 private:
  struct Node {
    std::uint32_t first_child = 0;  // the children lie side by side, sorted by byte
    std::uint16_t num_children = 0;
    unsigned char byte = 0;
    std::int32_t token = -1;
  };
  /// The best way to a place of the piece.
  struct Step {
    std::int32_t id = -1;
    double score = 0;
    std::uint32_t begin = 0;
    bool reached = false;
  };

  void build_trie();
  const Node* child_of(const Node& node, unsigned char byte) const;
  std::vector<Step> best_steps(std::string_view piece) const;
  void append_token(std::string_view token, std::uint32_t begin, Encoding* out) const;
  std::int32_t required_unknown() const;

  Vocabulary vocabulary_;
  std::vector<double> scores_;
  std::vector<Node> nodes_;
  double unknown_score_ = 0;
  std::optional<std::int32_t> unknown_id_;
  bool byte_fallback_ = false;
  std::array<std::int32_t, 256> byte_tokens_{};
  std::string where_;
};

}  // namespace temper::text
