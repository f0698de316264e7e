// What templates render against Jinja2 as Transformers sets it up.
#include <gtest/gtest.h>

#include "core/text/chat_template.h"
#include "tests/core/text/vectors.h"
#include "tests/support/temporary_directory.h"

namespace temper::text {
namespace {

class ChatTemplateGoldenTest : public ::testing::TestWithParam<nlohmann::ordered_json> {};

TEST_P(ChatTemplateGoldenTest, RendersAsJinja) {
  const nlohmann::ordered_json& expected = GetParam();
  const auto contexts =
      nlohmann::ordered_json::parse(testing::read_file(golden_path("template_contexts.json")));
  const auto& context = contexts[expected["context"].get<std::string>()];
  const auto source = expected["template"].get<std::string>();
  SCOPED_TRACE(source);
  if (expected.contains("error")) {
    const std::string error =
        user_error_of([&] { ChatTemplate(source, "t.jinja").render(context); });
    EXPECT_EQ(error.substr(0, 8), "t.jinja:") << error;
    return;
  }
  const RenderedChat chat = ChatTemplate(source, "t.jinja").render_marked(context);
  EXPECT_EQ(chat.text, expected["output"].get<std::string>());
  nlohmann::ordered_json generated = nlohmann::ordered_json::array();
  for (const ByteRange& range : chat.generated) generated.push_back({range.begin, range.end});
  EXPECT_EQ(generated, expected.value("generated", nlohmann::ordered_json::array()));
}

std::string name_of(const ::testing::TestParamInfo<nlohmann::ordered_json>& vector) {
  return vector.param["name"].get<std::string>();
}

INSTANTIATE_TEST_SUITE_P(Vectors, ChatTemplateGoldenTest,
                         ::testing::ValuesIn(golden_lines("template_vectors.jsonl")), name_of);

}  // namespace
}  // namespace temper::text
