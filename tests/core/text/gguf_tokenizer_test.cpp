// A GGUF file with the vocabulary of a tokenizer.json must give the same tokens.
#include <gtest/gtest.h>

#include "core/text/sample_encoder.h"
#include "core/weights/gguf.h"
#include "tests/core/text/vectors.h"
#include "tests/core/weights/gguf_image.h"
#include "tests/support/temporary_directory.h"

namespace temper::text {
namespace {

using Json = nlohmann::ordered_json;
using temper::testing::gguf_text;
using temper::testing::GgufImage;
using temper::testing::raw;

constexpr std::uint32_t kBool = 7;
constexpr std::uint32_t kArray = 9;

std::string strings(const std::vector<std::string>& texts) {
  std::string bytes = raw(std::uint32_t{8}) + raw(std::uint64_t{texts.size()});
  for (const std::string& text : texts) bytes += gguf_text(text);
  return bytes;
}

std::string integers(const std::vector<std::int32_t>& values) {
  std::string bytes = raw(std::uint32_t{5}) + raw(std::uint64_t{values.size()});
  for (const std::int32_t value : values) bytes += raw(value);
  return bytes;
}

class GgufTokenizerTest : public ::testing::Test {
 protected:
  GgufTokenizerTest() : file_(Json::parse(small_tokenizer_json(Json::object()))) {}

  GgufImage image(const std::string& pre) const {
    std::vector<std::string> tokens(file_["model"]["vocab"].size());
    for (const auto& [token, id] : file_["model"]["vocab"].items()) {
      tokens[id.get<std::size_t>()] = token;
    }
    std::vector<std::string> merges;
    for (const Json& pair : file_["model"]["merges"]) {
      merges.push_back(pair[0].get<std::string>() + " " + pair[1].get<std::string>());
    }
    std::vector<std::int32_t> types(tokens.size(), 1);
    for (std::size_t i = 0; i < 3; ++i) types[i] = 3;
    GgufImage image;
    image.text("tokenizer.ggml.model", "gpt2")
        .text("tokenizer.ggml.pre", pre)
        .pair("tokenizer.ggml.tokens", kArray, strings(tokens))
        .pair("tokenizer.ggml.merges", kArray, strings(merges))
        .pair("tokenizer.ggml.token_type", kArray, integers(types))
        .u32("tokenizer.ggml.bos_token_id", 1)
        .u32("tokenizer.ggml.eos_token_id", 2);
    return image;
  }
  std::filesystem::path write(const GgufImage& image) const {
    testing::write_file(folder_ / "model.gguf", image.build());
    return folder_ / "model.gguf";
  }
  std::unique_ptr<Tokenizer> load(const GgufImage& image) const {
    return load_gguf_tokenizer(weights::GgufFile(write(image)));
  }

  Json file_;
  testing::TemporaryDirectory folder_;
};

TEST_F(GgufTokenizerTest, GivesTheTokensOfTheTokenizerJson) {
  const std::map<std::string, std::string> names = {
      {"gpt2", "gpt-2"}, {"smollm", "smollm"}, {"llama3", "llama-bpe"}, {"qwen", "qwen2"}};
  std::size_t compared = 0;
  for (const auto& vector : golden_lines("tokenizer_vectors.jsonl")) {
    const auto pre = names.find(vector["name"].get<std::string>());
    if (pre == names.end()) continue;
    const auto tokenizer = load(image(pre->second));
    for (const auto& expected : vector["cases"]) {
      SCOPED_TRACE(pre->second + expected["text"].dump());
      EXPECT_EQ(tokenizer->encode(expected["text"].get<std::string>(), true).ids,
                expected["ids"].get<std::vector<std::int32_t>>());
      ++compared;
    }
  }
  EXPECT_EQ(compared, 4U * 26);
}

TEST_F(GgufTokenizerTest, AddsBosAndEosWhereTheFileSaysSo) {
  GgufImage with = image("gpt-2");
  with.pair("tokenizer.ggml.add_bos_token", kBool, std::string(1, '\1'))
      .pair("tokenizer.ggml.add_eos_token", kBool, std::string(1, '\1'));
  const auto tokenizer = load(with);
  const auto ids = tokenizer->encode("Hi", true).ids;
  EXPECT_EQ(ids.front(), 1);
  EXPECT_EQ(ids.back(), 2);
  EXPECT_EQ(tokenizer->encode("Hi", false).ids.size(), ids.size() - 2);
  GgufImage without = image("llama-bpe");  // which adds it by itself
  without.pair("tokenizer.ggml.add_bos_token", kBool, std::string(1, '\0'));
  EXPECT_NE(load(without)->encode("Hi", true).ids.front(), 1);
}

TEST_F(GgufTokenizerTest, ModelTextHasSpecialTokensAndTemplate) {
  GgufImage with = image("gpt-2");
  with.text("tokenizer.chat_template", "{{ bos_token }}!");
  const ModelText text = load_model_text(write(with), "");
  EXPECT_EQ(text.bos_token, "<|im_start|>");
  EXPECT_EQ(text.eos_token, "<|im_end|>");
  EXPECT_EQ(text.chat_template->source(), "{{ bos_token }}!");
}

TEST_F(GgufTokenizerTest, NamesWhatIsMissingOrUnknown) {
  const auto error = [&](const GgufImage& image) {
    const std::string message = user_error_of([&] { load(image); });
    return message.substr(message.find(".gguf: ") + 7);
  };
  EXPECT_EQ(error(GgufImage()), "tokenizer.ggml.model: is missing");
  GgufImage wordy;
  wordy.text("tokenizer.ggml.model", "bert").pair("tokenizer.ggml.tokens", kArray, strings({"a"}));
  EXPECT_EQ(error(wordy),
            "tokenizer.ggml.model: \"bert\" is not supported, only \"gpt2\" and \"llama\"");
  GgufImage scoreless;
  scoreless.text("tokenizer.ggml.model", "llama")
      .pair("tokenizer.ggml.tokens", kArray, strings({"a", "b"}));
  EXPECT_EQ(error(scoreless), "tokenizer.ggml.scores: expected 2 numbers");
  EXPECT_EQ(error(image("poro")).substr(0, 45), "tokenizer.ggml.pre: \"poro\" is not supported; ");
  EXPECT_EQ(
      error(GgufImage().text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2")),
      "tokenizer.ggml.tokens: expected an array of strings");
}

}  // namespace
}  // namespace temper::text
