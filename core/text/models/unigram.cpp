#include "core/text/models/unigram.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <limits>

#include "core/base/error.h"
#include "core/text/utf8.h"

namespace temper::text {
namespace {

// How much worse than the worst token an unknown character is (sentencepiece, unigram_model.cc).
constexpr double kUnknownPenalty = 10.0;

TokenList numbered(const UnigramParts& parts) {
  TokenList list;
  list.reserve(parts.tokens.size());
  for (const auto& [token, score] : parts.tokens) {
    list.emplace_back(token, static_cast<std::int32_t>(list.size()));
  }
  return list;
}

}  // namespace

Unigram::Unigram(const UnigramParts& parts)
    : vocabulary_(numbered(parts), parts.where),
      unknown_id_(parts.unknown_id),
      byte_fallback_(parts.byte_fallback),
      where_(parts.where) {
  if (unknown_id_ && (*unknown_id_ < 0 || *unknown_id_ >= vocabulary_.size())) {
    throw UserError(fmt::format("{}: unk_id {} is none of the {} tokens", where_, *unknown_id_,
                                vocabulary_.size()));
  }
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& [token, score] : parts.tokens) {
    scores_.push_back(score);
    lowest = std::min(lowest, score);
  }
  unknown_score_ = lowest - kUnknownPenalty;
  for (std::size_t byte = 0; byte < byte_tokens_.size(); ++byte) {
    byte_tokens_[byte] = vocabulary_.find(fmt::format("<0x{:02X}>", byte));
  }
  build_trie();
}

// Breadth first over the sorted tokens: a node's children are the distinct next bytes of the tokens
// that start as it does.
void Unigram::build_trie() {
  std::vector<std::int32_t> order;
  for (std::int32_t id = 0; id < vocabulary_.id_bound(); ++id) order.push_back(id);
  std::sort(order.begin(), order.end(), [&](std::int32_t left, std::int32_t right) {
    return *vocabulary_.token_of(left) < *vocabulary_.token_of(right);
  });
  struct Pending {
    std::size_t node, first, last, depth;
  };
  nodes_.emplace_back();
  std::deque<Pending> pending = {{0, 0, order.size(), 0}};
  while (!pending.empty()) {
    auto [node, first, last, depth] = pending.front();
    pending.pop_front();
    const auto token_at = [&](std::size_t place) -> std::string_view {
      return *vocabulary_.token_of(order[place]);
    };
    if (first < last && token_at(first).size() == depth) nodes_[node].token = order[first++];
    nodes_[node].first_child = static_cast<std::uint32_t>(nodes_.size());
    while (first < last) {
      const char byte = token_at(first)[depth];
      std::size_t end = first;
      while (end < last && token_at(end)[depth] == byte) ++end;
      ++nodes_[node].num_children;
      pending.push_back({nodes_.size(), first, end, depth + 1});
      nodes_.emplace_back().byte = static_cast<unsigned char>(byte);
      first = end;
    }
  }
}

const Unigram::Node* Unigram::child_of(const Node& node, unsigned char byte) const {
  const auto begin = nodes_.begin() + node.first_child;
  const auto end = begin + node.num_children;
  const auto found =
      std::lower_bound(begin, end, byte,
                       [](const Node& child, unsigned char wanted) { return child.byte < wanted; });
  return found != end && found->byte == byte ? &*found : nullptr;
}

std::int32_t Unigram::required_unknown() const {
  if (!unknown_id_) {
    throw UserError(where_ + ": a character without a token, and there is no unk_id");
  }
  return *unknown_id_;
}

std::vector<Unigram::Step> Unigram::best_steps(std::string_view piece) const {
  std::vector<Step> steps(piece.size() + 1);
  const auto offer = [&](std::size_t end, const Step& step) {
    // The first of equals stays, as in Hugging Face's and SentencePiece's encoders.
    if (!steps[end].reached || step.score > steps[end].score) steps[end] = step;
  };
  for (std::size_t begin = 0; begin < piece.size();) {
    const double score = steps[begin].score;
    const std::size_t length = character_at(piece, begin).length_bytes;
    bool has_single = false;
    const Node* node = &nodes_[0];
    for (std::size_t end = begin; end < piece.size();) {
      node = child_of(*node, static_cast<unsigned char>(piece[end]));
      if (node == nullptr) break;
      ++end;
      if (node->token < 0) continue;
      offer(end, {node->token, score + scores_[static_cast<std::size_t>(node->token)],
                  static_cast<std::uint32_t>(begin), true});
      has_single = has_single || end - begin == length;
    }
    if (!has_single) {
      offer(begin + length,
            {required_unknown(), score + unknown_score_, static_cast<std::uint32_t>(begin), true});
    }
    begin += length;
  }
  return steps;
}

void Unigram::encode(std::string_view piece, std::uint32_t begin, Encoding* out) const {
  const std::vector<Step> steps = best_steps(piece);
  std::vector<ByteRange> tokens;  // from the last to the first
  bool behind_unknown = false;
  for (auto end = static_cast<std::uint32_t>(piece.size()); end > 0; end = steps[end].begin) {
    const bool is_unknown = unknown_id_ && steps[end].id == *unknown_id_;
    if (is_unknown && behind_unknown) {
      tokens.back().begin = steps[end].begin;
    } else {
      tokens.push_back({steps[end].begin, end});
    }
    behind_unknown = is_unknown;
  }
  for (auto range = tokens.rbegin(); range != tokens.rend(); ++range) {
    append_token(piece.substr(range->begin, range->end - range->begin), begin + range->begin, out);
  }
}

void Unigram::append_token(std::string_view token, std::uint32_t begin, Encoding* out) const {
  const ByteRange range = {begin, begin + static_cast<std::uint32_t>(token.size())};
  const auto append = [&](std::int32_t id) {
    out->ids.push_back(id);
    out->offsets.push_back(range);
  };
  const std::int32_t id = vocabulary_.find(token);
  if (id >= 0) {
    append(id);
    return;
  }
  const auto byte_token = [&](char byte) { return byte_tokens_[static_cast<unsigned char>(byte)]; };
  if (byte_fallback_ &&
      std::all_of(token.begin(), token.end(), [&](char byte) { return byte_token(byte) >= 0; })) {
    for (const char byte : token) append(byte_token(byte));
    return;
  }
  append(required_unknown());
}

}  // namespace temper::text
