#include "core/text/sentencepiece_merges.h"

#include <algorithm>
#include <numeric>
#include <unordered_set>

#include "core/text/utf8.h"

namespace temper::text {

ScoredMerges merges_of_scores(const std::vector<std::string_view>& tokens,
                              const std::vector<double>& scores,
                              const std::vector<bool>& may_result) {
  const std::unordered_set<std::string_view> known(tokens.begin(), tokens.end());
  std::vector<std::size_t> order(tokens.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    return scores[left] > scores[right];
  });
  ScoredMerges scored;
  std::uint32_t rank = 0;
  for (std::size_t place = 0; place < order.size(); ++place) {
    if (place > 0 && scores[order[place]] != scores[order[place - 1]]) ++rank;
    if (!may_result[order[place]]) continue;
    const std::string_view token = tokens[order[place]];
    for (std::size_t cut = 1; cut < token.size(); ++cut) {
      if (is_continuation_byte(token[cut])) continue;
      const std::string_view left = token.substr(0, cut);
      const std::string_view right = token.substr(cut);
      if (!known.contains(left) || !known.contains(right)) continue;
      scored.merges.emplace_back(left, right);
      scored.ranks.push_back(rank);
    }
  }
  return scored;
}

}  // namespace temper::text
