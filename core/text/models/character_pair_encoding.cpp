#include "core/text/models/character_pair_encoding.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text/utf8.h"

namespace temper::text {
namespace {

// A token that is a merge's operand without being text of the piece would join parts that the
// seams keep apart.
bool merges_touch(const MergeList& merges, std::string_view token) {
  return std::any_of(merges.begin(), merges.end(), [&](const auto& merge) {
    return merge.first == token || merge.second == token;
  });
}

bool merges_touch_bytes(const MergeList& merges) {
  const auto is_byte = [](std::string_view token) {
    return token.size() == 6 && token.starts_with("<0x") && token.ends_with('>');
  };
  return std::any_of(merges.begin(), merges.end(), [&](const auto& merge) {
    return is_byte(merge.first) || is_byte(merge.second);
  });
}

}  // namespace

CharacterPairEncoding::CharacterPairEncoding(const BytePairParts& parts)
    : vocabulary_(parts.tokens, parts.where),
      merger_(parts.merges, parts.ranks, parts.continuing_subword_prefix.size(), vocabulary_,
              parts.where),
      seams_(parts.merges, parts.continuing_subword_prefix.size()),
      whole_pieces_(vocabulary_.id_bound()),
      prefix_(parts.continuing_subword_prefix),
      suffix_(parts.end_of_word_suffix),
      fuse_unknown_(parts.fuse_unknown),
      byte_fallback_(parts.byte_fallback),
      ignore_merges_(parts.ignore_merges) {
  if (parts.unknown_token) {
    unknown_id_ = vocabulary_.required(*parts.unknown_token, parts.where, "unk_token");
  }
  for (std::size_t byte = 0; byte < byte_tokens_.size(); ++byte) {
    byte_tokens_[byte] = vocabulary_.find(fmt::format("<0x{:02X}>", byte));
  }
  may_cut_ = may_cut() && !merges_touch_bytes(parts.merges) &&
             (!parts.unknown_token || !merges_touch(parts.merges, *parts.unknown_token));
}

// Parts are independent if no character depends on its place in the piece and nothing but text is
// unknown: every byte has a token, or none is asked for and unknowns stand alone.
bool CharacterPairEncoding::may_cut() const {
  if (!prefix_.empty() || !suffix_.empty() || ignore_merges_) return false;
  const bool all_bytes = std::all_of(byte_tokens_.begin(), byte_tokens_.end(),
                                     [](std::int32_t id) { return id >= 0; });
  return byte_fallback_ ? all_bytes : unknown_id_ >= 0 && !fuse_unknown_;
}

bool CharacterPairEncoding::is_seam(std::string_view piece, std::size_t left,
                                    std::size_t right) const {
  return !seams_.may_merge(character_at(piece, left).code, character_at(piece, right).code);
}

void CharacterPairEncoding::encode(std::string_view piece, std::uint32_t begin,
                                   Encoding* out) const {
  if (!may_cut_) {
    encode_part(piece, begin, out);
    return;
  }
  std::size_t part = 0;
  std::size_t last = 0;
  for (std::size_t at = character_at(piece, 0).length_bytes; at < piece.size();
       at += character_at(piece, at).length_bytes) {
    if (is_seam(piece, last, at)) {
      encode_part(piece.substr(part, at - part), begin + static_cast<std::uint32_t>(part), out);
      part = at;
    }
    last = at;
  }
  encode_part(piece.substr(part), begin + static_cast<std::uint32_t>(part), out);
}

void CharacterPairEncoding::encode_part(std::string_view part, std::uint32_t begin,
                                        Encoding* out) const {
  const bool may_be_whole = ignore_merges_ || (prefix_.empty() && suffix_.empty());
  const std::int32_t id = may_be_whole ? vocabulary_.find(part) : -1;
  if (id >= 0 &&
      (ignore_merges_ || whole_pieces_.is_whole(id, [&] { return merges_to(part, id); }))) {
    out->ids.push_back(id);
    out->offsets.push_back({begin, begin + static_cast<std::uint32_t>(part.size())});
    return;
  }
  encode_by_merging(part, begin, out);
}

bool CharacterPairEncoding::merges_to(std::string_view part, std::int32_t id) const {
  Encoding encoding;
  encode_by_merging(part, 0, &encoding);
  return encoding.ids.size() == 1 && encoding.ids[0] == id;
}

void CharacterPairEncoding::encode_by_merging(std::string_view part, std::uint32_t begin,
                                              Encoding* out) const {
  std::vector<Symbol> symbols;
  symbols.reserve(part.size());
  start(part, &symbols);
  const std::size_t count = merger_.merge(symbols.data(), symbols.size());
  const std::uint32_t part_end = begin + static_cast<std::uint32_t>(part.size());
  for (std::size_t i = 0; i < count; ++i) {
    // Bytes of a prefix or suffix can lie behind the piece's end.
    const std::uint32_t end = std::min(begin + symbols[i].length_bytes, part_end);
    out->ids.push_back(symbols[i].id);
    out->offsets.push_back({begin, end});
    begin = end;
  }
}

// An unknown character waits for what follows, to be fused with it; byte tokens do not make it
// stop waiting. Both as in merge_word of Hugging Face's model.rs.
void CharacterPairEncoding::start(std::string_view part, std::vector<Symbol>* symbols) const {
  std::uint32_t waiting_bytes = 0;
  std::string spelled;
  for (std::size_t at = 0; at < part.size();) {
    const std::uint32_t length = character_at(part, at).length_bytes;
    std::string_view token = part.substr(at, length);
    const bool is_first = at == 0;
    at += length;
    if ((!is_first && !prefix_.empty()) || (at == part.size() && !suffix_.empty())) {
      spelled = is_first ? "" : prefix_;
      spelled += token;
      if (at == part.size()) spelled += suffix_;
      token = spelled;
    }
    const std::int32_t id = vocabulary_.find(token);
    if (id >= 0) {
      if (waiting_bytes > 0) symbols->push_back({unknown_id_, waiting_bytes, {}});
      waiting_bytes = 0;
      symbols->push_back({id, length, {}});
      continue;
    }
    if (byte_fallback_ && append_bytes(token, symbols)) continue;
    if (unknown_id_ < 0) continue;  // dropped, and its neighbours may merge
    if (waiting_bytes > 0 && !fuse_unknown_) {
      symbols->push_back({unknown_id_, waiting_bytes, {}});
      waiting_bytes = 0;
    }
    waiting_bytes += length;
  }
  if (waiting_bytes > 0) symbols->push_back({unknown_id_, waiting_bytes, {}});
}

bool CharacterPairEncoding::append_bytes(std::string_view spelled,
                                         std::vector<Symbol>* symbols) const {
  const auto id_of = [&](char byte) { return byte_tokens_[static_cast<unsigned char>(byte)]; };
  if (std::any_of(spelled.begin(), spelled.end(), [&](char byte) { return id_of(byte) < 0; })) {
    return false;
  }
  for (const char byte : spelled) symbols->push_back({id_of(byte), 1, {}});
  return true;
}

std::unique_ptr<PieceModel> make_pair_encoding(const BytePairParts& parts, bool pieces_are_bytes) {
  if (pieces_are_bytes && works_on_bytes(parts)) return std::make_unique<BytePairEncoding>(parts);
  return std::make_unique<CharacterPairEncoding>(parts);
}

}  // namespace temper::text
