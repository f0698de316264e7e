#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/launcher/cli/program.h"

namespace temper::launch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A cluster file of this machine that asks for two GPUs.
std::string gpu_cluster(const Program& program) {
  const std::string file = program.file("gpus.yaml").string();
  std::ofstream(file) << "kind: local\nresources: {gpus: 2}\n";
  return file;
}

TEST(GpusProgramTest, GpusThatAreNotThereAreRefusedBeforeAnythingIsWritten) {
  Program program;
  const std::string recipe = program.file("recipe.yaml").string();
  for (const std::string verb : {"plan", "run", "submit"}) {
    const ProgramResult result = program.temper({verb, recipe, "--on", gpu_cluster(program)});
    EXPECT_EQ(result.code, 2) << verb;
    EXPECT_THAT(result.output,
                AllOf(HasSubstr("resources.gpus: is 2, but"), HasSubstr("no CUDA device")))
        << verb;
  }
  EXPECT_FALSE(std::filesystem::exists(program.runs()));
}

TEST(GpusProgramTest, GpusThatAreThereArePlannedWith) {
  Program program;
  program.set_environment("FAKE_TRAINER_GPUS", "2");
  const ProgramResult result =
      program.temper({"plan", program.file("recipe.yaml").string(), "--on", gpu_cluster(program)});
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr("2 ranks"), HasSubstr("slots fit at once, about")));
}

TEST(GpusProgramTest, Bf16AndTf32NeedGpus) {
  Program program;
  program.set_environment("FAKE_TRAINER_GPUS", "2");
  for (const std::string type : {"bf16", "tf32"}) {
    const std::vector<std::string> plan = {"plan", program.file("recipe.yaml").string(), "--set",
                                           "model.dtype=" + type};
    const ProgramResult refused = program.temper(plan);
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.output,
                HasSubstr("model.dtype: is " + type + ", for which there are no kernels"));
    std::vector<std::string> on_gpus = plan;
    on_gpus.insert(on_gpus.end(), {"--on", gpu_cluster(program)});
    EXPECT_EQ(program.temper(on_gpus).code, 0);
  }
}

TEST(GpusProgramTest, APlanEstimatesWhatGpusWouldDo) {
  Program program;
  const ProgramResult result =
      program.temper({"plan", program.file("recipe.yaml").string(), "--gpus"});
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("L4: "), HasSubstr("B200: "), HasSubstr("slots fit at once, about"),
                    HasSubstr("of activations a slot; ")));
}

}  // namespace
}  // namespace temper::launch
