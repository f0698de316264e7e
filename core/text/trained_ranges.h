#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/recipe/recipe.h"
#include "core/text/chat_template.h"

namespace temper::text {

/// A rendered chat and which bytes of it the model has to learn; ranges in order, apart from each
/// other.
struct TrainableChat {
  std::string text;
  std::vector<ByteRange> trained;
  bool from_blocks = false;  ///< the ranges are {% generation %} blocks
};

/// Renders context["messages"] and finds the trained ranges.
///
/// With {% generation %} blocks the template says itself what the assistant writes. Otherwise a
/// turn is what the template adds for it: from the end of messages[:i] with the generation prompt
/// to the end of messages[:i+1]. So the turn's end token is learned, and so is what the template
/// writes behind it (the line end of ChatML). Both texts must be a prefix of the whole chat;
/// UserError where they aren't, since any choice would be a guess.
///
/// "train": false or "weight": 0 on an assistant message takes it out. These two keys are ours and
/// do not reach the template. `context` is changed while rendering.
TrainableChat render_trainable(const ChatTemplate& chat_template, nlohmann::ordered_json context,
                               recipe::TrainOn train_on);

}  // namespace temper::text
