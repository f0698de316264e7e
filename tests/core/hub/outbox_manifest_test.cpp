#include "core/hub/outbox_manifest.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace temper::hub {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

OutboxManifest example() {
  OutboxManifest manifest;
  manifest.id = "a1b2c3d4";
  manifest.created = "2026-11-24T12:00:00.000Z";
  manifest.content = "step 50";
  manifest.target = {"org/name", "dev", false, true};
  manifest.summary = "Upload adapter";
  manifest.description = "line 1\nline 2";
  manifest.files = {{"README.md", 3, std::string(64, 'a'), std::string(40, 'b')},
                    {"sub/adapter_model.safetensors", 1ULL << 33U, std::string(64, '0'), ""}};
  return manifest;
}

std::string message_of(const std::string& text) {
  try {
    parse_outbox_manifest(text, "entry.json");
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(OutboxManifestTest, ReadsBackWhatItWrote) {
  EXPECT_EQ(parse_outbox_manifest(to_json(example()), "x"), example());
  const PushStart start{std::string(40, 'c')};
  EXPECT_EQ(parse_push_start(to_json(start), "x"), start);
  const PushDone done{std::string(40, 'd'), "https://hub/commit", "", "2026-11-24T12:00:00.000Z"};
  EXPECT_EQ(parse_push_done(to_json(done), "x"), done);
}

TEST(OutboxManifestTest, RefusesEveryTruncation) {
  const std::string whole = to_json(example());
  for (std::size_t size = 0; size + 2 < whole.size(); ++size) {
    EXPECT_THAT(message_of(whole.substr(0, size)), HasSubstr("entry.json: ")) << size;
  }
}

TEST(OutboxManifestTest, NamesTheFieldThatIsWrong) {
  const auto changed = [](const json::json_pointer& place, const json& value) {
    json manifest = json::parse(to_json(example()));
    manifest[place] = value;
    return message_of(manifest.dump());
  };
  using Pointer = json::json_pointer;
  EXPECT_THAT(changed(Pointer("/version"), 2), HasSubstr("version: is 2"));
  EXPECT_THAT(changed(Pointer("/id"), "../x"), HasSubstr("id: "));
  EXPECT_THAT(changed(Pointer("/files"), json::array()), HasSubstr("files: is empty"));
  EXPECT_THAT(changed(Pointer("/files/0/path"), "../secret"), HasSubstr("files[0]: path: "));
  EXPECT_THAT(changed(Pointer("/files/0/path"), "sub/adapter_model.safetensors"),
              HasSubstr("named twice"));
  EXPECT_THAT(changed(Pointer("/files/0/size_bytes"), -1), HasSubstr("files[0]: size_bytes: "));
  EXPECT_THAT(changed(Pointer("/files/1/sha256"), "abc"), HasSubstr("files[1]: sha256: "));
  EXPECT_THAT(changed(Pointer("/files/0/git_hash"), "ABC"), HasSubstr("files[0]: git_hash: "));
  EXPECT_THAT(changed(Pointer("/target/private"), "yes"), HasSubstr("target: private: "));
  EXPECT_THAT(changed(Pointer("/target"), 3), HasSubstr("target: should be an object"));
}

TEST(OutboxManifestTest, KnowsWhichPathsCanBeInARepository) {
  for (const char* good : {"a", "a/b.c", "..a", "a..", ".gitattributes", "ä/ö"}) {
    EXPECT_EQ(problem_of_path(good), "") << good;
  }
  for (const char* bad :
       {"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", ".git/x", "a\\b", "a\nb"}) {
    EXPECT_NE(problem_of_path(bad), "") << bad;
  }
  EXPECT_EQ(problem_of_path(std::string(255, 'a')), "");
  EXPECT_NE(problem_of_path(std::string(256, 'a')), "");
}

}  // namespace
}  // namespace temper::hub
