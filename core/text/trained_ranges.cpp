#include "core/text/trained_ranges.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.h"

namespace temper::text {
namespace {

using Json = nlohmann::ordered_json;

bool is_assistant(const Json& message) {
  return message["role"] == "assistant";
}

// Takes "train" and "weight" out of the message; false if they take it out of training.
bool take_trained_flag(Json* message, std::size_t index) {
  bool trained = true;
  bool asked = false;
  if (const auto train = message->find("train"); train != message->end()) {
    if (!train->is_boolean()) {
      throw UserError(
          fmt::format("messages[{}].train must be true or false, found {}", index, train->dump()));
    }
    trained = train->get<bool>();
    asked = trained;
  }
  if (const auto weight = message->find("weight"); weight != message->end()) {
    if (!weight->is_number() || (*weight != 0 && *weight != 1)) {
      throw UserError(
          fmt::format("messages[{}].weight must be 0 or 1, found {}", index, weight->dump()));
    }
    trained = trained && *weight != 0;
    asked = asked || *weight != 0;
  }
  if (asked && !is_assistant(*message)) {
    throw UserError(fmt::format("messages[{}]: only assistant messages can be trained, this is {}",
                                index, (*message)["role"].dump()));
  }
  message->erase("train");
  message->erase("weight");
  return trained;
}

class TrainableRenderer {
 public:
  TrainableRenderer(const ChatTemplate& chat_template, Json context)
      : template_(chat_template), context_(std::move(context)) {}

  TrainableChat render(recipe::TrainOn train_on) {
    Json& messages = context_["messages"];
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const bool trained = take_trained_flag(&messages[i], i);
      if (!is_assistant(messages[i])) continue;
      turns_.push_back(i);
      wanted_.push_back(trained);
    }
    if (train_on == recipe::TrainOn::kLast) {
      for (std::size_t turn = 0; turn + 1 < wanted_.size(); ++turn) wanted_[turn] = false;
    }
    messages_ = messages;
    context_["add_generation_prompt"] = false;
    const RenderedChat whole = template_.render_marked(context_);
    TrainableChat chat;
    chat.text = whole.text;
    if (train_on == recipe::TrainOn::kAll) {
      chat.trained = everything_but_unwanted(whole.text);
    } else if (template_.marks_generation()) {
      chat.trained = wanted_blocks(whole.generated);
      chat.from_blocks = true;
    } else {
      for (std::size_t turn = 0; turn < turns_.size(); ++turn) {
        if (wanted_[turn]) chat.trained.push_back(turn_range(turns_[turn], whole.text));
      }
    }
    return chat;
  }

 private:
  std::vector<ByteRange> everything_but_unwanted(const std::string& whole) {
    std::vector<ByteRange> ranges;
    std::uint32_t begin = 0;
    for (std::size_t turn = 0; turn < turns_.size(); ++turn) {
      if (wanted_[turn]) continue;
      const ByteRange left_out = turn_range(turns_[turn], whole);
      ranges.push_back({begin, left_out.begin});
      begin = left_out.end;
    }
    ranges.push_back({begin, static_cast<std::uint32_t>(whole.size())});
    return ranges;
  }

  std::vector<ByteRange> wanted_blocks(const std::vector<ByteRange>& blocks) const {
    std::vector<ByteRange> ranges;
    bool all = true;
    for (const bool wanted : wanted_) all = all && wanted;
    if (all) return blocks;
    if (blocks.size() != turns_.size()) {
      throw UserError(fmt::format(
          "the template has {} generation blocks for {} assistant messages, so it is unclear which "
          "block belongs to a message that is not to be trained; use train_on: assistant without "
          "\"train\" and \"weight\", or a template with one block a message",
          blocks.size(), turns_.size()));
    }
    for (std::size_t turn = 0; turn < blocks.size(); ++turn) {
      if (wanted_[turn]) ranges.push_back(blocks[turn]);
    }
    return ranges;
  }

  std::string render_first(std::size_t count, bool add_generation_prompt) {
    context_["messages"] =
        Json(messages_.begin(), messages_.begin() + static_cast<std::ptrdiff_t>(count));
    if (count == 0) context_["messages"] = Json::array();
    context_["add_generation_prompt"] = add_generation_prompt;
    return template_.render(context_);
  }

  ByteRange turn_range(std::size_t index, const std::string& whole) {
    const auto ambiguous = [&](const std::string& why) -> UserError {
      return UserError(fmt::format(
          "can't tell which text is the assistant's in messages[{}]: {}. Give a template with "
          "{{% generation %}} blocks as model.chat_template, or use train_on: {}",
          index, why, index + 1 == messages_.size() ? "all" : "last or all"));
    };
    std::string prompt;
    try {
      prompt = render_first(index, true);
    } catch (const UserError& error) {
      throw ambiguous(
          fmt::format("the messages before it do not render on their own ({})", error.what()));
    }
    const std::string turn = index + 1 == messages_.size() ? whole : render_first(index + 1, false);
    if (!turn.starts_with(prompt)) {
      throw ambiguous(
          "the messages before it with the generation prompt are not the beginning of "
          "the chat that includes it");
    }
    if (!whole.starts_with(turn)) {
      throw ambiguous("the template renders it otherwise once messages follow");
    }
    return {static_cast<std::uint32_t>(prompt.size()), static_cast<std::uint32_t>(turn.size())};
  }

  const ChatTemplate& template_;
  Json context_;
  Json messages_;
  std::vector<std::size_t> turns_;  // indices of the assistant messages
  std::vector<bool> wanted_;        // one a turn
};

}  // namespace

TrainableChat render_trainable(const ChatTemplate& chat_template, Json context,
                               recipe::TrainOn train_on) {
  return TrainableRenderer(chat_template, std::move(context)).render(train_on);
}

}  // namespace temper::text
