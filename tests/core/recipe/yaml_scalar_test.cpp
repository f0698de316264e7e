#include "core/recipe/yaml_scalar.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace temper::recipe {
namespace {

TEST(YamlScalarTest, IntegersAreDigits) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("-12"), -12);
  EXPECT_EQ(parse_integer("+12"), 12);
  EXPECT_EQ(parse_integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"", "-", "+", "+-1", "--1", "1.0", "1e3", "1_000", "0x10", "010", "-01",
                           "0o7", " 1", "1 ", "9223372036854775808", "1:30", "true"}) {
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
  }
}

TEST(YamlScalarTest, NumbersAreDecimalAndFinite) {
  EXPECT_EQ(parse_number("2e-4"), 2e-4);
  EXPECT_EQ(parse_number("+.5"), 0.5);
  EXPECT_EQ(parse_number("-3"), -3.0);
  EXPECT_EQ(parse_number("1.7976931348623157e308"), std::numeric_limits<double>::max());
  for (const char* text : {"", ".", "-", "+-1", "inf", ".inf", "nan", ".nan", "1e999", "0x1p3",
                           "1_000.0", "1,5", "1e", "1 ", "infinity"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

TEST(YamlScalarTest, BooleansAreTrueAndFalse) {
  EXPECT_EQ(parse_boolean("true"), true);
  EXPECT_EQ(parse_boolean("false"), false);
  for (const char* text : {"", "True", "yes", "no", "on", "1", "0"}) {
    EXPECT_EQ(parse_boolean(text), std::nullopt) << text;
  }
}

TEST(YamlScalarTest, NumbersArePrintedShortWithAPoint) {
  EXPECT_EQ(print_number(0), "0.0");
  EXPECT_EQ(print_number(-0.0), "-0.0");
  EXPECT_EQ(print_number(32), "32.0");
  EXPECT_EQ(print_number(2e-4), "0.0002");
  EXPECT_EQ(print_number(1e-5), "0.00001");
  EXPECT_EQ(print_number(1e-8), "1.0e-8");
  EXPECT_EQ(print_number(1.25e-10), "1.25e-10");
  EXPECT_EQ(print_number(-1e22), "-1.0e+22");
  EXPECT_EQ(print_number(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(print_number(std::numeric_limits<double>::denorm_min()), "5.0e-324");
}

TEST(YamlScalarTest, EveryPrintedNumberReadsBackTheSame) {
  for (int exponent = -1074; exponent < 1024; ++exponent) {
    for (const double factor : {1.0, -1.1, 1.0 / 3, std::nextafter(2.0, 1.0)}) {
      const double value = std::ldexp(factor, exponent);
      if (value != 0 && std::isfinite(value)) {
        ASSERT_EQ(parse_number(print_number(value)), value) << print_number(value);
      }
    }
  }
}

TEST(YamlScalarTest, TextIsQuotedWhereItCouldBeReadOtherwise) {
  for (const char* text : {"a", "q_proj", "data/a.jsonl", "./a", "../b", "a-b.c", "_x", "/"}) {
    EXPECT_EQ(print_text(text), text);
  }
  for (const char* text :
       {"true", "No",  "null", "~",  "1",  "-1",  ".5",     "1e3", "a b", "a: b", "#a",
        "[a]",  "{a}", "*a",   "&a", "!a", "a,b", "hf://x", "",    "y",   ".inf", "-"}) {
    EXPECT_EQ(print_text(text), fmt::format("\"{}\"", text));
  }
  EXPECT_EQ(print_text("\"\\\n\t\x01\x7f"), R"("\"\\\n\t\x01\x7f")");
}

TEST(YamlScalarTest, MessagesShowShortCleanText) {
  EXPECT_EQ(quote_for_message("a\nb"), "'a?b'");
  EXPECT_EQ(quote_for_message(std::string(100, 'x')), "'" + std::string(60, 'x') + "…'");
  EXPECT_EQ(quote_for_message(std::string(59, 'x') + "äöü"), "'" + std::string(59, 'x') + "…'");
}

}  // namespace
}  // namespace temper::recipe
