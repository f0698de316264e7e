// ModelText from a Hugging Face folder or a GGUF file.
#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "core/base/error.h"
#include "core/text/sample_encoder.h"

namespace temper::text {
namespace {

using Json = nlohmann::ordered_json;

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  if (!in) throw UserError(fmt::format("{}: can't be read", path.string()));
  return content.str();
}

// An absent file is an empty object.
Json read_json(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return Json::object();
  try {
    Json json = Json::parse(read_text(path));
    if (!json.is_object()) throw UserError(fmt::format("{}: expected an object", path.string()));
    return json;
  } catch (const Json::exception& error) {
    throw UserError(fmt::format("{}: not valid JSON: {}", path.string(), error.what()));
  }
}

// A special token is a string, an added token with "content", or null.
std::string special_token(const Json& config, const std::string& key, const std::string& where) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return "";
  if (found->is_string()) return found->get<std::string>();
  if (found->is_object() && found->contains("content") && (*found)["content"].is_string()) {
    return (*found)["content"].get<std::string>();
  }
  throw UserError(
      fmt::format("{}: \"{}\" must be a string, an object with \"content\" or null", where, key));
}

// The template of a tokenizer_config.json: a string, or a list of named ones, of which the one
// called "default" counts, or the only one.
std::string template_in(const Json& config, const std::string& where) {
  const auto found = config.find("chat_template");
  if (found == config.end() || found->is_null()) return "";
  if (found->is_string()) return found->get<std::string>();
  if (!found->is_array()) {
    throw UserError(where + ": \"chat_template\" must be a string or a list of named templates");
  }
  std::string only;
  for (const Json& named : *found) {
    if (!named.is_object() || !named.contains("name") || !named.contains("template") ||
        !named["template"].is_string()) {
      throw UserError(where + ": a named chat template needs \"name\" and \"template\"");
    }
    only = named["template"].get<std::string>();
    if (named["name"] == "default") return only;
  }
  return found->size() == 1 ? only : "";
}

void use_template(std::string source, const std::string& origin, ModelText* text) {
  if (!source.empty()) {
    text->chat_template = std::make_unique<ChatTemplate>(std::move(source), origin);
  }
}

ModelText load_folder(const std::filesystem::path& folder, bool with_template) {
  const std::filesystem::path tokenizer = folder / "tokenizer.json";
  if (!std::filesystem::exists(tokenizer)) {
    throw UserError(
        fmt::format("{}: not found; a model folder needs its tokenizer.json (convert a "
                    "slow tokenizer with Transformers' save_pretrained)",
                    tokenizer.string()));
  }
  ModelText text;
  text.tokenizer = load_tokenizer_json(tokenizer);
  const std::string config_path = (folder / "tokenizer_config.json").string();
  const Json config = read_json(config_path);
  const std::string map_path = (folder / "special_tokens_map.json").string();
  const Json map = read_json(map_path);
  for (const char* key : {"bos_token", "eos_token", "pad_token", "unk_token"}) {
    std::string token = special_token(config, key, config_path);
    if (token.empty()) token = special_token(map, key, map_path);
    if (!token.empty()) text.special_tokens[key] = token;
  }
  if (!with_template) return text;
  const std::filesystem::path jinja = folder / "chat_template.jinja";
  if (std::filesystem::exists(jinja)) {
    use_template(read_text(jinja), jinja.string(), &text);
  } else {
    use_template(template_in(config, config_path), config_path + ": chat_template", &text);
  }
  return text;
}

ModelText load_gguf(const std::filesystem::path& path, bool with_template) {
  const weights::GgufFile file(path);
  ModelText text;
  text.tokenizer = load_gguf_tokenizer(file);
  const weights::GgufArray* tokens = file.array("tokenizer.ggml.tokens");
  for (const auto& [key, name] : {std::pair("bos", "bos_token"),
                                  {"eos", "eos_token"},
                                  {"padding", "pad_token"},
                                  {"unknown", "unk_token"}}) {
    const std::string field = fmt::format("tokenizer.ggml.{}_token_id", key);
    const auto id = file.integer(field);
    if (!id) continue;
    if (*id < 0 || *id >= static_cast<std::int64_t>(tokens->strings.size())) {
      throw UserError(fmt::format("{}: {}: {} is none of the {} tokens", path.string(), field, *id,
                                  tokens->strings.size()));
    }
    text.special_tokens[name] = tokens->strings[static_cast<std::size_t>(*id)];
  }
  const std::string* source = file.string("tokenizer.chat_template");
  if (with_template && source != nullptr) {
    use_template(*source, path.string() + ": tokenizer.chat_template", &text);
  }
  return text;
}

}  // namespace

ModelText load_model_text(const std::filesystem::path& model,
                          const std::filesystem::path& template_file) {
  const bool with_template = template_file.empty();
  ModelText text = model.extension() == ".gguf" ? load_gguf(model, with_template)
                                                : load_folder(model, with_template);
  text.bos_token = text.special_tokens["bos_token"];
  text.eos_token = text.special_tokens["eos_token"];
  std::erase_if(text.special_tokens, [](const auto& entry) { return entry.second.empty(); });
  if (!with_template) {
    if (!std::filesystem::is_regular_file(template_file)) {
      throw UserError(fmt::format("{}: model.chat_template: no such file", template_file.string()));
    }
    use_template(read_text(template_file), template_file.string(), &text);
  }
  return text;
}

}  // namespace temper::text
