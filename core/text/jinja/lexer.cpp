#include "core/text/jinja/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "core/text/jinja/string_literal.h"
#include "core/text/jinja/value.h"
#include "core/text/utf8.h"
#include "core/text/whitespace.h"

namespace temper::text::jinja {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_name_part(char c) {
  return is_name_start(c) || is_digit(c);
}

// Line ends become \n, and the last one goes (keep_trailing_newline is off).
std::string normalize_lines(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
      continue;
    }
    if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    out += '\n';
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

class Lexer {
 public:
  Lexer(std::string_view source, const std::string& origin)
      : source_(normalize_lines(source)), origin_(origin) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) lex_data();
    push(TokenKind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw UserError(fmt::format("{}:{}: {}", origin_, line_, message));
  }
  void push(TokenKind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }
  bool looking_at(std::string_view text) const {
    return std::string_view(source_).substr(at_, text.size()) == text;
  }
  void advance(std::size_t end) {
    line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         source_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    at_ = end;
  }

  // Position behind the whitespace at `from`, as Python's \s sees it.
  std::size_t skip_whitespace(std::size_t from) const {
    while (from < source_.size()) {
      const Character character = character_at(source_, from);
      if (!is_python_whitespace(character.code)) break;
      from += character.length_bytes;
    }
    return from;
  }

  // Text up to the next tag, then the tag.
  void lex_data() {
    std::size_t begin = at_;
    while (begin < source_.size() &&
           (source_[begin] != '{' || begin + 1 == source_.size() ||
            std::string_view("{%#").find(source_[begin + 1]) == std::string_view::npos)) {
      ++begin;
    }
    if (begin == source_.size()) {
      push_data(at_, begin);
      advance(begin);
      return;
    }
    const char sort = source_[begin + 1];
    const char sign = begin + 2 < source_.size() ? source_[begin + 2] : ' ';
    push_data(at_, end_of_data(begin, sort, sign));
    advance(begin);
    const bool has_sign = sign == '-' || (sign == '+' && sort != '{');
    advance(at_ + (has_sign ? 3 : 2));
    if (sort == '#') {
      lex_comment();
    } else if (sort == '%' && !lex_raw()) {
      lex_tag(TokenKind::kBlockBegin, TokenKind::kBlockEnd, "%}");
    } else if (sort == '{') {
      lex_tag(TokenKind::kVariableBegin, TokenKind::kVariableEnd, "}}");
    }
    line_starting_ = at_ > 0 && source_[at_ - 1] == '\n';
  }

  // What is left of the text before a tag once its sign or lstrip_blocks has had its way.
  std::size_t end_of_data(std::size_t tag, char sort, char sign) const {
    const std::string_view text = std::string_view(source_).substr(at_, tag - at_);
    if (sign == '-') {
      std::size_t end = text.size();
      while (end > 0) {
        const Character character = character_before(text, end);
        if (!is_python_whitespace(character.code)) break;
        end -= character.length_bytes;
      }
      return at_ + end;
    }
    if (sign == '+' || sort == '{') return tag;
    const std::size_t newline = text.rfind('\n');
    const std::size_t line = newline == std::string_view::npos ? 0 : newline + 1;
    if (line == 0 && !line_starting_) return tag;
    return skip_whitespace(at_ + line) >= tag ? at_ + line : tag;
  }

  void push_data(std::size_t begin, std::size_t end) {
    if (end > begin) push(TokenKind::kData, source_.substr(begin, end - begin));
  }

  // Moves behind a tag's end, which is `length` bytes long: -%} eats all whitespace, %} the line
  // end.
  void end_tag(std::size_t end, char sign, std::size_t length, bool trims_line) {
    std::size_t behind = end + length;
    if (sign == '-') {
      behind = skip_whitespace(behind);
    } else if (sign != '+' && trims_line && behind < source_.size() && source_[behind] == '\n') {
      ++behind;
    }
    advance(behind);
  }

  void lex_comment() {
    const std::size_t end = source_.find("#}", at_);
    if (end == std::string::npos) fail("this comment has no end: #} is missing");
    const char sign = end > at_ ? source_[end - 1] : ' ';
    end_tag(end, sign, 2, true);
  }

  // {% raw %}: everything up to {% endraw %} is text. True if there was one.
  bool lex_raw() {
    std::size_t end = skip_whitespace(at_);
    if (source_.compare(end, 3, "raw") != 0) return false;
    end = skip_whitespace(end + 3);
    const bool strips = end < source_.size() && source_[end] == '-';
    if (strips) ++end;
    if (source_.compare(end, 2, "%}") != 0) return false;
    const std::size_t begin = strips ? skip_whitespace(end + 2) : end + 2;
    const std::string_view rest(source_);
    for (std::size_t open = rest.find("{%", begin); open != std::string_view::npos;
         open = rest.find("{%", open + 2)) {
      std::size_t close = open + 2;
      const char sign = close < rest.size() ? rest[close] : ' ';
      if (sign == '-' || sign == '+') ++close;
      close = skip_whitespace(close);
      if (rest.substr(close, 6) != "endraw") continue;
      close = skip_whitespace(close + 6);
      const char end_sign = close < rest.size() ? rest[close] : ' ';
      if (end_sign == '-' || end_sign == '+') ++close;
      if (rest.substr(close, 2) != "%}") continue;
      advance(begin);
      line_starting_ = source_[begin - 1] == '\n';
      push_data(begin, end_of_data(open, '%', sign));
      end_tag(close, end_sign, 2, true);
      return true;
    }
    fail("this raw block has no end: {% endraw %} is missing");
  }

