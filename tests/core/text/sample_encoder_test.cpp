#include "core/text/sample_encoder.h"

#include <gtest/gtest.h>

#include "tests/core/text/vectors.h"

namespace temper::text {
namespace {

using Json = nlohmann::ordered_json;
using recipe::TrainOn;

constexpr const char* kChatml =
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

class SampleEncoderTest : public ::testing::Test {
 protected:
  SampleEncoderTest() {
    use_tokenizer(Json::object());
    use_template(kChatml);
    model_.eos_token = "<|endoftext|>";
    model_.special_tokens = {{"eos_token", "<|endoftext|>"}};
  }
  void use_tokenizer(const Json& changes) {
    model_.tokenizer = parse_tokenizer_json(small_tokenizer_json(changes), "t.json");
  }
  void use_template(const std::string& source) {
    model_.chat_template = std::make_unique<ChatTemplate>(source, "t.jinja");
  }
  EncodedSample encode(const Json& record, TrainOn train_on = TrainOn::kAssistant) const {
    return SampleEncoder(model_, train_on).encode(record.dump(), "d.jsonl:3");
  }
  std::string marked(const Json& record, TrainOn train_on = TrainOn::kAssistant) const {
    return SampleEncoder(model_, train_on).mark_trained(encode(record, train_on));
  }
  std::string error_of(const std::string& record) const {
    return user_error_of(
        [&] { SampleEncoder(model_, TrainOn::kAssistant).encode(record, "d.jsonl:3"); });
  }

