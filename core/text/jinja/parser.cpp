#include "core/text/jinja/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "core/text/jinja/expression_parser.h"
#include "core/text/jinja/token_stream.h"

namespace temper::text::jinja {
namespace {

class Parser {
 public:
  Parser(std::string_view source, const std::string& origin)
      : stream_(tokenize(source, origin), origin), expressions_(&stream_) {}

  Body run() {
    Body body = parse_body({});
    if (!stream_.at(TokenKind::kEnd)) stream_.fail("unexpected token");
    return body;
  }
  bool has_generation() const { return has_generation_; }

 private:
  // Statements up to a tag that starts with one of `ends`; that tag's name is the current token.
  Body parse_body(std::initializer_list<std::string_view> ends) {
    const TokenStream::Level level(&stream_);
    Body body;
    while (!stream_.at(TokenKind::kEnd)) {
      const Token token = stream_.take();
      if (token.kind == TokenKind::kData) {
        body.push_back({token.line, TextStatement{token.text}});
      } else if (token.kind == TokenKind::kVariableBegin) {
        body.push_back({token.line, OutputStatement{expressions_.parse_tuple(true)}});
        stream_.expect(TokenKind::kVariableEnd, "}}");
      } else {
        if (!stream_.at(TokenKind::kName)) stream_.fail("a tag must start with its name");
        const std::string& name = stream_.current().text;
        if (std::find(ends.begin(), ends.end(), name) != ends.end()) return body;
        body.push_back(parse_statement());
      }
    }
    if (ends.size() > 0) {
      stream_.fail(
          fmt::format("the template ends where {{% {} %}} was expected", *(ends.end() - 1)));
    }
    return body;
  }

  // A body and its closing tag.
  Body parse_until(std::string_view end) {
    stream_.expect(TokenKind::kBlockEnd, "%}");
    Body body = parse_body({end});
    end_tag();
    return body;
  }

  void end_tag() {
    stream_.take();
    stream_.expect(TokenKind::kBlockEnd, "%}");
  }

  Statement parse_statement() {
    using Parse = Statement (Parser::*)();
    static constexpr std::array<std::pair<std::string_view, Parse>, 8> kStatements = {{
        {"if", &Parser::parse_if},
        {"for", &Parser::parse_for},
        {"set", &Parser::parse_set},
        {"macro", &Parser::parse_macro},
        {"call", &Parser::parse_call},
        {"filter", &Parser::parse_filter},
        {"with", &Parser::parse_with},
        {"generation", &Parser::parse_generation},
    }};
    for (const auto& [name, parse] : kStatements) {
      if (stream_.at_name(name)) return (this->*parse)();
    }
    const Token token = stream_.current();
    if (token.text == "break" || token.text == "continue") {
      if (loop_depth_ == 0) stream_.fail(fmt::format("{} outside of a loop", token.text));
      end_tag();
      if (token.text == "break") return {token.line, BreakStatement{}};
      return {token.line, ContinueStatement{}};
    }
    stream_.fail(fmt::format("the tag \"{}\" is unknown or not supported", token.text));
  }

  Statement parse_if() {
    const int line = stream_.take().line;
    IfStatement node;
    while (true) {
      ExpressionPtr condition = expressions_.parse_tuple(false);
      stream_.expect(TokenKind::kBlockEnd, "%}");
      Body body = parse_body({"elif", "else", "endif"});
      node.branches.emplace_back(std::move(condition), std::move(body));
      if (!stream_.take_name("elif")) break;
    }
    if (stream_.take_name("else")) {
      stream_.expect(TokenKind::kBlockEnd, "%}");
      node.otherwise = parse_body({"endif"});
    }
    end_tag();
    return {line, std::move(node)};
  }

  Statement parse_for() {
    const int line = stream_.take().line;
    ForStatement node;
    node.target = parse_target(false);
    if (!stream_.take_name("in")) stream_.fail("expected 'in'");
    node.items = expressions_.parse_tuple(false);
    if (stream_.take_name("if")) node.filter = expressions_.parse_expression();
    if (stream_.at_name("recursive")) stream_.fail("recursive loops are not supported");
    stream_.expect(TokenKind::kBlockEnd, "%}");
    ++loop_depth_;
    node.body = parse_body({"else", "endfor"});
    --loop_depth_;
    if (stream_.take_name("else")) {
      stream_.expect(TokenKind::kBlockEnd, "%}");
      node.otherwise = parse_body({"endfor"});
    }
    end_tag();
    return {line, std::move(node)};
  }

