#include "launcher/backends/secret_file.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "core/base/error.h"
#include "tests/support/temporary_directory.h"

namespace temper::launch {
namespace {

namespace fs = std::filesystem;

class SecretFileTest : public ::testing::Test {
 protected:
  fs::path make(const std::string& content, fs::perms permissions = fs::perms::owner_read) {
    const fs::path file = folder_ / "secret";
    std::ofstream(file, std::ios::binary) << content;
    fs::permissions(file, permissions);
    return file;
  }

  std::string refusal(const fs::path& file) {
    try {
      read_secret("HF_TOKEN", file);
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  }

  testing::TemporaryDirectory folder_;
};

TEST_F(SecretFileTest, ReadsWithoutTheLineEnd) {
  EXPECT_EQ(read_secret("HF_TOKEN", make("hf_abc\r\n")), "hf_abc");
}

TEST_F(SecretFileTest, RefusesAFileThatOthersMayRead) {
  const std::string why = refusal(make("hf_abc", fs::perms::owner_read | fs::perms::group_read));
  EXPECT_THAT(why, ::testing::HasSubstr("secrets.HF_TOKEN: "));
  EXPECT_THAT(why, ::testing::HasSubstr("chmod 600"));
  EXPECT_THAT(why, ::testing::Not(::testing::HasSubstr("hf_abc")));
}

TEST_F(SecretFileTest, RefusesWhatHoldsNoSecret) {
  EXPECT_THAT(refusal(make("\n")), ::testing::HasSubstr("holds no secret"));
  fs::remove(folder_ / "secret");
  EXPECT_THAT(refusal(make(std::string(70'000, 'x'))), ::testing::HasSubstr("holds no secret"));
  fs::remove(folder_ / "secret");
  EXPECT_THAT(refusal(make(std::string("a\0b", 3))), ::testing::HasSubstr("holds no secret"));
}

TEST_F(SecretFileTest, RefusesWhatIsNoFile) {
  EXPECT_THAT(refusal(folder_.path()), ::testing::HasSubstr("no regular file"));
  EXPECT_THAT(refusal(folder_ / "absent"), ::testing::HasSubstr("can't be read"));
}

}  // namespace
}  // namespace temper::launch
