#include "core/text/decoders/decoder.h"

#include <numeric>
#include <utility>

#include "core/text/byte_alphabet.h"
#include "core/text/utf8.h"

namespace temper::text {
namespace {

class ByteLevelDecoder final : public Decoder {
 public:
  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    std::string bytes;
    for (const std::string& token : tokens) bytes += bytes_of(token);
    return {replace_invalid_utf8(bytes)};
  }
  std::string bytes_of(std::string token) const override {
    auto bytes = alphabet_.to_bytes(token);
    return bytes ? *std::move(bytes) : token;
  }

 private:
  ByteAlphabet alphabet_;
};

// The value of a hexadecimal digit, or −1.
int digit_of(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  return -1;
}

// The byte of a token <0xXX>, or −1.
int byte_of_token(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  const int high = digit_of(token[3]);
  const int low = digit_of(token[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

class ByteFallbackDecoder final : public Decoder {
 public:
  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    std::vector<std::string> decoded;
    std::string bytes;
    const auto flush = [&] {
      if (bytes.empty()) return;
      if (!find_invalid_utf8(bytes)) {
        decoded.push_back(bytes);
      } else {
        decoded.insert(decoded.end(), bytes.size(), "\uFFFD");
      }
      bytes.clear();
    };
    for (std::string& token : tokens) {
      const int byte = byte_of_token(token);
      if (byte >= 0) {
        bytes.push_back(static_cast<char>(byte));
        continue;
      }
      flush();
      decoded.push_back(std::move(token));
    }
    flush();
    return decoded;
  }
  std::string bytes_of(std::string token) const override {
    const int byte = byte_of_token(token);
    return byte < 0 ? token : std::string(1, static_cast<char>(byte));
  }
};

class MetaspaceDecoder final : public Decoder {
 public:
  MetaspaceDecoder(char32_t replacement, bool with_prefix) : with_prefix_(with_prefix) {
    append_utf8(replacement, &replacement_);
  }
  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      tokens[i] = replace_all(tokens[i], replacement_, i == 0 && with_prefix_ ? "" : " ");
    }
    return tokens;
  }
  std::string bytes_of(std::string token) const override {
    return replace_all(token, replacement_, " ");
  }

 private:
  std::string replacement_;
  bool with_prefix_;
};

class ReplaceDecoder final : public Decoder {
 public:
  ReplaceDecoder(std::unique_ptr<Pattern> pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}
  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    for (std::string& token : tokens) token = bytes_of(std::move(token));
    return tokens;
  }
  std::string bytes_of(std::string token) const override {
    std::vector<ByteRange> matches;
    if (token.empty() || find_invalid_utf8(token)) return token;
    pattern_->find_all(token, &matches);
    std::string replaced;
    std::size_t done = 0;
    for (const ByteRange& match : matches) {
      replaced.append(token, done, match.begin - done);
      replaced += content_;
      done = match.end;
    }
    replaced.append(token, done);
    return replaced;
  }

 private:
  std::unique_ptr<Pattern> pattern_;
  std::string content_;
};

class StripDecoder final : public Decoder {
 public:
  StripDecoder(char32_t content, std::size_t start, std::size_t stop) : start_(start), stop_(stop) {
    append_utf8(content, &content_);
  }
  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    for (std::string& token : tokens) {
      std::string_view rest = token;
      for (std::size_t i = 0; i < start_ && rest.starts_with(content_); ++i) {
        rest.remove_prefix(content_.size());
      }
      for (std::size_t i = 0; i < stop_ && rest.ends_with(content_); ++i) {
        rest.remove_suffix(content_.size());
      }
      token = std::string(rest);
    }
    return tokens;
  }

 private:
  std::string content_;
  std::size_t start_;
  std::size_t stop_;
};

class FuseDecoder final : public Decoder {
 public:
  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    return {std::accumulate(tokens.begin(), tokens.end(), std::string())};
  }
};

class DecoderSequence final : public Decoder {
 public:
  explicit DecoderSequence(std::vector<std::unique_ptr<Decoder>> stages)
      : stages_(std::move(stages)) {}
  std::vector<std::string> decode(std::vector<std::string> tokens) const override {
    for (const auto& stage : stages_) tokens = stage->decode(std::move(tokens));
    return tokens;
  }
  std::string bytes_of(std::string token) const override {
    for (const auto& stage : stages_) token = stage->bytes_of(std::move(token));
    return token;
  }

 private:
  std::vector<std::unique_ptr<Decoder>> stages_;
};

}  // namespace

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string replaced;
  std::size_t done = 0;
  for (std::size_t at = text.find(from); at != std::string_view::npos; at = text.find(from, done)) {
    replaced.append(text.substr(done, at - done));
    replaced.append(to);
    done = at + from.size();
  }
  replaced.append(text.substr(done));
  return replaced;
}

std::unique_ptr<Decoder> make_byte_level_decoder() {
  return std::make_unique<ByteLevelDecoder>();
}
std::unique_ptr<Decoder> make_byte_fallback_decoder() {
  return std::make_unique<ByteFallbackDecoder>();
}
std::unique_ptr<Decoder> make_metaspace_decoder(char32_t replacement, bool with_prefix) {
  return std::make_unique<MetaspaceDecoder>(replacement, with_prefix);
}
std::unique_ptr<Decoder> make_replace_decoder(std::unique_ptr<Pattern> pattern,
                                              std::string content) {
  return std::make_unique<ReplaceDecoder>(std::move(pattern), std::move(content));
}
std::unique_ptr<Decoder> make_strip_decoder(char32_t content, std::size_t start, std::size_t stop) {
  return std::make_unique<StripDecoder>(content, start, stop);
}
std::unique_ptr<Decoder> make_fuse_decoder() {
  return std::make_unique<FuseDecoder>();
}
std::unique_ptr<Decoder> make_decoder_sequence(std::vector<std::unique_ptr<Decoder>> stages) {
  return std::make_unique<DecoderSequence>(std::move(stages));
}

}  // namespace temper::text
