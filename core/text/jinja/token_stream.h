#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/text/jinja/lexer.h"

namespace temper::text::jinja {

/// The tokens of a template and a place in them, with the errors that parsers need.
class TokenStream {
 public:
  TokenStream(std::vector<Token> tokens, std::string origin);

  const Token& current() const { return tokens_[at_]; }
  const Token& ahead() const;
  Token take();

  bool at(TokenKind kind) const { return current().kind == kind; }
  bool at_operator(std::string_view text) const;
  bool at_name(std::string_view name) const;
  /// Takes the token if it is that one.
  bool take_operator(std::string_view text);
  bool take_name(std::string_view name);
  /// UserError if the token is another one.
  Token expect(TokenKind kind, std::string_view what);
  void expect_operator(std::string_view text);

  [[noreturn]] void fail(const std::string& message) const;

  /// Bounds the nesting of what is being parsed; one object a level.
  class Level {
   public:
    explicit Level(TokenStream* stream);
    ~Level() { --stream_->depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    TokenStream* stream_;
  };

 private:
  std::vector<Token> tokens_;
  std::string origin_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace temper::text::jinja