  void lex_tag(TokenKind begin, TokenKind end, std::string_view close) {
    push(begin, "");
    std::string open_brackets;
    while (true) {
      advance(skip_whitespace(at_));
      if (at_ == source_.size()) fail(fmt::format("this tag has no end: {} is missing", close));
      if (open_brackets.empty()) {
        const char sign = source_[at_];
        const bool has_sign = (sign == '-' || (sign == '+' && close == "%}")) &&
                              source_.compare(at_ + 1, 2, close) == 0;
        if (has_sign || looking_at(close)) {
          push(end, "");
          end_tag(at_ + (has_sign ? 1 : 0), has_sign ? sign : ' ', 2, close == "%}");
          return;
        }
      }
      lex_token(&open_brackets);
    }
  }

  void lex_token(std::string* open_brackets) {
    const char c = source_[at_];
    if (is_name_start(c)) {
      std::size_t end = at_;
      while (end < source_.size() && is_name_part(source_[end])) ++end;
      push(TokenKind::kName, source_.substr(at_, end - at_));
      advance(end);
    } else if (is_digit(c)) {
      lex_number();
    } else if (c == '"' || c == '\'') {
      lex_string(c);
    } else {
      lex_operator(open_brackets);
    }
  }

  std::size_t skip_digits(std::size_t from) const {
    while (from < source_.size() &&
           (is_digit(source_[from]) ||
            (source_[from] == '_' && from + 1 < source_.size() && is_digit(source_[from + 1])))) {
      ++from;
    }
    return from;
  }

  void lex_number() {
    std::size_t end = skip_digits(at_);
    TokenKind kind = TokenKind::kInteger;
    const auto digit_at = [&](std::size_t i) { return i < source_.size() && is_digit(source_[i]); };
    // `1.x` is an attribute of 1 and `x.0.1` two look-ups, so a fraction needs a digit and no dot.
    const bool behind_dot = at_ > 0 && source_[at_ - 1] == '.';
    if (!behind_dot && end < source_.size() && source_[end] == '.' && digit_at(end + 1)) {
      kind = TokenKind::kFloat;
      end = skip_digits(end + 1);
    }
    if (!behind_dot && end < source_.size() && (source_[end] == 'e' || source_[end] == 'E')) {
      std::size_t exponent = end + 1;
      if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-')) {
        ++exponent;
      }
      if (digit_at(exponent)) {
        kind = TokenKind::kFloat;
        end = skip_digits(exponent);
      }
    }
    std::string text = source_.substr(at_, end - at_);
    std::erase(text, '_');
    push(kind, text);
    advance(end);
  }

  void lex_string(char quote) {
    std::size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) fail(fmt::format("this string has no end: {} is missing", quote));
    try {
      push(TokenKind::kString, unescape(std::string_view(source_).substr(at_ + 1, end - at_ - 1)));
    } catch (const Failure& failure) {
      fail(failure.what());
    }
    advance(end + 1);
  }

  void lex_operator(std::string* open_brackets) {
    static constexpr std::array<std::string_view, 6> kPairs = {"//", "**", "==", "!=", ">=", "<="};
    static constexpr std::string_view kSingles = "+-/*%~[](){}><=.:|,;";
    static constexpr std::string_view kOpen = "([{";
    static constexpr std::string_view kClose = ")]}";
    for (const std::string_view pair : kPairs) {
      if (!looking_at(pair)) continue;
      push(TokenKind::kOperator, std::string(pair));
      advance(at_ + 2);
      return;
    }
    const char c = source_[at_];
    if (kSingles.find(c) == std::string_view::npos) {
      fail(fmt::format("unexpected character '{}'", c));
    }
    if (kOpen.find(c) != std::string_view::npos) open_brackets->push_back(c);
    if (const std::size_t kind = kClose.find(c); kind != std::string_view::npos) {
      if (open_brackets->empty() || open_brackets->back() != kOpen[kind]) {
        fail(fmt::format("unexpected '{}'", c));
      }
      open_brackets->pop_back();
    }
    push(TokenKind::kOperator, std::string(1, c));
    advance(at_ + 1);
  }

  std::string source_;
  const std::string& origin_;
  std::size_t at_ = 0;
  int line_ = 1;
  bool line_starting_ = true;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source, const std::string& origin) {
  if (const auto position = find_invalid_utf8(source)) {
    throw UserError(fmt::format("{}: invalid UTF-8 at byte {}", origin, *position));
  }
  return Lexer(source, origin).run();
}

}  // namespace temper::text::jinja
