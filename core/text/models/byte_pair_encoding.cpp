#include "core/text/models/byte_pair_encoding.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/text/byte_alphabet.h"

namespace temper::text {
namespace {

constexpr std::size_t kNearBytes = 64;

}  // namespace

bool works_on_bytes(const BytePairParts& parts) {
  return parts.continuing_subword_prefix.empty() && parts.end_of_word_suffix.empty() &&
         !parts.byte_fallback;
}

BytePairEncoding::BytePairEncoding(const BytePairParts& parts)
    : vocabulary_(parts.tokens, parts.where),
      ids_by_bytes_(parts.tokens.size(), bytes_of(parts.tokens)),
      merger_(parts.merges, parts.ranks, 0, vocabulary_, parts.where),
      whole_pieces_(vocabulary_.id_bound()),
      fuse_unknown_(parts.fuse_unknown),
      ignore_merges_(parts.ignore_merges) {
  CHECK(works_on_bytes(parts), "{}: not a byte-level model", parts.where);
  const ByteAlphabet alphabet;
  byte_ids_.fill(-1);
  for (const auto& [token, id] : parts.tokens) {
    // Tokens that are not spelled in the alphabet can't come out of bytes.
    const auto bytes = alphabet.to_bytes(token);
    if (!bytes) continue;
    ids_by_bytes_.insert(*bytes, id);
    if (bytes->size() == 1) byte_ids_[static_cast<unsigned char>((*bytes)[0])] = id;
  }
  if (parts.unknown_token) {
    unknown_id_ = vocabulary_.required(*parts.unknown_token, parts.where, "unk_token");
  }
}

void BytePairEncoding::encode(std::string_view piece, std::uint32_t begin, Encoding* out) const {
  const std::int32_t id = ids_by_bytes_.find(piece);
  if (id >= 0 &&
      (ignore_merges_ || whole_pieces_.is_whole(id, [&] { return merges_to(piece, id); }))) {
    out->ids.push_back(id);
    out->offsets.push_back({begin, begin + static_cast<std::uint32_t>(piece.size())});
    return;
  }
  encode_by_merging(piece, begin, out);
}

bool BytePairEncoding::merges_to(std::string_view piece, std::int32_t id) const {
  Encoding encoding;
  encode_by_merging(piece, 0, &encoding);
  return encoding.ids.size() == 1 && encoding.ids[0] == id;
}

void BytePairEncoding::encode_by_merging(std::string_view piece, std::uint32_t begin,
                                         Encoding* out) const {
  std::array<Symbol, kNearBytes> near;
  std::vector<Symbol> far;
  Symbol* symbols = near.data();
  if (piece.size() > near.size()) {
    far.resize(piece.size());
    symbols = far.data();
  }
  std::size_t count = start(piece, symbols);
  const bool complete = count == piece.size() || unknown_id_ >= 0;
  count = merger_.merge(symbols, count);
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
  return count;
}

}  // namespace temper::text
