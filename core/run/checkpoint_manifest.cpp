#include "core/run/checkpoint_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "core/base/error.h"
#include "core/run/json_fields.h"

namespace temper::run {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMaxManifestBytes = 16U << 20U;
constexpr std::size_t kMaxObjects = 32'768;
constexpr std::int64_t kMaxRanks = 1'000'000;
constexpr std::size_t kMaxNameBytes = 255;

/// A file's name in the checkpoint's own folder, so that a manifest can't reach outside of it.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

bool is_sha256(const std::string& text) {
  const auto is_hexadecimal = [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
  };
  return text.size() == 64 && std::ranges::all_of(text, is_hexadecimal);
}

CheckpointObject parse_object(const nlohmann::json& json, const std::string& origin) {
  const JsonFields fields(json, origin);
  CheckpointObject object;
  object.name = fields.text("name", kMaxNameBytes);
  if (!is_plain_name(object.name)) {
    fields.fail("name", fmt::format("'{}' is not a plain file name", object.name));
  }
  object.size_bytes = fields.count("size_bytes");
  object.crc32c =
      static_cast<std::uint32_t>(fields.count("crc32c", std::numeric_limits<std::uint32_t>::max()));
  object.sha256 = fields.text("sha256", 64);
  if (!is_sha256(object.sha256)) {
    fields.fail("sha256", "should be 64 lower-case hexadecimal digits");
  }
  return object;
}

}  // namespace

std::string to_json(const CheckpointManifest& manifest) {
  nlohmann::ordered_json objects = nlohmann::ordered_json::array();
  for (const CheckpointObject& object : manifest.objects) {
    objects.push_back({{"name", object.name},
                       {"size_bytes", object.size_bytes},
                       {"crc32c", object.crc32c},
                       {"sha256", object.sha256}});
  }
  nlohmann::ordered_json json = {{"version", manifest.version},
                                 {"attempt", manifest.attempt},
                                 {"step", manifest.step},
                                 {"position", manifest.position},
                                 {"num_ranks", manifest.num_ranks},
                                 {"recipe_fingerprint", manifest.recipe_fingerprint},
                                 {"data_fingerprint", manifest.data_fingerprint},
                                 {"model_fingerprint", manifest.model_fingerprint}};
  if (!manifest.device.empty()) {
    json["device"] = manifest.device;
  }
  json["objects"] = std::move(objects);
  return dump_file(json);
}

CheckpointManifest parse_manifest(std::string_view json, const std::string& origin) {
  const nlohmann::json parsed = parse_json_object(json, kMaxManifestBytes, origin);
  const JsonFields fields(parsed, origin);
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  CheckpointManifest manifest;
  manifest.version = fields.integer("version", 1, kMax);
  if (manifest.version != kVersion) {
    fields.fail("version", fmt::format("{} is of a newer Temper, this one reads {}; use that one",
                                       manifest.version, kVersion));
  }
  manifest.attempt = fields.text("attempt", kMaxNameBytes);
  manifest.step = fields.integer("step", 0, kMax);
  manifest.position = fields.count("position");
  manifest.num_ranks = static_cast<int>(fields.integer("num_ranks", 1, kMaxRanks));
  manifest.recipe_fingerprint = fields.text("recipe_fingerprint");
  manifest.data_fingerprint = fields.text("data_fingerprint");
  manifest.model_fingerprint = fields.text("model_fingerprint");
  manifest.device = fields.has("device") ? fields.text("device") : "";
  std::set<std::string> names;
  for (const nlohmann::json& item : fields.objects("objects", kMaxObjects)) {
    manifest.objects.push_back(
        parse_object(item, fmt::format("{}: objects[{}]", origin, names.size())));
    if (!names.insert(manifest.objects.back().name).second) {
      fields.fail("objects", fmt::format("'{}' is named twice", manifest.objects.back().name));
    }
  }
  return manifest;
}

}  // namespace temper::run
