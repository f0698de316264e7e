#include "core/text/chat_template.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/core/text/vectors.h"

namespace temper::text {
namespace {

using Json = nlohmann::ordered_json;

std::string error_of(const std::string& source, const Json& context = Json::object()) {
  return user_error_of([&] { ChatTemplate(source, "t.jinja").render(context); });
}

TEST(ChatTemplateTest, ErrorsNameFileLineAndReason) {
  EXPECT_EQ(error_of("a\nb {{ tools[0].x }}"), "t.jinja:2: 'tools' is undefined");
  EXPECT_EQ(error_of("\n\n{{ raise_exception('Roles must alternate') }}"),
            "t.jinja:3: the template refuses this input: Roles must alternate");
  EXPECT_EQ(error_of("a\n{% include 'x' %}"),
            "t.jinja:2: the tag \"include\" is unknown or not supported");
  EXPECT_EQ(error_of("{{ 1 + }}"), "t.jinja:1: expected an expression, found }}");
  EXPECT_EQ(error_of("{% for x in y %}\na"),
            "t.jinja:2: the template ends where {% endfor %} was expected");
  EXPECT_EQ(error_of("{# a"), "t.jinja:1: this comment has no end: #} is missing");
  EXPECT_EQ(error_of("{{ m.a.b.c }}", {{"m", {{"a", nullptr}}}}).substr(0, 10), "t.jinja:1:");
}

TEST(ChatTemplateTest, RefusesInvalidUtf8) {
  EXPECT_EQ(error_of("ab\xFF"), "t.jinja: invalid UTF-8 at byte 2");
}

TEST(ChatTemplateTest, WithoutATimeStrftimeNowIsUndefined) {
  const ChatTemplate chat_template(
      "{% if strftime_now is defined %}{{ strftime_now('%d %b %Y %H:%M') }}{% else %}fixed"
      "{% endif %}",
      "t.jinja");
  EXPECT_EQ(chat_template.render(Json::object()), "fixed");
  const std::chrono::system_clock::time_point now(std::chrono::seconds(1'700'000'000));
  EXPECT_EQ(chat_template.render_marked(Json::object(), now).text, "14 Nov 2023 22:13");
}

TEST(ChatTemplateTest, StopsEndlessWorkAndHugeOutput) {
  EXPECT_NE(
      error_of("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")
          .find("steps"),
      std::string::npos);
  EXPECT_NE(error_of("{{ 'a' * 10000000000 }}").find("a text of more than"), std::string::npos);
  EXPECT_NE(error_of("{% set ns = namespace(t='aaaaaaaa') %}{% for i in range(60) %}"
                     "{% set ns.t = ns.t + ns.t %}{% endfor %}")
                .find("a text of more than"),
            std::string::npos);
  EXPECT_NE(error_of("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}").find("levels deep"),
            std::string::npos);
  EXPECT_NE(error_of("{% set ns = namespace(x=1) %}{% for i in range(5000) %}"
                     "{% set ns.x = [ns.x] %}{% endfor %}")
                .find("nested more than"),
            std::string::npos);
}

TEST(ChatTemplateTest, BoundsTheNestingOfTemplatesAndInput) {
  const std::string open(5000, '(');
  EXPECT_NE(error_of("{{ " + open + "1" + std::string(5000, ')') + " }}").find("levels deep"),
            std::string::npos);
  std::string sum = "1";
  for (int i = 0; i < 20'000; ++i) sum += "+1";
  EXPECT_NE(error_of("{{ " + sum + " }}").find("expressions at most"), std::string::npos);
  Json deep = 1;
  for (int i = 0; i < 3000; ++i) {
    Json outer = Json::array();
    outer.push_back(std::move(deep));
    deep = std::move(outer);
  }
  EXPECT_NE(error_of("{{ x }}", {{"x", std::move(deep)}}).find("nested more than"),
            std::string::npos);
}

TEST(ChatTemplateTest, IntegersBeyond64BitsAreErrors) {
  EXPECT_NE(error_of("{{ 9223372036854775807 + 1 }}").find("64 bits"), std::string::npos);
  EXPECT_NE(error_of("{{ 99999999999999999999 }}").find("64 bits"), std::string::npos);
  EXPECT_NE(error_of("{{ x }}", {{"x", 18446744073709551615ULL}}).find("64 bits"),
            std::string::npos);
  EXPECT_NE(error_of("{{ 2 ** 64 }}").find("64 bits"), std::string::npos);
}

TEST(ChatTemplateTest, GenerationInsideAMacroIsRefused) {
  const std::string source =
      "{% macro m() %}{% generation %}a{% endgeneration %}{% endmacro %}{{ m() }}";
  EXPECT_NE(error_of(source).find("generation block inside a macro"), std::string::npos);
}

TEST(ChatTemplateTest, EveryTruncationRendersOrIsAUserError) {
  for (const auto& vector : golden_lines("template_vectors.jsonl")) {
    const auto source = vector["template"].get<std::string>();
    if (source.size() < 60) continue;
    for (std::size_t size = 0; size < source.size(); size += 3) {
      try {
        ChatTemplate(source.substr(0, size), "t.jinja").render({{"messages", Json::array()}});
      } catch (const UserError& error) {
        EXPECT_EQ(std::string(error.what()).substr(0, 7), "t.jinja");
      }
    }
  }
}

// As Python's str.splitlines, which Jinja's filter uses.
TEST(ChatTemplateTest, IndentKnowsEveryLineEnd) {
  EXPECT_EQ(ChatTemplate("{{ x | indent(2) }}|{{ '\\r\\na' | indent(1, true, true) }}", "t.jinja")
                .render({{"x", "a\n\nb\u2028c\r\nd\n"}}),
            "a\n\n  b\n  c\n  d\n| \n a");
}

TEST(ChatTemplateTest, ReportsItsSourceAndGeneration) {
  const ChatTemplate marked("{% generation %}a{% endgeneration %}", "t");
  EXPECT_TRUE(marked.marks_generation());
  EXPECT_FALSE(ChatTemplate("{{ 'generation' }}", "t").marks_generation());
  EXPECT_EQ(marked.source(), "{% generation %}a{% endgeneration %}");
}

}  // namespace
}  // namespace temper::text