  ModelText model_;
};

Json say(const std::string& role, const std::string& content) {
  return {{"role", role}, {"content", content}};
}

Json two_turns() {
  return {{"messages",
           {say("user", "Hi"), say("assistant", "Hello"), say("user", "Bye"),
            say("assistant", "See you")}}};
}

TEST_F(SampleEncoderTest, TrainsEveryAssistantTurnWithItsEnd) {
  EXPECT_EQ(marked(two_turns()),
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟦Hello<|im_end|>\n⟧"
            "<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n⟦See you<|im_end|>\n⟧");
}

TEST_F(SampleEncoderTest, LastTrainsTheLastTurnAndAllTrainsAllButTheFirstToken) {
  EXPECT_EQ(marked(two_turns(), TrainOn::kLast),
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n"
            "<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n⟦See you<|im_end|>\n⟧");
  const EncodedSample all = encode(two_turns(), TrainOn::kAll);
  EXPECT_EQ(all.num_trained(), static_cast<std::int64_t>(all.ids.size()) - 1);
  EXPECT_EQ(all.trained[0], 0);
}

TEST_F(SampleEncoderTest, MessagesCanBeTakenOut) {
  Json record = two_turns();
  record["messages"][1]["train"] = false;
  EXPECT_EQ(marked(record), marked(two_turns(), TrainOn::kLast));
  record = two_turns();
  record["messages"][3]["weight"] = 0;
  EXPECT_EQ(marked(record),
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟦Hello<|im_end|>\n⟧"
            "<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\nSee you<|im_end|>\n");
  EXPECT_EQ(marked(record, TrainOn::kLast).find("⟦"), std::string::npos);
  EXPECT_EQ(marked(record, TrainOn::kAll),
            "<|im_start|>⟦user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n"
            "<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n⟧See you<|im_end|>\n");
}

TEST_F(SampleEncoderTest, TrainAndWeightDoNotReachTheTemplate) {
  use_template("{{ messages|tojson }}");
  Json record = {{"messages", {say("user", "Hi")}}};
  record["messages"][0]["train"] = false;
  EXPECT_EQ(model_.tokenizer->decode(encode(record, TrainOn::kLast).ids, false),
            R"([{"role": "user", "content": "Hi"}])");
}

TEST_F(SampleEncoderTest, GenerationBlocksDecideWhereTheTemplateHasThem) {
  use_template(
      "{% for m in messages %}{{ m.role }}: {% if m.role == 'assistant' %}{% generation %}"
      "{{ m.content + eos_token }}{% endgeneration %}{% else %}{{ m.content }}{% endif %}\n"
      "{% endfor %}");
  EXPECT_EQ(marked(two_turns()),
            "user: Hiassistant: ⟦Hello<|endoftext|>⟧user: Byeassistant: ⟦See you<|endoftext|>⟧");
}

// As Transformers' return_assistant_tokens_mask: every token that a block's text has a part in.
TEST_F(SampleEncoderTest, TokensThatReachIntoAGenerationBlockAreTrained) {
  use_template("{{ messages[0].content }} {% generation %}package{% endgeneration %} contains");
  EXPECT_EQ(marked({{"messages", {say("user", "The"), say("assistant", "x")}}}),
            "The⟦ package⟧ contains");
}

TEST_F(SampleEncoderTest, AmbiguousTurnsAreErrorsThatSayWhatToDo) {
  use_template(  // drops what earlier turns thought
      "{% for m in messages %}[{{ m.role }}]{% if loop.last %}{{ m.content }}{% else %}"
      "{{ m.content.split('>')[-1] }}{% endif %}{% endfor %}{% if add_generation_prompt %}"
      "[assistant]{% endif %}");
  Json record = two_turns();
  record["messages"][1]["content"] = "<so>Hello";
  EXPECT_EQ(error_of(record.dump()),
            "d.jsonl:3: can't tell which text is the assistant's in messages[1]: the template "
            "renders it otherwise once messages follow. Give a template with {% generation %} "
            "blocks as model.chat_template, or use train_on: last or all");
  EXPECT_EQ(marked(record, TrainOn::kLast),
            "[user]Hi[assistant]Hello[user]Bye[assistant]⟦See you⟧");
}

TEST_F(SampleEncoderTest, PromptAndCompletionTrainTheCompletionAndTheEndToken) {
  const Json record = {{"prompt", "What is it?"}, {"completion", " A word."}};
  EXPECT_EQ(marked(record), "What is it?⟦ A word.<|endoftext|>⟧");
  EXPECT_EQ(marked(record, TrainOn::kAll).find("⟦"), 4U);  // behind "What", the first token
}

TEST_F(SampleEncoderTest, TextTrainsAllOfIt) {
  const EncodedSample sample = encode({{"text", "Just a text."}});
  EXPECT_EQ(sample.num_trained(), static_cast<std::int64_t>(sample.ids.size()) - 1);
  EXPECT_EQ(sample.ids.back(), 0);
}

TEST_F(SampleEncoderTest, BosComesOnceFromTheTemplateOrThePostProcessor) {
  use_tokenizer({{"post_processor",
                  {{"type", "TemplateProcessing"},
                   {"single",
                    {{{"SpecialToken", {{"id", "<|im_start|>"}, {"type_id", 0}}}},
                     {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}}},
                   {"pair", Json::array()},
                   {"special_tokens",
                    {{"<|im_start|>",
                      {{"id", "<|im_start|>"}, {"ids", {1}}, {"tokens", {"<|im_start|>"}}}}}}}}});
  EXPECT_EQ(marked({{"text", "Hi"}}), "<|im_start|>⟦Hi<|endoftext|>⟧");
  EXPECT_EQ(marked({{"prompt", ""}, {"completion", "Hi"}}), "<|im_start|>⟦Hi<|endoftext|>⟧");
  EXPECT_EQ(marked(two_turns()).substr(0, 29), "<|im_start|>user\nHi<|im_end|>");
}

TEST_F(SampleEncoderTest, ToolsReachTheTemplate) {
  use_template("{{ tools|length if tools is not none else 'none' }}{{ documents is none }}");
  Json record = {{"messages", {say("user", "Hi")}}};
  const auto text = [&] {
    return model_.tokenizer->decode(encode(record, TrainOn::kLast).ids, false);
  };
  EXPECT_EQ(text(), "noneTrue");
  record["tools"] = {{{"type", "function"}}, {{"type", "function"}}};
  EXPECT_EQ(text(), "2True");
}

TEST_F(SampleEncoderTest, KeysWithoutAValueDoNotReachTheTemplate) {
  use_template("{{ messages|tojson }}");
  const Json record = {
      {"messages", {{{"role", "assistant"}, {"content", nullptr}, {"tool_calls", Json::array()}}}}};
  EXPECT_EQ(model_.tokenizer->decode(encode(record, TrainOn::kAll).ids, false),
            R"([{"role": "assistant", "tool_calls": []}])");
}

TEST_F(SampleEncoderTest, TokensOfOneCharacterShareItsRange) {
  const Json record = {{"messages", {say("user", "é"), say("assistant", "日本語 𐍈")}}};
  EXPECT_EQ(marked(record),
            "<|im_start|>user\né<|im_end|>\n<|im_start|>assistant\n⟦日本語 𐍈<|im_end|>\n⟧");
}

TEST_F(SampleEncoderTest, BadRecordsAreErrorsWithTheirPlace) {
  EXPECT_EQ(error_of("{\"text\": ").substr(0, 26), "d.jsonl:3: not valid JSON:");
  EXPECT_EQ(error_of("{\"text\": \"\xFF\"}"), "d.jsonl:3: invalid UTF-8 at byte 10");
  EXPECT_EQ(error_of("[1]"), "d.jsonl:3: a record must be an object, found array");
  EXPECT_EQ(
      error_of(R"({"question": 1})"),
      "d.jsonl:3: a record needs \"messages\", \"prompt\" and \"completion\", or \"text\"; it "
      "has \"question\"");
  EXPECT_EQ(error_of(R"({"text": 5})"), "d.jsonl:3: \"text\" must be a string, found number");
  EXPECT_EQ(error_of(R"({"messages": []})"),
            "d.jsonl:3: \"messages\" must be a list with at least one message");
  EXPECT_EQ(error_of(R"({"messages": [{"content": "a"}]})"),
            "d.jsonl:3: messages[0] needs a \"role\" (system, user, assistant …)");
  EXPECT_EQ(error_of(R"({"messages": [{"role": "user"}]})"),
            "d.jsonl:3: messages[0] needs \"content\" or \"tool_calls\"");
  EXPECT_EQ(error_of(R"({"messages": [{"role": "user", "content": "a", "train": true}]})"),
            "d.jsonl:3: messages[0]: only assistant messages can be trained, this is \"user\"");
  EXPECT_EQ(error_of(R"({"messages": [{"role": "assistant", "content": "a", "weight": 0.5}]})"),
            "d.jsonl:3: messages[0].weight must be 0 or 1, found 0.5");
  EXPECT_EQ(error_of(R"({"messages": [{"role": "user", "content": null}]})").substr(0, 21),
            "d.jsonl:3: t.jinja:2:");
}

TEST_F(SampleEncoderTest, MessagesNeedATemplate) {
  model_.chat_template.reset();
  EXPECT_EQ(error_of(two_turns().dump()),
            "d.jsonl:3: the record has \"messages\", but the model has no chat template; give one "
            "as model.chat_template (a Jinja file)");
}

}  // namespace
}  // namespace temper::text
