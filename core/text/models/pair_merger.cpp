#include "core/text/models/pair_merger.h"

#include <fmt/format.h>

#include <algorithm>
#include <queue>

#include "core/base/error.h"
#include "core/text/models/token_boundary.h"

namespace temper::text {
namespace {

// All in symbols.
constexpr std::size_t kShortPiece = 64;
constexpr std::size_t kPart = 4096;
constexpr std::size_t kPartMargin = 128;  // at a part's end, where what follows may change tokens

}  // namespace

PairMerger::PairMerger(const MergeList& merges, const std::vector<std::uint32_t>& ranks,
                       std::size_t prefix_bytes, const Vocabulary& vocabulary,
                       const std::string& where)
    : merges_(merges.size()) {
  std::string merged;
  for (std::size_t place = 0; place < merges.size(); ++place) {
    const auto [left, right] = merges[place];
    const auto id = [&, left = left, right = right](std::string_view token) {
      const std::int32_t found = vocabulary.find(token);
      if (found < 0) {
        throw UserError(
            fmt::format("{}: merge {} (\"{}\" and \"{}\") needs the token \"{}\", "
                        "which is not in the vocabulary",
                        where, place, left, right, token));
      }
      return found;
    };
    const std::int32_t left_id = id(left);
    const std::int32_t right_id = id(right);
    merged = left;
    merged += right.substr(std::min(prefix_bytes, right.size()));
    const auto rank = ranks.empty() ? static_cast<std::uint32_t>(place) : ranks[place];
    merges_.insert(left_id, right_id, {rank, id(merged)});
  }
}

std::size_t PairMerger::merge(Symbol* symbols, std::size_t count) const {
  for (std::size_t i = 0; i + 1 < count; ++i) {
    symbols[i].with_next = merges_.find(symbols[i].id, symbols[i + 1].id);
  }
  if (count > 0) symbols[count - 1].with_next = {};
  if (count <= kShortPiece) return merge_short(symbols, count);
  return count <= 2 * kPart ? merge_long(symbols, count) : merge_in_parts(symbols, count);
}

std::size_t PairMerger::merge_short(Symbol* symbols, std::size_t count) const {
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count; ++i) {
      if (symbols[i].with_next.rank < symbols[best].with_next.rank) best = i;
    }
    if (symbols[best].with_next.rank == Merge::kNone) break;
    symbols[best].id = symbols[best].with_next.id;
    symbols[best].length_bytes += symbols[best + 1].length_bytes;
    std::copy(symbols + best + 2, symbols + count, symbols + best + 1);
    --count;
    symbols[best].with_next =
        best + 1 < count ? merges_.find(symbols[best].id, symbols[best + 1].id) : Merge{};
    if (best > 0) {
      symbols[best - 1].with_next = merges_.find(symbols[best - 1].id, symbols[best].id);
    }
  }
  return count;
}

std::size_t PairMerger::merge_long(Symbol* symbols, std::size_t count) const {
  // Candidates are never taken back: one is stale if its pair is no longer what it was made for.
  struct Candidate {
    std::uint32_t rank;
    std::uint32_t position;
    bool operator<(const Candidate& other) const {  // std::priority_queue gives the largest
      return rank != other.rank ? rank > other.rank : position > other.position;
    }
  };
  const auto end = static_cast<std::uint32_t>(count);
  std::vector<std::uint32_t> next(count), previous(count);
  std::vector<Candidate> candidates;
  for (std::uint32_t i = 0; i < end; ++i) {
    next[i] = i + 1;
    previous[i] = i == 0 ? end : i - 1;
    if (symbols[i].with_next.rank != Merge::kNone) {
      candidates.push_back({symbols[i].with_next.rank, i});
    }
  }
  std::priority_queue<Candidate> queue(std::less<Candidate>(), std::move(candidates));
  const auto refresh = [&](std::uint32_t position) {
    Symbol& symbol = symbols[position];
    symbol.with_next =
        next[position] < end ? merges_.find(symbol.id, symbols[next[position]].id) : Merge{};
    if (symbol.with_next.rank != Merge::kNone) queue.push({symbol.with_next.rank, position});
  };
  while (!queue.empty()) {
    const Candidate top = queue.top();
    queue.pop();
    Symbol& left = symbols[top.position];
    if (left.length_bytes == 0 || left.with_next.rank != top.rank) continue;
    const std::uint32_t right = next[top.position];
    left.id = left.with_next.id;
    left.length_bytes += symbols[right].length_bytes;
    symbols[right].length_bytes = 0;
    symbols[right].with_next = {};
    next[top.position] = next[right];
    if (next[right] < end) previous[next[right]] = top.position;
    refresh(top.position);
    if (previous[top.position] < end) refresh(previous[top.position]);
  }
  return static_cast<std::size_t>(
      std::remove_if(symbols, symbols + count,
                     [](const Symbol& symbol) { return symbol.length_bytes == 0; }) -
      symbols);
}

// A cut is good if the tokens on both sides of it stay apart. The one behind it is known for sure
// only when the next part has been merged: if it is another one then, or if there is no good cut,
// the rest is merged as a whole.
std::size_t PairMerger::merge_in_parts(Symbol* symbols, std::size_t count) const {
  std::vector<Symbol> merged;
  std::vector<Symbol> part;
  std::optional<Cut> cut;
  std::size_t begin = 0;
  const auto merge_up_to = [&](std::size_t end) {
    part.assign(symbols + begin, symbols + end);
    part.back().with_next = {};
    part.resize(merge_long(part.data(), part.size()));
  };
  while (count - begin > 2 * kPart) {
    merge_up_to(begin + kPart);
    if (cut && cut->next_bytes != part.front().length_bytes) {
      begin -= cut->symbols;
      merged.resize(merged.size() - cut->tokens);
      break;
    }
    cut = find_cut(symbols + begin, part);
    if (!cut) break;
    merged.insert(merged.end(), part.begin(),
                  part.begin() + static_cast<std::ptrdiff_t>(cut->tokens));
    begin += cut->symbols;
  }
  merge_up_to(count);
  merged.insert(merged.end(), part.begin(), part.end());
  std::copy(merged.begin(), merged.end(), symbols);
  return merged.size();
}

std::optional<PairMerger::Cut> PairMerger::find_cut(const Symbol* symbols,
                                                    const std::vector<Symbol>& tokens) const {
  std::vector<std::size_t> begins;
  std::size_t at = 0;
  for (const Symbol& token : tokens) {
    begins.push_back(at);
    for (std::uint32_t bytes = 0; bytes < token.length_bytes; ++at) {
      bytes += symbols[at].length_bytes;
    }
  }
  begins.push_back(at);
  for (std::size_t token = tokens.size() - 1; token > 0 && begins[token] > kPart / 2; --token) {
    const std::span left(symbols + begins[token - 1], symbols + begins[token]);
    const std::span right(symbols + begins[token], symbols + begins[token + 1]);
    if (begins[token + 1] + kPartMargin <= kPart && stays_apart(merges_, left, right)) {
      return Cut{token, begins[token], tokens[token].length_bytes};
    }
  }
  return std::nullopt;
}

}  // namespace temper::text
