// Reading adapter_config.json: the fields of peft/tuners/lora/config.py that change which function
// the adapter is. Those that Temper does not know must have their default.

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/base/error.h"
#include "core/model/adapter_format.h"

namespace temper::model {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxConfigBytes = 16 << 20;

// What makes an adapter another function than LoRA's. Each is false, null, "none" or empty in the
// adapters that can be read.
constexpr std::array kUnsupported = {"use_dora",
                                     "bias",
                                     "lora_bias",
                                     "fan_in_fan_out",
                                     "exclude_modules",
                                     "layers_pattern",
                                     "layers_to_transform",
                                     "layer_replication",
                                     "target_parameters",
                                     "trainable_token_indices",
                                     "use_qalora",
                                     "alora_invocation_tokens",
                                     "arrow_config"};

bool is_off(const json& value) {
  return value.is_null() || value == false || value == "none" ||
         (value.is_structured() && value.empty());
}

class ConfigReader {
 public:
  ConfigReader(const json& object, const std::string& origin) : object_(object), origin_(origin) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw UserError(fmt::format("{}: {}", origin_, what));
  }

  template <class T>
  T required(const char* key) const {
    if (!object_.contains(key) || object_.at(key).is_null()) {
      fail(fmt::format("{} is missing; PEFT would take its own default", key));
    }
    return as<T>(key);
  }

  /// T{} if the key is absent or null.
  template <class T>
  T optional(const char* key) const {
    return object_.contains(key) && !object_.at(key).is_null() ? as<T>(key) : T{};
  }

  recipe::Targets targets() const {
    const auto found = object_.find("target_modules");
    if (found != object_.end() && found->is_string()) {
      return found->get<std::string>();
    }
    return required<std::vector<std::string>>("target_modules");
  }

  void check_method() const {
    if (optional<std::string>("peft_type") != "LORA") {
      fail("peft_type is not LORA; other methods are not supported");
    }
    for (const char* key : kUnsupported) {
      if (object_.contains(key) && !is_off(object_.at(key))) {
        fail(fmt::format("{} is {}, which is not supported", key, object_.at(key).dump()));
      }
    }
  }

 private:
  template <class T>
  T as(const char* key) const {
    try {
      return object_.at(key).get<T>();
    } catch (const json::exception&) {
      fail(fmt::format("{} is {}, which is of another type", key, object_.at(key).dump()));
    }
  }

  const json& object_;
  const std::string& origin_;
};

void check_bounds(const recipe::Adapter& settings, const ConfigReader& reader) {
  constexpr std::int64_t kMostRank = 1 << 20;
  const auto check_rank = [&](const std::string& where, std::int64_t rank) {
    if (rank < 1 || rank > kMostRank) {
      reader.fail(fmt::format("{} is {}; a rank is from 1 to {}", where, rank, kMostRank));
    }
  };
  check_rank("r", settings.rank);
  for (const auto& [pattern, rank] : settings.rank_pattern) {
    check_rank("rank_pattern: " + pattern, rank);
  }
}

}  // namespace

AdapterConfig read_adapter_config(std::string_view text, const std::string& origin) {
  const json object =
      text.size() > kMaxConfigBytes ? json() : json::parse(text, nullptr, /*exceptions=*/false);
  const ConfigReader reader(object, origin);
  if (!object.is_object()) {
    reader.fail("is no JSON object");
  }
  reader.check_method();
  AdapterConfig config;
  recipe::Adapter& settings = config.settings;
  settings.rank = reader.required<std::int64_t>("r");
  settings.alpha = reader.required<double>("lora_alpha");
  settings.dropout = reader.optional<double>("lora_dropout");
  settings.rslora = reader.optional<bool>("use_rslora");
  settings.targets = reader.targets();
  settings.rank_pattern = reader.optional<std::map<std::string, std::int64_t>>("rank_pattern");
  settings.alpha_pattern = reader.optional<std::map<std::string, double>>("alpha_pattern");
  settings.modules_to_save = reader.optional<std::vector<std::string>>("modules_to_save");
  config.base_name = reader.optional<std::string>("base_model_name_or_path");
  check_bounds(settings, reader);
  return config;
}

}  // namespace temper::model
