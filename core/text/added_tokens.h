#pragma once

#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/aligned_text.h"

namespace temper::text {

/// A token that is found in the text before the model sees it.
struct AddedToken {
  std::int32_t id = 0;
  std::string content;
  bool single_word = false;  ///< only between non-word characters
  bool lstrip = false;       ///< swallows the whitespace before it
  bool rstrip = false;       ///< swallows the whitespace behind it
  bool normalized = false;   ///< looked for in the normalised text
  bool special = false;      ///< left out by decode(skip_special_tokens)
};

/// Finds a set of added tokens: leftmost, then longest. A token that its flags then refuse is
/// passed over without trying a shorter one, as Hugging Face's added_vocabulary.rs does.
/// A trie over bytes; scanning costs O(text × longest token) at worst. Immutable, thread-safe.
class AddedTokenFinder {
 public:
  /// `contents[i]` is what to look for in place of tokens[i].content (its normalised form).
  AddedTokenFinder(std::vector<AddedToken> tokens, const std::vector<std::string>& contents);

  bool empty() const { return tokens_.empty(); }
  /// Cuts every section that is not an added token yet.
  void split(std::string_view text, std::vector<Section>* sections) const;

 private:
  struct Node {
    std::map<unsigned char, std::uint32_t> children;
    std::int32_t token = -1;  // index into tokens_
  };
  struct Match {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::int32_t token = -1;
  };
  void insert(std::string_view content, std::int32_t token);
  Match find_next(std::string_view text, std::size_t from) const;
  void split_section(std::string_view text, const Section& section,
                     std::vector<Section>* pieces) const;

  std::vector<AddedToken> tokens_;
  std::vector<Node> nodes_;
  std::bitset<256> first_bytes_;
};

}  // namespace temper::text
