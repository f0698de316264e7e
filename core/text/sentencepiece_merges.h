#pragma once

#include <string_view>
#include <vector>

#include "core/text/models/pair_merger.h"

namespace temper::text {

/// The merges of a SentencePiece BPE vocabulary, which is written as tokens with scores: two
/// neighbours merge if together they are a token, the token of the highest score first
/// (sentencepiece, src/bpe_model.cc). Tokens of equal scores have equal ranks, so that the leftmost
/// pair goes first.
struct ScoredMerges {
  MergeList merges;
  std::vector<std::uint32_t> ranks;  ///< one a merge
};

/// `may_result[i]`: whether tokens[i] can come out of a merge (it is text, no control token).
/// The views of the result point into `tokens`.
ScoredMerges merges_of_scores(const std::vector<std::string_view>& tokens,
                              const std::vector<double>& scores,
                              const std::vector<bool>& may_result);

}  // namespace temper::text
