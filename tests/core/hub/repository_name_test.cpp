#include "core/hub/repository_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"

namespace temper::hub {
namespace {

using ::testing::HasSubstr;

std::string refusal_of(const std::string& url) {
  try {
    parse_hub_url(url);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(RepositoryNameTest, ReadsNameRevisionAndPath) {
  const HubLocation location = parse_hub_url("hf://org/name@v1.0/folder/file.json");
  EXPECT_EQ(location.repository, (RepositoryName{RepositoryKind::kModel, "org/name"}));
  EXPECT_EQ(location.revision, "v1.0");
  EXPECT_EQ(location.path, "folder/file.json");
}

TEST(RepositoryNameTest, ReadsWhatIsLeftOut) {
  EXPECT_EQ(parse_hub_url("hf://org/name").revision, "");
  EXPECT_EQ(parse_hub_url("hf://org/name/").path, "");
  EXPECT_EQ(parse_hub_url("hf://org/name/a").path, "a");
  EXPECT_EQ(parse_hub_url("hf://gpt2").repository.name, "gpt2");
  EXPECT_EQ(parse_hub_url("hf://gpt2@main/config.json").path, "config.json");
  EXPECT_EQ(parse_hub_url("hf://org/name/at@sign").path, "at@sign");
}

TEST(RepositoryNameTest, ReadsDataSets) {
  const HubLocation location = parse_hub_url("hf://datasets/org/chats@main/data/*.jsonl");
  EXPECT_EQ(location.repository, (RepositoryName{RepositoryKind::kDataset, "org/chats"}));
  EXPECT_EQ(location.path, "data/*.jsonl");
}

TEST(RepositoryNameTest, ReadsRevisionsWithSlashes) {
  EXPECT_EQ(parse_hub_url("hf://org/name@refs/pr/7/a/b").revision, "refs/pr/7");
  EXPECT_EQ(parse_hub_url("hf://org/name@refs/pr/7/a/b").path, "a/b");
  EXPECT_EQ(parse_hub_url("hf://datasets/o/n@refs/convert/parquet/x").revision,
            "refs/convert/parquet");
  EXPECT_EQ(parse_hub_url("hf://org/name@topic%2Fbranch/a").revision, "topic/branch");
}

TEST(RepositoryNameTest, WritesTheUrlItRead) {
  for (const std::string url :
       {"hf://org/name", "hf://org/name@v1/a/b", "hf://datasets/org/chats@refs/pr/7/x.jsonl",
        "hf://gpt2", "hf://org/name@topic%2Fbranch/a"}) {
    EXPECT_EQ(parse_hub_url(url).url(), url);
  }
}

TEST(RepositoryNameTest, SaysWhatIsWrong) {
  EXPECT_THAT(refusal_of("hf://"), HasSubstr("empty"));
  EXPECT_THAT(refusal_of("hf://org//x"), HasSubstr("empty"));
  EXPECT_THAT(refusal_of("hf://org/na me"), HasSubstr("' ' may not be in it"));
  EXPECT_THAT(refusal_of("hf://org/-name"), HasSubstr("begin or end"));
  EXPECT_THAT(refusal_of("hf://org/a--b"), HasSubstr("\"--\""));
  EXPECT_THAT(refusal_of("hf://org/a..b"), HasSubstr("\"..\""));
  EXPECT_THAT(refusal_of("hf://org/name.git"), HasSubstr(".git"));
  EXPECT_THAT(refusal_of("hf://org/name@"), HasSubstr("no revision"));
  EXPECT_THAT(refusal_of("hf://org/name@main/../x"), HasSubstr("no path"));
  EXPECT_THAT(refusal_of("hf://spaces/org/name"), HasSubstr("spaces hold programs"));
  EXPECT_THAT(refusal_of("hf://" + std::string(97, 'a')), HasSubstr("97 characters"));
}

TEST(RepositoryNameTest, KnowsItsPaths) {
  const RepositoryName model{RepositoryKind::kModel, "org/name"};
  const RepositoryName data{RepositoryKind::kDataset, "org/chats"};
  EXPECT_EQ(model.api_path(), "/api/models/org/name");
  EXPECT_EQ(data.web_path(), "/datasets/org/chats");
  EXPECT_EQ(model.cache_folder(), "models--org--name");
  EXPECT_EQ(data.cache_folder(), "datasets--org--chats");
}

TEST(RepositoryNameTest, TellsCommitsFromBranches) {
  EXPECT_TRUE(is_commit(std::string(40, 'a')));
  EXPECT_FALSE(is_commit(std::string(39, 'a')));
  EXPECT_FALSE(is_commit(std::string(40, 'g')));
  EXPECT_FALSE(is_commit("main"));
}

}  // namespace
}  // namespace temper::hub
