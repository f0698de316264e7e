// Renders chats for the comparison scripts; one JSON line in, one out.
// render_chats render FILE            {"template", "context"} -> {"text", "generated"} or {"error"}
// render_chats mask TOKENIZER FILE    {"template", "record", "special_tokens"} -> {"ids",
// "trained"} or {"error"}
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/error.h"
#include "core/text/sample_encoder.h"

namespace temper::text {
namespace {

using Json = nlohmann::ordered_json;

Json rendered(const Json& request) {
  const ChatTemplate chat_template(request["template"].get<std::string>(), "template");
  const RenderedChat chat = chat_template.render_marked(request["context"]);
  Json line = {{"text", chat.text}, {"generated", Json::array()}};
  for (const ByteRange& range : chat.generated)
    line["generated"].push_back({range.begin, range.end});
  return line;
}

Json masked(const Json& request, ModelText* model) {
  model->chat_template =
      std::make_unique<ChatTemplate>(request["template"].get<std::string>(), "template");
  model->special_tokens.clear();
  for (const auto& [name, token] : request["special_tokens"].items()) {
    model->special_tokens[name] = token.get<std::string>();
  }
  const SampleEncoder encoder(*model, recipe::TrainOn::kAssistant);
  const EncodedSample sample = encoder.encode(request["record"].dump(), "record");
  return {{"ids", sample.ids}, {"trained", sample.trained}};
}

int run(const std::string& mode, const std::string& tokenizer, const std::string& file) {
  ModelText model;
  if (mode == "mask") model.tokenizer = load_tokenizer_json(tokenizer);
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    Json answer;
    try {
      const Json request = Json::parse(line);
      answer = mode == "mask" ? masked(request, &model) : rendered(request);
    } catch (const UserError& error) {
      answer = {{"error", error.what()}};
    }
    std::cout << answer.dump() << "\n";
  }
  return 0;
}

}  // namespace
}  // namespace temper::text

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: render_chats render FILE | mask TOKENIZER FILE\n");
    return 2;
  }
  try {
    return temper::text::run(argv[1], argc > 3 ? argv[2] : "", argv[argc - 1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(temper::exit_code_of(error));
  }
}
