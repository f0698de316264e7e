#include "core/run/checkpoint_manifest.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/storage/memory_store.h"
#include "tests/core/run/saved_checkpoint.h"

namespace temper::run {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

CheckpointManifest example() {
  storage::MemoryStore store;
  return write_shares(store, 50, "a1b2c3");
}

void expect_refused(const std::string& text, const std::string& field) {
  try {
    parse_manifest(text, "MANIFEST.json");
    ADD_FAILURE() << "no error for " << text.substr(0, 200);
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("MANIFEST.json"));
    EXPECT_THAT(error.what(), HasSubstr(field));
  }
}

TEST(CheckpointManifestTest, GoesThereAndBack) {
  CheckpointManifest manifest = example();
  EXPECT_EQ(parse_manifest(to_json(manifest), "x"), manifest);
  manifest.position = 18'446'744'073'709'551'615ULL;
  manifest.objects.clear();
  manifest.device = "NVIDIA L4 (8.9)";
  EXPECT_EQ(parse_manifest(to_json(manifest), "x"), manifest);
}

TEST(CheckpointManifestTest, IsTheDocumentedText) {
  CheckpointManifest manifest = example();
  manifest.objects.resize(1);
  EXPECT_EQ(to_json(manifest), R"({
  "version": 1,
  "attempt": "a1b2c3",
  "step": 50,
  "position": 400,
  "num_ranks": 2,
  "recipe_fingerprint": "recipe",
  "data_fingerprint": "data",
  "model_fingerprint": "model",
  "objects": [
    {
      "name": "state-00001-of-00002.safetensors",
      "size_bytes": 30,
      "crc32c": )" + std::to_string(manifest.objects[0].crc32c) +
                                   R"(,
      "sha256": ")" + manifest.objects[0].sha256 +
                                   R"("
    }
  ]
}
)");
}

TEST(CheckpointManifestTest, EveryTruncationIsRefused) {
  const std::string whole = to_json(example());
  // Without the last newline it is still whole.
  EXPECT_EQ(parse_manifest(whole.substr(0, whole.size() - 1), "x"), example());
  for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
    expect_refused(whole.substr(0, length), "cut short");
  }
}

TEST(CheckpointManifestTest, EveryMissingFieldIsNamed) {
  const json whole = json::parse(to_json(example()));
  for (const auto& [name, value] : whole.items()) {
    json without = whole;
    without.erase(name);
    expect_refused(without.dump(), name + ": is missing");
    json wrong = whole;
    wrong[name] = json::array({json::array()});
    expect_refused(wrong.dump(), name + ": ");
  }
  for (const auto& [name, value] : whole.at("objects").at(1).items()) {
    json without = whole;
    without["objects"][1].erase(name);
    expect_refused(without.dump(), fmt::format("objects[1]: {}: is missing", name));
  }
}

TEST(CheckpointManifestTest, HostileValuesAreRefused) {
  const json whole = json::parse(to_json(example()));
  const auto with = [&](const char* pointer, const json& value) {
    json changed = whole;
    changed[json::json_pointer(pointer)] = value;
    return changed.dump();
  };
  expect_refused(with("/version", 2), "newer Temper");
  expect_refused(with("/version", 0), "version");
  expect_refused(with("/step", -1), "step");
  expect_refused(with("/step", 18'446'744'073'709'551'615ULL), "step");
  expect_refused(with("/step", 1.5), "step");
  expect_refused(with("/position", -1), "position");
  expect_refused(with("/num_ranks", 0), "num_ranks");
  expect_refused(with("/num_ranks", 4'000'000'000LL), "num_ranks");
  expect_refused(with("/attempt", std::string(10'000, 'a')), "attempt");
  expect_refused(with("/objects/0/size_bytes", -1), "size_bytes");
  expect_refused(with("/objects/0/size_bytes", 1e30), "size_bytes");
  expect_refused(with("/objects/0/crc32c", 4'294'967'296ULL), "crc32c");
  expect_refused(with("/objects/0/sha256", "abc"), "sha256");
  expect_refused(with("/objects/0/sha256", std::string(64, 'G')), "sha256");
  for (const std::string name : {"", ".", "..", "a/b", "../other", "/etc/passwd"}) {
    expect_refused(with("/objects/0/name", name), "name");
  }
  expect_refused(with("/objects/0/name", whole["objects"][1]["name"]), "named twice");
}

TEST(CheckpointManifestTest, HostileSizesAreRefused) {
  expect_refused(std::string(20U << 20U, ' '), "bytes are more than");
  expect_refused(std::string(1U << 20U, '['), "cut short");
  CheckpointManifest manifest = example();
  manifest.objects.resize(40'000, manifest.objects[0]);
  expect_refused(to_json(manifest), "too many");
}

TEST(CheckpointManifestTest, OtherJsonIsRefused) {
  for (const char* text : {"null", "[]", "1", "\"text\""}) {
    expect_refused(text, "should be a JSON object");
  }
  expect_refused("{\"version\": 1, \"attempt\": \"\xFF\"}", "JSON");
}

TEST(CheckpointManifestTest, UnknownFieldsAreLeftAlone) {
  json whole = json::parse(to_json(example()));
  whole["later_addition"] = {1, 2};
  EXPECT_EQ(parse_manifest(whole.dump(), "x"), example());
}

}  // namespace
}  // namespace temper::run
