#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/launcher/cli/program.h"

namespace temper::launch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TokensProgramTest : public ::testing::Test {
 protected:
  TokensProgramTest() {
    std::filesystem::create_directories(model_);
    std::filesystem::copy_file(
        std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/golden/text/tokenizer.json",
        model_ / "tokenizer.json");
    temper::testing::write_file(model_ / "tokenizer_config.json",
                                R"({"eos_token": "<|endoftext|>"})");
    temper::testing::write_file(data_, R"({"prompt": "The", "completion": " end\n"})"
                                       "\n{}\n");
  }
  ProgramResult tokens(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"tokens", data_.string(), "--model", model_.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program_.temper(arguments);
  }

  Program program_;
  std::filesystem::path model_ = program_.file("text-model");
  std::filesystem::path data_ = program_.file("samples.jsonl");
};

TEST_F(TokensProgramTest, ShowsASampleAsTokensWithItsTrainedPart) {
  const ProgramResult result = tokens();
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("samples.jsonl:1: 4 tokens, 3 trained"), HasSubstr("The⟦ end\n"),
                    HasSubstr("774   |The|\n"), HasSubstr("289 * | end|\n"),
                    HasSubstr("201 * |\\n|\n"), HasSubstr("0 * |<|endoftext|>|")));
}

TEST_F(TokensProgramTest, ShowsThemAsJson) {
  const ProgramResult result = tokens({"--json"});
  EXPECT_EQ(result.code, 0);
  const auto sample = nlohmann::json::parse(result.output.substr(result.output.find('{')));
  EXPECT_THAT(sample["origin"], HasSubstr("samples.jsonl:1"));
  EXPECT_EQ(sample["num_trained"], 3);
  ASSERT_EQ(sample["tokens"].size(), 4U);
  EXPECT_EQ(sample["tokens"][1],
            (nlohmann::json{{"id", 289}, {"text", " end"}, {"trained", true}}));
}

TEST_F(TokensProgramTest, NamesTheLineThatIsWrongOrMissing) {
  const ProgramResult wrong = tokens({"--line", "2"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.output, HasSubstr("samples.jsonl:2: a record needs"));
  const ProgramResult missing = tokens({"--line", "3"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.output, HasSubstr("has 2 lines, so there is no line 3"));
}

}  // namespace
}  // namespace temper::launch