  Target parse_single_target(bool with_attribute) {
    if (stream_.take_operator("(")) {
      Target target = parse_target(false);
      stream_.expect_operator(")");
      return target;
    }
    Target target;
    target.name = stream_.expect(TokenKind::kName, "a name to assign to").text;
    static constexpr std::array<std::string_view, 6> kConstants = {"true", "false", "none",
                                                                   "True", "False", "None"};
    if (std::find(kConstants.begin(), kConstants.end(), target.name) != kConstants.end()) {
      stream_.fail(fmt::format("can't assign to \"{}\"", target.name));
    }
    if (with_attribute && stream_.take_operator(".")) {
      target.attribute = stream_.expect(TokenKind::kName, "an attribute").text;
    }
    return target;
  }

  Target parse_target(bool with_attribute) {
    const TokenStream::Level level(&stream_);
    Target first = parse_single_target(with_attribute);
    if (!stream_.at_operator(",")) return first;
    Target target;
    target.unpack.push_back(std::move(first));
    while (stream_.take_operator(",")) {
      if (stream_.at_name("in") || stream_.at_operator("=") || stream_.at_operator(")")) break;
      target.unpack.push_back(parse_single_target(with_attribute));
    }
    return target;
  }

  Statement parse_set() {
    const int line = stream_.take().line;
    Target target = parse_target(true);
    if (stream_.take_operator("=")) {
      ExpressionPtr value = expressions_.parse_tuple(true);
      stream_.expect(TokenKind::kBlockEnd, "%}");
      return {line, SetStatement{std::move(target), std::move(value)}};
    }
    BlockSetStatement node;
    node.target = std::move(target);
    if (stream_.take_operator("|")) node.filters = expressions_.parse_filters();
    node.body = parse_until("endset");
    return {line, std::move(node)};
  }

  std::vector<MacroParameter> parse_parameters() {
    std::vector<MacroParameter> parameters;
    stream_.expect_operator("(");
    while (!stream_.at_operator(")")) {
      if (!parameters.empty()) stream_.expect_operator(",");
      MacroParameter parameter;
      parameter.name = stream_.expect(TokenKind::kName, "the name of a parameter").text;
      if (stream_.take_operator("=")) {
        parameter.absent = expressions_.parse_expression();
      } else if (!parameters.empty() && parameters.back().absent != nullptr) {
        stream_.fail("a parameter without a default behind one with a default");
      }
      parameters.push_back(std::move(parameter));
    }
    stream_.expect_operator(")");
    return parameters;
  }

  // A loop's break must not reach out of a macro.
  Body parse_macro_body(std::string_view end) {
    const int outer_loops = std::exchange(loop_depth_, 0);
    Body body = parse_until(end);
    loop_depth_ = outer_loops;
    return body;
  }

  Statement parse_macro() {
    const int line = stream_.take().line;
    MacroStatement node;
    node.name = stream_.expect(TokenKind::kName, "the name of a macro").text;
    node.parameters = parse_parameters();
    node.body = parse_macro_body("endmacro");
    return {line, std::move(node)};
  }

  Statement parse_call() {
    const int line = stream_.take().line;
    CallStatement node;
    node.caller.name = "caller";
    if (stream_.at_operator("(")) node.caller.parameters = parse_parameters();
    node.call = expressions_.parse_expression();
    if (!std::holds_alternative<CallExpression>(node.call->node)) {
      stream_.fail("{% call %} needs a call");
    }
    node.caller.body = parse_macro_body("endcall");
    return {line, std::move(node)};
  }

  Statement parse_filter() {
    const int line = stream_.take().line;
    FilterStatement node;
    node.filters = expressions_.parse_filters();
    node.body = parse_until("endfilter");
    return {line, std::move(node)};
  }

  Statement parse_with() {
    const int line = stream_.take().line;
    WithStatement node;
    while (!stream_.at(TokenKind::kBlockEnd)) {
      if (!node.assignments.empty()) stream_.expect_operator(",");
      Target target = parse_single_target(false);
      stream_.expect_operator("=");
      node.assignments.emplace_back(std::move(target), expressions_.parse_expression());
    }
    node.body = parse_until("endwith");
    return {line, std::move(node)};
  }

  Statement parse_generation() {
    const int line = stream_.take().line;
    has_generation_ = true;
    return {line, GenerationStatement{parse_macro_body("endgeneration")}};
  }

  TokenStream stream_;
  ExpressionParser expressions_;
  int loop_depth_ = 0;
  bool has_generation_ = false;
};

}  // namespace

Body parse(std::string_view source, const std::string& origin, bool* has_generation) {
  Parser parser(source, origin);
  Body body = parser.run();
  *has_generation = parser.has_generation();
  return body;
}

}  // namespace temper::text::jinja
