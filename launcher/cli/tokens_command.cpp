#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/hub/local_model.h"
#include "core/hub/repository_name.h"
#include "core/text/sample_encoder.h"
#include "core/text/token_view.h"
#include "launcher/cli/recipe_options.h"
#include "launcher/cli/verbs.h"

namespace temper::launch {
namespace {

struct TokensOptions {
  std::string file;
  std::string model;
  std::string chat_template;
  std::int64_t line = 1;
  recipe::TrainOn train_on = recipe::TrainOn::kAssistant;
  bool json = false;
};

std::string read_line(const std::string& path, std::int64_t number) {
  std::ifstream in(path);
  if (!in) throw UserError(fmt::format("{}: can't be read", path));
  std::string line;
  std::int64_t count = 0;
  while (std::getline(in, line)) {
    if (++count == number) return line;
  }
  throw UserError(fmt::format("{}: has {} lines, so there is no line {}", path, count, number));
}

/// org/name is a model of the Hub where no such folder is, as in recipes.
std::string place_of(const std::string& model) {
  const bool on_hub = model.find('/') != std::string::npos &&
                      hub::is_repository_name(model.substr(0, model.find('@'))) &&
                      !std::filesystem::exists(model);
  return on_hub ? "hf://" + model : model;
}

int show_tokens(Context& context, const TokensOptions& options) {
  const text::ModelText model =
      text::load_model_text(hub::local_model(place_of(options.model), hub::ModelParts::kConfig,
                                             context.environment.cache_directory(),
                                             store_options(context), context.clock),
                            options.chat_template);
  for (const std::string& notice : model.tokenizer->notices()) context.err << notice << "\n";
  const text::SampleEncoder encoder(model, options.train_on);
  const std::string origin = fmt::format("{}:{}", options.file, options.line);
  const text::EncodedSample sample = encoder.encode(read_line(options.file, options.line), origin);
  if (options.json) {
    context.out << text::tokens_json(model, encoder, sample, origin) << std::endl;
    return 0;
  }
  context.out << fmt::format("{}: {} tokens, {} trained (between ⟦ and ⟧)\n", origin,
                             sample.ids.size(), sample.num_trained())
              << text::view_tokens(model, encoder, sample, context.out_is_terminal) << std::flush;
  return 0;
}

}  // namespace

void add_tokens(CLI::App& app, Action& action) {
  const auto options = std::make_shared<TokensOptions>();
  app.add_option("file", options->file, "A JSONL file of samples")->required();
  app.add_option("--model", options->model,
                 "The model: its folder, its .gguf file, hf://org/name or org/name")
      ->required();
  app.add_option("--line", options->line, "Which sample: its line, from 1")
      ->check(CLI::PositiveNumber);
  app.add_option("--train-on", options->train_on, "What is trained: assistant, last or all")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, recipe::TrainOn>{{"assistant", recipe::TrainOn::kAssistant},
                                                 {"last", recipe::TrainOn::kLast},
                                                 {"all", recipe::TrainOn::kAll}}));
  app.add_option("--chat-template", options->chat_template,
                 "A Jinja file in place of the model's own template");
  app.add_flag("--json", options->json, "Print one JSON object");
  app.callback([&action, options] {
    action = [options](Context& context) { return show_tokens(context, *options); };
  });
}

}  // namespace temper::launch
