// The cache is one with Python's huggingface_hub: what one fetched the other finds.

#include <algorithm>

#include "core/base/process_runner.h"
#include "core/hub/local_model.h"
#include "tests/core/hub/pull_fixture.h"

namespace temper::hub {
namespace {

namespace fs = std::filesystem;
using temper::testing::read_file;

class PythonCacheTest : public PullFixture {
 protected:
  void SetUp() override {
    if (!temper::testing::has_reference_python()) {
      GTEST_SKIP() << "scripts/reference_environment.sh makes the Python that this compares with";
    }
    put("org/tiny", {{"config.json", "{}"},
                     {"tokenizer.json", "{}"},
                     {"model.safetensors", {{"bytes", 100'000}}}});
  }

  /// Python asks other things when it starts.
  std::size_t num_about_the_model() const {
    const std::vector<Json> all = requests();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const Json& request) {
      return request["path"].get<std::string>().find("org/tiny") != std::string::npos;
    }));
  }

  /// What a line of Python prints, with our cache and endpoint.
  std::string python(const std::string& expression) {
    Command command;
    command.argv = {"env",
                    "HF_HOME=" + folder_.path().string(),
                    "HF_HUB_CACHE=" + cache().string(),
                    "HF_ENDPOINT=" + emulated_hub().url(),
                    "HF_HUB_DISABLE_PROGRESS_BARS=1",
                    "HF_HUB_DISABLE_XET=1",
                    "HF_HUB_DISABLE_TELEMETRY=1",
                    temper::testing::emulator_python(),
                    "-c",
                    "from huggingface_hub import *\nprint(" + expression + ", end='')"};
    fs::remove(folder_ / "output");  // it is appended to
    command.output = folder_ / "output";
    const auto process = SystemProcessRunner().start(command);
    EXPECT_EQ(process->wait().code, 0) << read_file(folder_ / "output");
    return read_file(folder_ / "output");
  }
};

TEST_F(PythonCacheTest, PythonFindsWhatWeFetched) {
  const fs::path folder = fetch_model(hub(), parse_hub_url("hf://org/tiny"), ModelParts::kAll);
  const std::size_t before = num_about_the_model();
  EXPECT_EQ(python("snapshot_download('org/tiny', local_files_only=True)"), folder);
  EXPECT_EQ(python("hf_hub_download('org/tiny', 'config.json', local_files_only=True)"),
            folder / "config.json");
  EXPECT_EQ(python("len(scan_cache_dir().warnings)"), "0");
  EXPECT_EQ(num_about_the_model(), before);
}

TEST_F(PythonCacheTest, WeFindWhatPythonFetched) {
  const std::string folder = python("snapshot_download('org/tiny')");
  const std::size_t before = requests().size();
  const std::string commit = fs::path(folder).filename();
  EXPECT_EQ(fetch_model(hub(), parse_hub_url("hf://org/tiny@" + commit), ModelParts::kAll), folder);
  EXPECT_EQ(requests().size(), before);
  EXPECT_EQ(
      fetch_model(hub({{"HF_HUB_OFFLINE", "1"}}), parse_hub_url("hf://org/tiny"), ModelParts::kAll),
      folder);
}

TEST_F(PythonCacheTest, EachUsesTheOthersBlobs) {
  python("hf_hub_download('org/tiny', 'model.safetensors')");
  const std::size_t before = requests("cdn").size();
  const fs::path folder = fetch_model(hub(), parse_hub_url("hf://org/tiny"), ModelParts::kAll);
  EXPECT_EQ(requests("cdn").size(), before);
  EXPECT_EQ(python("snapshot_download('org/tiny')"), folder);
  EXPECT_EQ(requests("cdn").size(), before);
}

}  // namespace
}  // namespace temper::hub
