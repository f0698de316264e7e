#include "core/text/streaming_decoder.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace temper::text {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";

}  // namespace

std::string StreamingDecoder::decode() const {
  return tokenizer_.decode(ids_, skip_special_tokens_);
}

std::string StreamingDecoder::push(std::int32_t id) {
  ids_.push_back(id);
  const std::string text = decode();
  if (text.size() <= shown_.size() || text.ends_with(kReplacement)) return "";
  if (!text.starts_with(shown_)) {
    throw UserError(
        fmt::format("token {} changes text that was decoded before it: \"{}\" became "
                    "\"{}\"; this decoder can't stream",
                    id, shown_, text));
  }
  std::string added = text.substr(shown_.size());
  ids_.erase(ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(num_shown_));
  num_shown_ = ids_.size();
  shown_ = decode();
  return added;
}

std::string StreamingDecoder::finish() {
  const std::string text = decode();
  std::string added = text.size() > shown_.size() ? text.substr(shown_.size()) : "";
  ids_.clear();
  num_shown_ = 0;
  shown_.clear();
  return added;
}

}  // namespace temper::text
