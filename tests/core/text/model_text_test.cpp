#include <gtest/gtest.h>

#include "core/text/sample_encoder.h"
#include "tests/core/text/vectors.h"
#include "tests/support/temporary_directory.h"

namespace temper::text {
namespace {

using Json = nlohmann::ordered_json;

class ModelTextTest : public ::testing::Test {
 protected:
  ModelTextTest() {
    testing::write_file(folder_ / "tokenizer.json",
                        testing::read_file(golden_path("tokenizer.json")));
  }
  void write(const std::string& name, const Json& content) {
    testing::write_file(folder_ / name, content.dump());
  }

  testing::TemporaryDirectory folder_;
};

TEST_F(ModelTextTest, ReadsSpecialTokensInEverySpelling) {
  write("tokenizer_config.json",
        {{"bos_token", {{"content", "<|im_start|>"}, {"lstrip", false}}}, {"eos_token", nullptr}});
  write("special_tokens_map.json", {{"eos_token", "<|im_end|>"}, {"pad_token", "<|endoftext|>"}});
  const ModelText text = load_model_text(folder_.path(), "");
  EXPECT_EQ(text.bos_token, "<|im_start|>");
  EXPECT_EQ(text.eos_token, "<|im_end|>");
  EXPECT_EQ(text.special_tokens.at("pad_token"), "<|endoftext|>");
  EXPECT_EQ(text.special_tokens.count("unk_token"), 0U);
  EXPECT_EQ(text.chat_template, nullptr);
}

TEST_F(ModelTextTest, NeedsNoConfigAtAll) {
  const ModelText text = load_model_text(folder_.path(), "");
  EXPECT_EQ(text.eos_token, "");
  EXPECT_TRUE(text.special_tokens.empty());
}

TEST_F(ModelTextTest, TakesTheTemplateFromFileThenJinjaThenConfig) {
  write("tokenizer_config.json", {{"chat_template", "config"}});
  EXPECT_EQ(load_model_text(folder_.path(), "").chat_template->source(), "config");
  testing::write_file(folder_ / "chat_template.jinja", "jinja");
  EXPECT_EQ(load_model_text(folder_.path(), "").chat_template->source(), "jinja");
  testing::write_file(folder_ / "own.jinja", "own");
  EXPECT_EQ(load_model_text(folder_.path(), folder_ / "own.jinja").chat_template->source(), "own");
}

TEST_F(ModelTextTest, AnOwnTemplateReplacesOneThatDoesNotParse) {
  testing::write_file(folder_ / "chat_template.jinja", "{% include 'x' %}");
  EXPECT_NE(
      user_error_of([&] { load_model_text(folder_.path(), ""); }).find("chat_template.jinja:1"),
      std::string::npos);
  testing::write_file(folder_ / "own.jinja", "own");
  EXPECT_EQ(load_model_text(folder_.path(), folder_ / "own.jinja").chat_template->source(), "own");
}

TEST_F(ModelTextTest, ChoosesAmongNamedTemplates) {
  const Json tool = {{"name", "tool_use"}, {"template", "tools"}};
  const Json usual = {{"name", "default"}, {"template", "usual"}};
  write("tokenizer_config.json", {{"chat_template", {tool, usual}}});
  EXPECT_EQ(load_model_text(folder_.path(), "").chat_template->source(), "usual");
  write("tokenizer_config.json", {{"chat_template", {tool}}});
  EXPECT_EQ(load_model_text(folder_.path(), "").chat_template->source(), "tools");
  write("tokenizer_config.json", {{"chat_template", {tool, tool}}});
  EXPECT_EQ(load_model_text(folder_.path(), "").chat_template, nullptr);
}

TEST_F(ModelTextTest, NamesFileAndFieldOfBadConfigs) {
  const auto error = [&] { return user_error_of([&] { load_model_text(folder_.path(), ""); }); };
  const std::string config = (folder_ / "tokenizer_config.json").string();
  write("tokenizer_config.json", {{"eos_token", 5}});
  EXPECT_EQ(error(),
            config + ": \"eos_token\" must be a string, an object with \"content\" or null");
  write("tokenizer_config.json", Json::array());
  EXPECT_EQ(error(), config + ": expected an object");
  testing::write_file(config, "{");
  EXPECT_EQ(error().substr(0, config.size() + 17), config + ": not valid JSON:");
  EXPECT_NE(user_error_of([&] { load_model_text(folder_ / "nowhere", ""); }).find("tokenizer.json"),
            std::string::npos);
  std::filesystem::remove(config);
  EXPECT_NE(user_error_of([&] {
              load_model_text(folder_.path(), folder_ / "no.jinja");
            }).find("model.chat_template: no such file"),
            std::string::npos);
}

}  // namespace
}  // namespace temper::text
