#include "trainer/checkpoint/fingerprints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"

namespace temper::checkpoint {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

run::CheckpointManifest manifest() {
  run::CheckpointManifest manifest;
  manifest.attempt = "a1b2c3d4";
  manifest.step = 50;
  manifest.recipe_fingerprint = "recipe-hash-one";
  manifest.data_fingerprint = "data-hash-one";
  manifest.model_fingerprint = "model-hash-one";
  return manifest;
}

std::string message_of(const Fingerprints& expected, const std::vector<std::string>& allowed) {
  try {
    check_fingerprints(manifest(), expected, allowed);
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

TEST(FingerprintsTest, EqualOnesPass) {
  EXPECT_TRUE(
      check_fingerprints(manifest(), {"recipe-hash-one", "data-hash-one", "model-hash-one"}, {})
          .empty());
}

TEST(FingerprintsTest, NamesEverythingThatChangedAndTheWayOut) {
  EXPECT_THAT(message_of({"other", "data-hash-one", "another"}, {}),
              AllOf(HasSubstr("step-00000050.a1b2c3d4"), HasSubstr("the recipe changed"),
                    HasSubstr("the model changed"), Not(HasSubstr("the data changed")),
                    HasSubstr("--allow-changed recipe --allow-changed model")));
}

TEST(FingerprintsTest, AllowedChangesPassAndAreReturned) {
  const std::vector<std::string> allowed = {"data", "recipe"};
  EXPECT_THAT(
      check_fingerprints(manifest(), {"recipe-hash-one", "other", "model-hash-one"}, allowed),
      ElementsAre("data"));
  EXPECT_THAT(message_of({"other", "other", "other"}, allowed),
              AllOf(HasSubstr("the model changed"), Not(HasSubstr("the recipe changed"))));
}

TEST(FingerprintsTest, AnotherKindOfDeviceIsNamed) {
  run::CheckpointManifest saved = manifest();
  Fingerprints now{"recipe-hash-one", "data-hash-one", "model-hash-one", "NVIDIA L4 (8.9)"};
  EXPECT_TRUE(check_fingerprints(saved, now, {}).empty()) << "an older one does not tell";
  saved.device = "cpu";
  const std::vector<std::string> allowed = {"device"};
  EXPECT_THAT(check_fingerprints(saved, now, allowed), ElementsAre("device"));
  try {
    check_fingerprints(saved, now, {});
    ADD_FAILURE() << "no error";
  } catch (const UserError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("the device changed (cpu when it was saved, NVIDIA L4 (8.9) now)"),
                      HasSubstr("--allow-changed device")));
  }
}

TEST(FingerprintsTest, UnknownWordIsRefused) {
  EXPECT_THAT(message_of({"recipe-hash-one", "data-hash-one", "model-hash-one"}, {"dta"}),
              AllOf(HasSubstr("--allow-changed dta"), HasSubstr("recipe, data, model, device")));
}

}  // namespace
}  // namespace temper::checkpoint
