#include <gmock/gmock.h>

#include <filesystem>

#include "tests/launcher/cli/program.h"

/// What is rendered for a scheduler, and what is kept of a run, never holds a secret's value.
namespace temper::launch {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::read_file;
using testing::write_file;

constexpr const char* kSecret = "hf_very_secret";

class SecretsProgramTest : public ::testing::Test {
 protected:
  SecretsProgramTest() {
    program_.set_environment("HF_TOKEN", kSecret);
    program_.set_environment("GOOGLE_APPLICATION_CREDENTIALS", "/no/such/file");  // asks nobody
    const fs::path file = program_.file("token");
    write_file(file, std::string(kSecret) + "\n");
    fs::permissions(file, fs::perms::owner_read);
  }

  std::string plan(const std::string& cluster) {
    write_file(program_.file("on.yaml"), cluster);
    const ProgramResult result =
        program_.temper({"plan", program_.file("recipe.yaml"), "--on", program_.file("on.yaml")});
    EXPECT_EQ(result.code, 0) << result.output;
    return result.output;
  }

  Program program_;
};

TEST_F(SecretsProgramTest, NoPlanShowsOne) {
  const std::string path = program_.file("token").string();
  EXPECT_THAT(plan("kind: slurm\nresources: {cpus: 2}\nsecrets: {HF_TOKEN: " + path + "}\n"),
              AllOf(HasSubstr("#SBATCH"), Not(HasSubstr(kSecret))));
  EXPECT_THAT(plan("kind: kubernetes\nresources: {cpus: 2}\nsecrets: {HF_TOKEN: hub/token}\n"
                   "kubernetes: {image: temper}\n"),
              AllOf(HasSubstr("secretKeyRef"), Not(HasSubstr(kSecret))));
  EXPECT_THAT(plan("kind: vertex\nresources: {cpus: 2}\n"
                   "secrets: {HF_TOKEN: projects/p/secrets/hub/versions/1}\n"
                   "vertex: {project: p, region: r, machine_type: m, image: temper}\n"),
              AllOf(HasSubstr("workerPoolSpecs"), Not(HasSubstr(kSecret))));
}

TEST_F(SecretsProgramTest, NoFileOfARunHoldsOne) {
  write_file(program_.file("on.yaml"),
             "backoff_seconds: 0.01\nsecrets: {OTHER: " + program_.file("token").string() + "}\n");
  const ProgramResult result =
      program_.temper({"run", program_.file("recipe.yaml"), "--on", program_.file("on.yaml")});
  EXPECT_EQ(result.code, 0) << result.output;
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(program_.runs())) {
    if (entry.is_regular_file()) {
      ++files;
      EXPECT_THAT(read_file(entry.path()), Not(HasSubstr(kSecret))) << entry.path();
    }
  }
  EXPECT_GT(files, 4);
}

}  // namespace
}  // namespace temper::launch
