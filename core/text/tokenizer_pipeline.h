#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/text/added_tokens.h"
#include "core/text/decoders/decoder.h"
#include "core/text/models/piece_model.h"
#include "core/text/normalizers/normalizer.h"
#include "core/text/post_processor.h"
#include "core/text/pre_tokenizers/pre_tokenizer.h"
#include "core/text/tokenizer.h"

namespace temper::text {

/// The parts of a tokenizer, as a file gives them. All but the model may be absent.
struct TokenizerParts {
  std::unique_ptr<Normalizer> normalizer;
  std::unique_ptr<PreTokenizer> pre_tokenizer;
  std::unique_ptr<PieceModel> model;
  std::unique_ptr<PostProcessor> post_processor;
  std::unique_ptr<Decoder> decoder;  ///< absent: tokens with spaces between
  std::vector<AddedToken> added_tokens;
  std::string fingerprint;
  std::vector<std::string> notices;
};

/// Runs the stages one after the other:
/// added tokens with normalized = false are found in the raw text, what lies between is normalised,
/// the other added tokens are found there, what is left is cut into pieces and goes to the model;
/// the post-processor has the last word.
class TokenizerPipeline final : public Tokenizer {
 public:
  /// UserError naming `where` and the token where an added token's id clashes.
  TokenizerPipeline(TokenizerParts parts, const std::string& where);

  Encoding encode(std::string_view text, bool add_special_tokens) const override;
  std::string decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const override;
  std::int64_t vocabulary_size() const override;
  std::optional<std::int32_t> id_of(std::string_view token) const override;
  std::string token_of(std::int32_t id) const override;
  std::string bytes_of(std::int32_t id) const override;
  const std::string& fingerprint() const override { return parts_.fingerprint; }
  const std::vector<std::string>& notices() const override { return parts_.notices; }

 private:
  struct Transparent {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  void take_added_tokens(const std::string& where);
  std::string shown_as(const AddedToken& token) const;
  void note_margins();
  AddedTokenFinder finder_for(bool normalized) const;
  void cut(AlignedText* text, std::vector<Section>* sections) const;
  void encode_sections(const AlignedText& text, const std::vector<Section>& sections,
                       ProcessedText* out) const;

  TokenizerParts parts_;
  AddedTokenFinder raw_finder_;
  AddedTokenFinder normalized_finder_;
  std::unordered_map<std::string, std::int32_t, Transparent, std::equal_to<>> added_ids_;
  std::unordered_map<std::int32_t, std::string> added_texts_;  // what added ids decode to
  std::unordered_set<std::string> special_texts_;              // left out where asked
  std::vector<Margins> margins_;                               // by id, if a stage wants them
  std::int64_t id_bound_ = 0;
};

}  // namespace temper::text
