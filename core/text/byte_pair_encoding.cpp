#include "core/text/byte_pair_encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <queue>

#include "core/base/error.h"
#include "core/text/byte_alphabet.h"
#include "core/text/utf8.h"

namespace temper::text {
namespace {

constexpr std::size_t kShortPieceBytes = 64;
// Ids index tables; a hostile file must not make them huge.
constexpr std::int32_t kMaxId = 1 << 22;

}  // namespace

BytePairEncoding::BytePairEncoding(const BytePairVocabulary& vocabulary)
    : ids_by_spelling_(vocabulary.tokens.size()),
      ids_by_bytes_(vocabulary.tokens.size()),
      merges_(vocabulary.merges.size()),
      fuse_unknown_(vocabulary.fuse_unknown) {
  add_tokens(vocabulary);
  add_merges(vocabulary);
  find_whole_pieces(vocabulary);
}

void BytePairEncoding::add_tokens(const BytePairVocabulary& vocabulary) {
  const ByteAlphabet alphabet;
  byte_ids_.fill(-1);
  for (const auto& [token, id] : vocabulary.tokens) {
    if (id < 0 || id > kMaxId) {
      throw UserError(fmt::format("{}: token \"{}\" has id {}; ids lie in 0…{}", vocabulary.where,
                                  token, id, kMaxId));
    }
    if (static_cast<std::size_t>(id) >= tokens_.size()) {
      tokens_.resize(static_cast<std::size_t>(id) + 1);
    }
    std::string& spelling = tokens_[static_cast<std::size_t>(id)];
    if (!spelling.empty()) {
      throw UserError(fmt::format("{}: id {} belongs to two tokens, \"{}\" and \"{}\"",
                                  vocabulary.where, id, spelling, token));
    }
    if (token.empty()) throw UserError(fmt::format("{}: id {} has no text", vocabulary.where, id));
    spelling = token;
    if (!ids_by_spelling_.insert(token, id)) {
      throw UserError(fmt::format("{}: token \"{}\" has two ids", vocabulary.where, token));
    }
    // Tokens that are not spelled in the alphabet can't come out of bytes.
    if (const auto bytes = alphabet.to_bytes(token)) {
      ids_by_bytes_.insert(*bytes, id);
      if (bytes->size() == 1) byte_ids_[static_cast<unsigned char>((*bytes)[0])] = id;
    }
  }
  num_tokens_ = static_cast<std::int64_t>(vocabulary.tokens.size());
  if (vocabulary.unknown_token) {
    unknown_id_ = ids_by_spelling_.find(*vocabulary.unknown_token);
    if (unknown_id_ < 0) {
      throw UserError(fmt::format("{}: unk_token \"{}\" is not in the vocabulary", vocabulary.where,
                                  *vocabulary.unknown_token));
    }
  }
}

void BytePairEncoding::add_merges(const BytePairVocabulary& vocabulary) {
  std::string merged;
  for (std::size_t rank = 0; rank < vocabulary.merges.size(); ++rank) {
    const std::string& left = vocabulary.merges[rank].first;
    const std::string& right = vocabulary.merges[rank].second;
    merged = left;
    merged += right;
    const auto id = [&](const std::string& token) {
      const std::int32_t found = ids_by_spelling_.find(token);
      if (found < 0) {
        throw UserError(
            fmt::format("{}: merge {} (\"{}\" and \"{}\") needs the token \"{}\", "
                        "which is not in the vocabulary",
                        vocabulary.where, rank, left, right, token));
      }
      return found;
    };
    const std::int32_t left_id = id(left);
    const std::int32_t right_id = id(right);
    merges_.insert(left_id, right_id, {static_cast<std::uint32_t>(rank), id(merged)});
  }
}

void BytePairEncoding::find_whole_pieces(const BytePairVocabulary& vocabulary) {
  is_whole_piece_.assign(tokens_.size(), false);
  const ByteAlphabet alphabet;
  Encoding encoding;
  for (const auto& [token, id] : vocabulary.tokens) {
    const auto bytes = alphabet.to_bytes(token);
    if (!bytes) continue;
    if (!vocabulary.ignore_merges) {
      encoding.ids.clear();
      encoding.offsets.clear();
      encode_by_merging(*bytes, 0, &encoding);
      if (encoding.ids.size() != 1 || encoding.ids[0] != id) continue;
    }
    is_whole_piece_[static_cast<std::size_t>(id)] = true;
  }
}

void BytePairEncoding::encode(std::string_view piece, std::uint32_t begin, Encoding* out) const {
  const std::int32_t id = ids_by_bytes_.find(piece);
  if (id >= 0 && is_whole_piece_[static_cast<std::size_t>(id)]) {
    out->ids.push_back(id);
    out->offsets.push_back({begin, begin + static_cast<std::uint32_t>(piece.size())});
    return;
  }
  encode_by_merging(piece, begin, out);
}

void BytePairEncoding::encode_by_merging(std::string_view piece, std::uint32_t begin,
                                         Encoding* out) const {
  std::array<Symbol, kShortPieceBytes> near;
  std::vector<Symbol> far;
  Symbol* symbols = near.data();
  if (piece.size() > near.size()) {
    far.resize(piece.size());
    symbols = far.data();
  }
  std::size_t count = start(piece, symbols);
  const bool complete = count == piece.size() || unknown_id_ >= 0;
  count = count <= kShortPieceBytes ? merge_short(symbols, count) : merge_long(symbols, count);
  if (!complete) {
    append_displaced(piece, begin, {symbols, count}, out);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t end = begin + symbols[i].length_bytes;
    out->ids.push_back(symbols[i].id);
    out->offsets.push_back({begin, end});
    begin = end;
  }
}

// Where bytes were dropped, Hugging Face's offsets are those of a piece without them, counted in
// bytes of the byte alphabet's spelling; so are ours, to have the same numbers.
void BytePairEncoding::append_displaced(std::string_view piece, std::uint32_t begin,
                                        std::span<const Symbol> symbols, Encoding* out) const {
  std::vector<std::uint32_t> byte_at;  // by position in the spelling
  std::vector<std::uint32_t> kept_widths;
  for (std::uint32_t i = 0; i < piece.size(); ++i) {
    const auto byte = static_cast<unsigned char>(piece[i]);
    const std::uint32_t width = byte >= 0x21 && byte <= 0x7E ? 1 : 2;
    byte_at.insert(byte_at.end(), width, i);
    if (byte_ids_[byte] >= 0) kept_widths.push_back(width);
  }
  std::size_t kept = 0;
  std::size_t spelled = 0;
  for (const Symbol& symbol : symbols) {
    const std::size_t first = spelled;
    for (std::uint32_t i = 0; i < symbol.length_bytes; ++i) spelled += kept_widths[kept++];
    out->ids.push_back(symbol.id);
    out->offsets.push_back({begin + byte_at[first], begin + byte_at[spelled - 1] + 1});
  }
}

std::size_t BytePairEncoding::start(std::string_view piece, Symbol* symbols) const {
  std::size_t count = 0;
  bool behind_unknown = false;
  for (const char byte : piece) {
    std::int32_t id = byte_ids_[static_cast<unsigned char>(byte)];
    const bool unknown = id < 0;
    if (unknown) {
      if (unknown_id_ < 0) continue;  // dropped, and its neighbours may merge
      if (fuse_unknown_ && behind_unknown) {
        ++symbols[count - 1].length_bytes;
        continue;
      }
      id = unknown_id_;
    }
    behind_unknown = unknown;
    symbols[count++] = {id, 1, {}};
  }
  for (std::size_t i = 0; i + 1 < count; ++i) {
    symbols[i].with_next = merges_.find(symbols[i].id, symbols[i + 1].id);
  }
  return count;
}

std::size_t BytePairEncoding::merge_short(Symbol* symbols, std::size_t count) const {
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

std::size_t BytePairEncoding::merge_long(Symbol* symbols, std::size_t count) const {
  // Candidates are never taken back: one is stale if its pair is no longer what it was made for.
  struct Candidate {
    std::uint32_t rank;
    std::uint32_t position;
    std::int32_t id;
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
    const Merge merge = symbols[i].with_next;
    if (merge.rank != Merge::kNone) candidates.push_back({merge.rank, i, merge.id});
  }
  std::priority_queue<Candidate> queue(std::less<Candidate>(), std::move(candidates));
  const auto refresh = [&](std::uint32_t position) {
    Symbol& symbol = symbols[position];
    symbol.with_next =
        next[position] < end ? merges_.find(symbol.id, symbols[next[position]].id) : Merge{};
    if (symbol.with_next.rank != Merge::kNone) {
      queue.push({symbol.with_next.rank, position, symbol.with_next.id});
    }
  };
  while (!queue.empty()) {
    const Candidate top = queue.top();
    queue.pop();
    Symbol& left = symbols[top.position];
    if (left.length_bytes == 0 || left.with_next.rank != top.rank) continue;
    const std::uint32_t right = next[top.position];
    left.id = top.id;
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

std::optional<std::int32_t> BytePairEncoding::id_of(std::string_view token) const {
  const std::int32_t id = ids_by_spelling_.find(token);
  return id < 0 ? std::nullopt : std::optional(id);
}

const std::string* BytePairEncoding::token_of(std::int32_t id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= tokens_.size()) return nullptr;
  const std::string& token = tokens_[static_cast<std::size_t>(id)];
  return token.empty() ? nullptr : &token;
}

}  // namespace temper::text
