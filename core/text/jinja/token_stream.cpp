#include "core/text/jinja/token_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"

namespace temper::text::jinja {
namespace {

constexpr int kMaxDepth = 100;

std::string describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end of the template";
    case TokenKind::kVariableEnd:
      return "}}";
    case TokenKind::kBlockEnd:
      return "%}";
    default:
      return fmt::format("'{}'", token.text);
  }
}

}  // namespace

TokenStream::TokenStream(std::vector<Token> tokens, std::string origin)
    : tokens_(std::move(tokens)), origin_(std::move(origin)) {}

const Token& TokenStream::ahead() const {
  return tokens_[std::min(at_ + 1, tokens_.size() - 1)];
}

Token TokenStream::take() {
  const std::size_t taken = at_;
  if (at_ + 1 < tokens_.size()) ++at_;  // the end token stays
  return tokens_[taken];
}

bool TokenStream::at_operator(std::string_view text) const {
  return at(TokenKind::kOperator) && current().text == text;
}

bool TokenStream::at_name(std::string_view name) const {
  return at(TokenKind::kName) && current().text == name;
}

bool TokenStream::take_operator(std::string_view text) {
  if (!at_operator(text)) return false;
  take();
  return true;
}

bool TokenStream::take_name(std::string_view name) {
  if (!at_name(name)) return false;
  take();
  return true;
}

Token TokenStream::expect(TokenKind kind, std::string_view what) {
  if (!at(kind)) fail(fmt::format("expected {}, found {}", what, describe(current())));
  return take();
}

void TokenStream::expect_operator(std::string_view text) {
  if (!take_operator(text)) {
    fail(fmt::format("expected '{}', found {}", text, describe(current())));
  }
}

void TokenStream::fail(const std::string& message) const {
  throw UserError(fmt::format("{}:{}: {}", origin_, current().line, message));
}

TokenStream::Level::Level(TokenStream* stream) : stream_(stream) {
  if (stream_->depth_ >= kMaxDepth) {
    stream_->fail(fmt::format("nested more than {} levels deep", kMaxDepth));
  }
  ++stream_->depth_;
}

}  // namespace temper::text::jinja
