#include "core/text/sample_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/text/trained_ranges.h"
#include "core/text/utf8.h"

namespace temper::text {
namespace {

using Json = nlohmann::ordered_json;

// A token is trained if it begins inside a trained range: one that straddles the beginning starts
// with text that is given. Where trimming has emptied a token's range, its end decides.
bool begins_inside(const ByteRange& token, const ByteRange& trained) {
  if (token.begin == token.end) return trained.begin < token.end && token.end <= trained.end;
  return trained.begin <= token.begin && token.begin < trained.end;
}

// Transformers trains every token that a {% generation %} block's text has a part in.
bool overlaps(const ByteRange& token, const ByteRange& trained) {
  return token.begin < trained.end && trained.begin < token.end;
}

EncodedSample with_mask(Encoding encoding, const std::vector<ByteRange>& trained,
                        bool from_blocks = false) {
  EncodedSample sample;
  sample.ids = std::move(encoding.ids);
  sample.trained.assign(sample.ids.size(), 0);
  auto range = trained.begin();
  for (std::size_t i = 0; i < sample.ids.size() && range != trained.end(); ++i) {
    const ByteRange& token = encoding.offsets[i];
    while (range != trained.end() && range->end < token.end && range->end <= token.begin) ++range;
    if (range == trained.end()) break;
    const bool is_trained = from_blocks ? overlaps(token, *range) : begins_inside(token, *range);
    if (is_trained) sample.trained[i] = 1;
  }
  return sample;
}

const std::string& text_field(const Json& record, const char* key) {
  const Json& value = record[key];
  if (!value.is_string()) {
    throw UserError(fmt::format("\"{}\" must be a string, found {}", key, value.type_name()));
  }
  return value.get_ref<const std::string&>();
}

void check_messages(const Json& messages) {
  if (!messages.is_array() || messages.empty()) {
    throw UserError("\"messages\" must be a list with at least one message");
  }
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Json& message = messages[i];
    if (!message.is_object()) {
      throw UserError(
          fmt::format("messages[{}] must be an object, found {}", i, message.type_name()));
    }
    if (!message.contains("role") || !message["role"].is_string()) {
      throw UserError(fmt::format("messages[{}] needs a \"role\" (system, user, assistant …)", i));
    }
    if (!message.contains("content") && !message.contains("tool_calls")) {
      throw UserError(fmt::format("messages[{}] needs \"content\" or \"tool_calls\"", i));
    }
  }
}

// Transformers drops keys without a value, since templates handle a missing key better than None.
void drop_nulls(Json* messages) {
  for (Json& message : *messages) {
    for (auto entry = message.begin(); entry != message.end();) {
      entry = entry->is_null() ? message.erase(entry) : std::next(entry);
    }
  }
}

// The variables that Transformers gives a template.
Json context_of(const ModelText& model, const Json& record) {
  Json context = Json::object();
  for (const auto& [name, token] : model.special_tokens) context[name] = token;
  context["messages"] = record["messages"];
  drop_nulls(&context["messages"]);
  for (const char* key : {"tools", "documents"}) {
    context[key] = record.contains(key) ? record[key] : Json();
  }
  return context;
}

EncodedSample encode_messages(const ModelText& model, recipe::TrainOn train_on,
                              const Json& record) {
  if (model.chat_template == nullptr) {
    throw UserError(
        "the record has \"messages\", but the model has no chat template; give one as "
        "model.chat_template (a Jinja file)");
  }
  check_messages(record["messages"]);
  const TrainableChat chat =
      render_trainable(*model.chat_template, context_of(model, record), train_on);
  // The template writes the special tokens itself.
  return with_mask(model.tokenizer->encode(chat.text, false), chat.trained, chat.from_blocks);
}

// Text with the post-processor's special tokens and the end token, which is always learned.
EncodedSample encode_text(const ModelText& model, const std::string& text, std::size_t trained_from,
                          bool train_all) {
  Encoding encoding = model.tokenizer->encode(text, true);
  const auto end = static_cast<std::uint32_t>(text.size());
  EncodedSample sample =
      with_mask(std::move(encoding), {{static_cast<std::uint32_t>(trained_from), end}});
  if (train_all) std::fill(sample.trained.begin(), sample.trained.end(), std::uint8_t{1});
  if (model.eos_token.empty()) return sample;
  const auto eos = model.tokenizer->id_of(model.eos_token);
  if (!eos) {
    throw UserError(
        fmt::format("the model's eos_token \"{}\" is not in its vocabulary", model.eos_token));
  }
  if (sample.ids.empty() || sample.ids.back() != *eos) {
    sample.ids.push_back(*eos);
    sample.trained.push_back(1);
  }
  sample.trained.back() = 1;
  return sample;
}

EncodedSample encode_record(const ModelText& model, recipe::TrainOn train_on,
                            std::string_view text) {
  const Json record = Json::parse(text);
  if (!record.is_object()) {
    throw UserError(fmt::format("a record must be an object, found {}", record.type_name()));
  }
  if (record.contains("messages")) return encode_messages(model, train_on, record);
  if (record.contains("prompt") && record.contains("completion")) {
    const std::string& prompt = text_field(record, "prompt");
    return encode_text(model, prompt + text_field(record, "completion"), prompt.size(),
                       train_on == recipe::TrainOn::kAll);
  }
  if (record.contains("text")) return encode_text(model, text_field(record, "text"), 0, true);
  std::string keys;
  for (const auto& [key, value] : record.items()) keys += fmt::format(" \"{}\"", key);
  throw UserError(
      fmt::format("a record needs \"messages\", \"prompt\" and \"completion\", or "
                  "\"text\"; it has{}",
                  keys.empty() ? " no keys" : keys));
}

}  // namespace

std::int64_t EncodedSample::num_trained() const {
  return std::count_if(trained.begin(), trained.end(), [](std::uint8_t flag) { return flag != 0; });
}

SampleEncoder::SampleEncoder(const ModelText& model, recipe::TrainOn train_on)
    : model_(model), train_on_(train_on) {}

EncodedSample SampleEncoder::encode(std::string_view record, std::string_view origin) const {
  try {
    if (const auto position = find_invalid_utf8(record)) {
      throw UserError(fmt::format("invalid UTF-8 at byte {}", *position));
    }
    EncodedSample sample = encode_record(model_, train_on_, record);
    if (!sample.trained.empty()) sample.trained[0] = 0;
    return sample;
  } catch (const UserError& error) {
    throw UserError(fmt::format("{}: {}", origin, error.what()));
  } catch (const Json::exception& error) {
    throw UserError(fmt::format("{}: not valid JSON: {}", origin, error.what()));
  }
}

std::string SampleEncoder::mark_trained(const EncodedSample& sample) const {
  std::string bytes;
  bool inside = false;
  for (std::size_t i = 0; i < sample.ids.size(); ++i) {
    const bool trained = sample.trained[i] != 0;
    if (trained != inside) bytes += trained ? "⟦" : "⟧";
    inside = trained;
    bytes += model_.tokenizer->bytes_of(sample.ids[i]);
  }
  if (inside) bytes += "⟧";
  return replace_invalid_utf8(bytes);
}

}  // namespace temper::text
