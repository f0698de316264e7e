// Each way in which the Hub may refuse a push, and whether the message says which it was.

#include "core/hub/push_refusal.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/core/hub/push_scene.h"

namespace temper::hub::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Kind = HubError::Kind;

/// The error's message; "" without one.
std::string refusal_of(PushScene& scene, const PushTarget& target,
                       std::optional<Kind> kind = std::nullopt) {
  OutboxEntry entry = scene.put(target);
  try {
    scene.push(entry);
  } catch (const HubError& error) {
    if (kind) {
      EXPECT_EQ(error.kind(), *kind) << error.what();
    }
    EXPECT_EQ(error.exit_code(), ExitCode::kUser);
    EXPECT_THAT(error.what(), Not(HasSubstr("hf_")));
    EXPECT_TRUE(scene.outbox.list().at(0).waits());
    return error.what();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(PushRefusalTest, WithoutAToken) {
  PushScene scene("");
  EXPECT_THAT(refusal_of(scene, {"org/adapter", "main", true, false}, Kind::kNoToken),
              AllOf(HasSubstr("there is no token"), HasSubstr("HF_TOKEN")));
}

TEST(PushRefusalTest, WithATokenThatOnlyReads) {
  PushScene scene("hf_read");
  EXPECT_THAT(refusal_of(scene, {"org/adapter", "main", true, false}, Kind::kForbidden),
              HasSubstr("may only read"));
  scene.make_repository({{"name", "org/there"}});
  EXPECT_THAT(refusal_of(scene, {"org/there", "main", true, false}, Kind::kForbidden),
              HasSubstr("may only read"));
}

TEST(PushRefusalTest, WithATokenThatIsWrong) {
  PushScene scene("hf_wrong");
  EXPECT_THAT(refusal_of(scene, {"org/adapter", "main", true, false}, Kind::kTokenRefused),
              HasSubstr("wrong, expired or revoked"));
}

TEST(PushRefusalTest, ForAnOwnerThatOneIsNotAMemberOf) {
  PushScene scene("hf_other");
  EXPECT_THAT(refusal_of(scene, {"org/adapter", "main", true, false}, Kind::kForbidden),
              AllOf(HasSubstr("belongs to bob"), HasSubstr("nor a member")));
  // There, but hidden from others: the same words.
  scene.make_repository({{"name", "org/secret"}, {"private", true}});
  EXPECT_THAT(refusal_of(scene, {"org/secret", "main", true, false}, Kind::kForbidden),
              HasSubstr("belongs to bob"));
}

TEST(PushRefusalTest, AGatedRepositoryOfOthers) {
  PushScene scene("hf_other");
  scene.make_repository({{"name", "org/gated"}, {"gated", true}});
  scene.faults(json::array(
      {{{"path", "/preupload/"}, {"status", 403}, {"headers", {{"X-Error-Code", "GatedRepo"}}}}}));
  EXPECT_THAT(refusal_of(scene, {"org/gated", "main", true, false}, Kind::kForbidden),
              HasSubstr("belongs to bob"));
}

TEST(PushRefusalTest, ANameThatNoRepositoryCanHave) {
  PushScene scene;
  EXPECT_THAT(refusal_of(scene, {"org/a--b", "main", true, false}), HasSubstr("org/a--b"));
  EXPECT_THAT(refusal_of(scene, {"a/b/c", "main", true, false}), HasSubstr("a/b/c"));
  EXPECT_THAT(scene.requests(), IsEmpty());
}

TEST(PushRefusalTest, AFileThatIsTooLarge) {
  PushScene scene;
  scene.emulator().post("push", R"({"max_file_bytes": 60000})");
  EXPECT_THAT(refusal_of(scene, {"org/adapter", "main", true, false}, Kind::kTooLarge),
              AllOf(HasSubstr("70000 bytes"), HasSubstr("exceeds the limit")));
}

TEST(PushRefusalTest, ACommitThatIsTooLarge) {
  PushScene scene;
  scene.faults(json::array({{{"path", "/commit/"}, {"method", "POST"}, {"status", 413}}}));
  EXPECT_THAT(refusal_of(scene, {"org/adapter", "main", true, false}, Kind::kTooLarge),
              HasSubstr("too large"));
}

TEST(PushRefusalTest, ARepositoryThatIgnoresTheFile) {
  PushScene scene;
  scene.make_repository({{"name", "org/adapter"}, {"files", {{".gitignore", "*.safetensors"}}}});
  EXPECT_THAT(refusal_of(scene, {"org/adapter", "main", true, false}),
              AllOf(HasSubstr(".gitignore"), HasSubstr("adapter_model.safetensors")));
}

TEST(PushRefusalTest, AQuotaThatIsUsedUp) {
  PushScene scene;
  scene.faults(
      json::array({{{"path", "objects/batch"},
                    {"status", 403},
                    {"body", R"({"error": "Private repository storage limit reached"})"}}}));
  EXPECT_THAT(refusal_of(scene, {"org/adapter", "main", true, false}, Kind::kForbidden),
              HasSubstr("Private repository storage limit reached"));
}

}  // namespace
}  // namespace temper::hub::testing
