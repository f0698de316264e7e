#include "core/text/regex.h"

#include <fmt/format.h>
#include <oniguruma.h>

#include <array>
#include <utility>

#include "core/base/error.h"
#include "core/text/splitters/deepseek_splitters.h"
#include "core/text/splitters/gpt2_splitter.h"
#include "core/text/splitters/llama3_splitter.h"
#include "core/text/splitters/o200k_splitter.h"
#include "core/text/unicode/regex_properties.h"

namespace temper::text {
namespace {

std::string onig_message(int status, OnigErrorInfo* info) {
  std::array<OnigUChar, ONIG_MAX_ERROR_MESSAGE_LEN> buffer{};
  const int length = info == nullptr ? onig_error_code_to_str(buffer.data(), status)
                                     : onig_error_code_to_str(buffer.data(), status, info);
  return {reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(length)};
}

class OnigPattern final : public Pattern {
 public:
  OnigPattern(const std::string& regex, const std::string& where) : where_(where) {
    initialize_oniguruma();
    OnigErrorInfo info;
    const std::string extended = with_new_characters(regex);
    const auto* begin = reinterpret_cast<const OnigUChar*>(extended.data());
    regex_t* compiled = nullptr;
    const int status = onig_new(&compiled, begin, begin + extended.size(), ONIG_OPTION_NONE,
                                ONIG_ENCODING_UTF8, ONIG_SYNTAX_RUBY, &info);
    if (status != ONIG_NORMAL) {
      throw UserError(fmt::format("{}: the regular expression {} does not compile: {}", where,
                                  regex, onig_message(status, &info)));
    }
    regex_.reset(compiled);
  }

  void find_all(std::string_view text, std::vector<ByteRange>* matches) const override {
    const std::unique_ptr<OnigRegion, RegionDeleter> region(onig_region_new());
    const auto* begin = reinterpret_cast<const OnigUChar*>(text.data());
    const auto* end = begin + text.size();
    const std::size_t first = matches->size();
    std::size_t position = 0;
    while (position <= text.size()) {
      const int found = onig_search(regex_.get(), begin, end, begin + position, end, region.get(),
                                    ONIG_OPTION_NONE);
      if (found == ONIG_MISMATCH) return;
      if (found < 0) {
        throw UserError(fmt::format("{}: the regular expression gave up at byte {} of {}: {}",
                                    where_, position, text.size(), onig_message(found, nullptr)));
      }
      const auto match_begin = static_cast<std::uint32_t>(region->beg[0]);
      const auto match_end = static_cast<std::uint32_t>(region->end[0]);
      position = match_end;
      if (match_end == match_begin) {
        // An empty match counts, but not right behind the match before it.
        if (matches->size() == first || matches->back().end != match_begin) {
          matches->push_back({match_begin, match_end});
        }
        if (match_end >= text.size()) return;
        position += onig_length(begin + match_end);
        continue;
      }
      matches->push_back({match_begin, match_end});
    }
  }

 private:
  struct RegexDeleter {
    void operator()(regex_t* regex) const { onig_free(regex); }
  };
  struct RegionDeleter {
    void operator()(OnigRegion* region) const { onig_region_free(region, 1); }
  };
  static std::size_t onig_length(const OnigUChar* at) {
    return static_cast<std::size_t>(ONIGENC_MBC_ENC_LEN(ONIG_ENCODING_UTF8, at));
  }

  std::string where_;
  std::unique_ptr<regex_t, RegexDeleter> regex_;
};

class LiteralPattern final : public Pattern {
 public:
  explicit LiteralPattern(std::string literal) : literal_(std::move(literal)) {}

  void find_all(std::string_view text, std::vector<ByteRange>* matches) const override {
    if (literal_.empty()) return;
    for (std::size_t at = text.find(literal_); at != std::string_view::npos;
         at = text.find(literal_, at + literal_.size())) {
      matches->push_back(
          {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + literal_.size())});
    }
  }

 private:
  std::string literal_;
};

}  // namespace

void initialize_oniguruma() {
  static const int status = [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    return onig_initialize(encodings, 1);
  }();
  if (status != ONIG_NORMAL) throw FatalError("Oniguruma can't be initialised");
}

std::unique_ptr<Pattern> make_hand_written(std::string_view regex) {
  if (regex == kGpt2Regex) return std::make_unique<Gpt2Splitter>();
  if (regex == kLlama3Regex) return std::make_unique<Llama3Splitter>(3);
  if (regex == kQwen2Regex) return std::make_unique<Llama3Splitter>(1);
  if (regex == kO200kRegex) return std::make_unique<O200kSplitter>(3, true);
  if (regex == kTekkenRegex) return std::make_unique<O200kSplitter>(1, false);
  if (regex == kDeepseekNumberRegex) return std::make_unique<DeepseekNumberSplitter>();
  if (regex == kDeepseekCjkRegex) return std::make_unique<DeepseekCjkSplitter>();
  if (regex == kDeepseekWordRegex) return std::make_unique<DeepseekWordSplitter>();
  return nullptr;
}

std::unique_ptr<Pattern> make_regex_pattern(const std::string& regex, const std::string& where) {
  if (auto pattern = make_hand_written(regex)) return pattern;
  return std::make_unique<OnigPattern>(regex, where);
}

std::unique_ptr<Pattern> make_literal_pattern(std::string literal) {
  return std::make_unique<LiteralPattern>(std::move(literal));
}

}  // namespace temper::text
