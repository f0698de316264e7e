#pragma once

#include "core/recipe/recipe.h"

namespace temper::exporting {

/// The recipe as strangers may see it: local paths lose their folders ("/home/me/data/chat.jsonl"
/// becomes "chat.jsonl", "/data/chats/*.jsonl" becomes "chats/*.jsonl"). URLs and Hub ids stay:
/// they say what the model was made from.
recipe::Recipe shareable_recipe(recipe::Recipe recipe);

}  // namespace temper::exporting
