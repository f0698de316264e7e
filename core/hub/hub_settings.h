#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/environment.h"

namespace temper::hub {

/// What proves to the Hub who asks. Only authorization() tells the secret; nothing formats a Token.
class Token {
 public:
  Token() = default;
  /// `source` is where it came from, for messages. UserError, without the value, if it has
  /// characters that no header may carry.
  Token(std::string value, std::string source);

  bool empty() const { return value_.empty(); }
  /// "HF_TOKEN", or the path of the file.
  const std::string& source() const { return source_; }
  /// The value of the header Authorization.
  std::string authorization() const { return "Bearer " + value_; }

 private:
  std::string value_;
  std::string source_;
};

/// How the Hub is reached and where what comes from it is kept: the same variables, defaults and
/// files as Python's huggingface_hub.
struct HubSettings {
  std::string endpoint = "https://huggingface.co";  ///< HF_ENDPOINT; no '/' at the end
  Token token = {};  ///< HF_TOKEN, else the file HF_TOKEN_PATH, else $HF_HOME/token; may be empty
  std::filesystem::path cache = {};  ///< HF_HUB_CACHE, else $HF_HOME/hub
  bool offline = false;              ///< HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is true
};

/// HF_HOME is by default $XDG_CACHE_HOME/huggingface, else ~/.cache/huggingface; an empty token or
/// token file is none. UserError for an endpoint that is no http or https URL, and for a machine
/// without any of HF_HOME, XDG_CACHE_HOME and HOME.
HubSettings hub_settings_from(const Environment& environment);

/// What a message says about who asked: "without a token", "with the token of HF_TOKEN".
std::string asker(const HubSettings& settings);

}  // namespace temper::hub
