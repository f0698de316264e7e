#include "core/text/token_view.h"

#include <gtest/gtest.h>

#include "tests/core/text/vectors.h"

namespace temper::text {
namespace {

TEST(TokenViewTest, EscapesWhatDoesNotPrint) {
  EXPECT_EQ(printable("a\nb\t\\\x01 é\xE6\x97 x"), "a\\nb\\t\\\\\\x01 é\\xE6\\x97 x");
}

TEST(TokenViewTest, ShowsTextThenOneLineAToken) {
  ModelText model;
  model.tokenizer = load_tokenizer_json(golden_path("tokenizer.json"));
  const SampleEncoder encoder(model, recipe::TrainOn::kAssistant);
  const EncodedSample sample =
      encoder.encode(R"({"prompt": "a", "completion": "\n"})", "d.jsonl:1");
  const std::string a = std::to_string(sample.ids[0]);
  const std::string line_end = std::to_string(sample.ids[1]);
  const auto row = [](const std::string& place, const std::string& id, const std::string& rest) {
    return std::string(6 - place.size(), ' ') + place + std::string(9 - id.size(), ' ') + id + rest;
  };
  EXPECT_EQ(view_tokens(model, encoder, sample, false),
            "a⟦\n⟧\n" + row("0", a, "   |a|\n") + row("1", line_end, " * |\\n|\n"));
  EXPECT_NE(view_tokens(model, encoder, sample, true).find("\x1b[32m" + row("1", line_end, " * ")),
            std::string::npos);
}

}  // namespace
}  // namespace temper::text
