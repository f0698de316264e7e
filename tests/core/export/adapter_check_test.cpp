#include "core/export/adapter_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/weights/safetensors.h"
#include "tests/core/export/tiny_adapter.h"
#include "tests/support/temporary_directory.h"

namespace temper::exporting {
namespace {

namespace fs = std::filesystem;
using temper::testing::read_file;
using temper::testing::TemporaryDirectory;
using temper::testing::write_file;
using ::testing::HasSubstr;

class AdapterCheckTest : public ::testing::Test {
 protected:
  AdapterCheckTest() { export_adapter(folder_, tiny_.adapter); }

  std::string problem() const {
    try {
      check_adapter(folder_, tiny_.adapter);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  // Rewrites the weights after `change` on the list of tensors.
  template <typename Change>
  void rewrite(const Change& change) {
    const std::string image = read_file(weights_);
    std::vector<weights::TensorView> tensors =
        weights::parse_safetensors(std::as_bytes(std::span(image)), "adapter");
    change(tensors);
    const auto bytes = weights::serialize_safetensors(tensors, {{"format", "pt"}});
    write_file(weights_, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }

  void replace_in_config(const std::string& from, const std::string& to) {
    std::string text = read_file(config_);
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    write_file(config_, text.replace(at, from.size(), to));
  }

  TemporaryDirectory root_;
  TinyAdapter tiny_{all_linear_settings()};
  const fs::path folder_ = root_ / "adapter";
  const fs::path weights_ = folder_ / "adapter_model.safetensors";
  const fs::path config_ = folder_ / "adapter_config.json";
};

TEST_F(AdapterCheckTest, AcceptsWhatWasExported) {
  EXPECT_EQ(problem(), "");
}

TEST_F(AdapterCheckTest, NoticesOneFlippedBit) {
  std::string image = read_file(weights_);
  image.back() = static_cast<char>(image.back() ^ 1);
  write_file(weights_, image);
  EXPECT_THAT(problem(), HasSubstr("other values"));
}

TEST_F(AdapterCheckTest, NoticesTruncation) {
  const std::string image = read_file(weights_);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, image.size() / 2, image.size() - 1}) {
    write_file(weights_, std::string_view(image).substr(0, size));
    EXPECT_NE(problem(), "") << size;
  }
}

TEST_F(AdapterCheckTest, NoticesAMissingTensor) {
  rewrite([](auto& tensors) { tensors.pop_back(); });
  EXPECT_THAT(problem(), HasSubstr("it has no tensor base_model.model."));
}

TEST_F(AdapterCheckTest, NoticesATensorTooMany) {
  rewrite([](auto& tensors) {
    tensors.push_back(tensors.front());
    tensors.back().name = "base_model.model.lm_head.weight";
  });
  EXPECT_THAT(problem(), HasSubstr("29 tensors, not 28"));
}

TEST_F(AdapterCheckTest, NoticesATransposedTensor) {
  rewrite([](auto& tensors) { std::reverse(tensors[0].shape.begin(), tensors[0].shape.end()); });
  EXPECT_THAT(problem(), HasSubstr("not F32 ["));
}

TEST_F(AdapterCheckTest, NoticesAConfigWithAnotherRank) {
  replace_in_config("\"r\": 4", "\"r\": 8");
  EXPECT_THAT(problem(), HasSubstr("rank 8"));
}

TEST_F(AdapterCheckTest, NoticesAConfigThatAdaptsFewerModules) {
  replace_in_config("    \"down_proj\",\n", "");
  EXPECT_THAT(problem(), HasSubstr("12 modules, trained were 14"));
}

TEST_F(AdapterCheckTest, NoticesAConfigWithoutARank) {
  replace_in_config("\"r\": 4,", "");
  EXPECT_THAT(problem(), HasSubstr("r is missing"));
}

TEST_F(AdapterCheckTest, NoticesAConfigThatIsNoJson) {
  write_file(config_, "{");
  EXPECT_THAT(problem(), HasSubstr("is no JSON object"));
}

}  // namespace
}  // namespace temper::exporting
