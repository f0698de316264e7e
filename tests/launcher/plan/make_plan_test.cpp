#include "launcher/plan/make_plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/base/error.h"
#include "core/recipe/recipe_io.h"
#include "launcher/plan/absolute_paths.h"
#include "tests/support/temporary_directory.h"

namespace temper::launch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MakePlanTest : public ::testing::Test {
 protected:
  MakePlanTest() {
    std::string chats;
    for (int i = 0; i < 10; ++i) {
      chats += fmt::format(R"({{"messages": [{{"role": "user", "content": "{0} + {0}?"}}, )"
                           R"({{"role": "assistant", "content": "It is {1}, I think."}}]}})"
                           "\n",
                           i, 2 * i);
    }
    testing::write_file(folder_ / "chats.jsonl", chats);
    request_.recipe = with_absolute_paths(
        recipe::parse_recipe("version: 1\nname: tiny\n"
                             "model: {base: " TEMPER_SOURCE_DIR "/tests/golden/tiny-model}\n"
                             "adapter: {rank: 4}\n"
                             "data: {train: chats.jsonl, max_length: 512}\n"
                             "batch: {samples: 4, slots: 2}\n"
                             "duration: {epochs: 1}\n",
                             "recipe"),
        folder_.path());
    request_.cluster.ranks = 1;
    request_.cluster.slot_workers = 1;
    request_.cache_dir = folder_ / "cache";
  }

  std::string error() {
    try {
      make_plan(request_);
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  }

  testing::TemporaryDirectory folder_;
  PlanRequest request_;
};

TEST_F(MakePlanTest, WorksOutSteps) {
  const RunPlan plan = make_plan(request_);
  EXPECT_EQ(plan.data->num_samples, 10U);
  EXPECT_EQ(plan.steps->total_steps, 3U);
  EXPECT_EQ(plan.steps->positions, 10U);
  EXPECT_EQ(plan.steps->epochs, 1.0);
  EXPECT_THAT(plan.notes, IsEmpty());
}

TEST_F(MakePlanTest, RefusesSamplesLongerThanTheContext) {
  request_.recipe.data.max_length = 100'000;
  EXPECT_THAT(error(), HasSubstr("data.max_length: 100000 is more than the model's context of"));
}

TEST_F(MakePlanTest, CountsParametersAndBytes) {
  const RunPlan plan = make_plan(request_);
  EXPECT_GT(plan.model->trained_parameters, 0);
  EXPECT_LT(plan.model->trained_parameters, plan.model->total_parameters);
  EXPECT_EQ(plan.model->checkpoint_bytes,
            12U * static_cast<std::uint64_t>(plan.model->trained_parameters));
  EXPECT_GT(plan.model->memory_bytes, plan.model->checkpoint_bytes);
}

TEST_F(MakePlanTest, EstimatesGpusWhereTheyAreAskedFor) {
  EXPECT_FALSE(make_plan(request_).gpus);
  request_.gpus = true;
  const RunPlan plan = make_plan(request_);
  ASSERT_TRUE(plan.gpus);
  EXPECT_EQ(plan.gpus->weight_bytes,
            2U * static_cast<std::uint64_t>(plan.model->total_parameters -
                                            plan.model->trained_parameters));
  EXPECT_EQ(plan.gpus->communication_bytes, 0U);
  ASSERT_THAT(plan.gpus->fits, SizeIs(6));
  EXPECT_GT(plan.gpus->fits.front().slots, 0);
  EXPECT_GT(plan.gpus->fits.back().tokens_per_second, plan.gpus->fits.front().tokens_per_second);
  request_.gpus = false;
  request_.cluster.ranks = 2;
  request_.cluster.resources.gpus = 2;
  EXPECT_GT(make_plan(request_).gpus->communication_bytes, 0U);
}

// Fewer trained tokens pass the head: quicker than if nothing is known of them.
TEST_F(MakePlanTest, EstimatesGpusFromTheTokensThatWereCounted) {
  request_.gpus = true;
  const double counted = make_plan(request_).gpus->fits[0].tokens_per_second;
  request_.count_tokens = false;
  EXPECT_GT(counted, make_plan(request_).gpus->fits[0].tokens_per_second);
}

TEST_F(MakePlanTest, NotesThatTheMachineHasTooLittleMemory) {
  request_.cluster.ranks = 2;
  const std::uint64_t needed = 2 * make_plan(request_).model->memory_bytes;
  request_.machine_memory_bytes = needed;
  EXPECT_THAT(make_plan(request_).notes, IsEmpty());
  request_.machine_memory_bytes = needed - 1;
  EXPECT_THAT(make_plan(request_).notes,
              ElementsAre(AllOf(HasSubstr("2 ranks need about"), HasSubstr("set `memory: low`"))));
  request_.recipe.memory = recipe::Memory::kLow;
  request_.machine_memory_bytes = 1;
  EXPECT_THAT(make_plan(request_).notes, ElementsAre(HasSubstr("even with `memory: low`")));
}

TEST_F(MakePlanTest, MarksTheTrainedPartOfTheFirstSample) {
  const std::string sample = make_plan(request_).first_sample.value();
  const std::size_t begin = sample.find("⟦");
  ASSERT_NE(begin, std::string::npos) << sample;
  EXPECT_LT(sample.find("0 + 0?"), begin);
  EXPECT_GT(sample.find("It is 0"), begin);
}

TEST_F(MakePlanTest, ListsOverlongSamples) {
  request_.recipe.data.max_length = 4;
  const RunPlan plan = make_plan(request_);
  EXPECT_EQ(plan.tokens->num_overlong, 10U);
  EXPECT_THAT(plan.tokens->overlong, SizeIs(10));
  EXPECT_THAT(plan.tokens->overlong.front(), HasSubstr("chats.jsonl:1"));
}

TEST_F(MakePlanTest, NamesAMissingBaseModel) {
  request_.recipe.model.base = "/nonexistent/model";
  EXPECT_THAT(error(), HasSubstr("base model not found at /nonexistent/model"));
}

TEST_F(MakePlanTest, TellsWhatItCanWithoutTheModel) {
  request_.recipe.model.base = "/nonexistent/model";
  request_.with_model = false;
  const RunPlan plan = make_plan(request_);
  EXPECT_FALSE(plan.model || plan.tokens || plan.first_sample);
  EXPECT_EQ(plan.steps->total_steps, 3U);
}

TEST_F(MakePlanTest, NotesMissingDataWithoutTheModel) {
  request_.recipe.data.train = {{"/nonexistent/chats.jsonl", {}}};
  EXPECT_THAT(error(), HasSubstr("/nonexistent/chats.jsonl"));
  request_.with_model = false;
  const RunPlan plan = make_plan(request_);
  EXPECT_FALSE(plan.data || plan.steps);
  EXPECT_THAT(plan.notes, ElementsAre(HasSubstr("/nonexistent/chats.jsonl")));
}

TEST_F(MakePlanTest, NotesWorkersWithoutASlot) {
  request_.cluster.ranks = 3;
  EXPECT_THAT(make_plan(request_).notes, ElementsAre(HasSubstr("1 of 3 slot workers")));
}

TEST(AbsolutePathsTest, KeepsUrlsAndAbsolutePaths) {
  recipe::Recipe recipe;
  recipe.model.base = "hf://org/name";
  recipe.data.train = {{"data/*.jsonl", {}}, {"/abs/x.jsonl", {}}};
  recipe.checkpoint.to = "../runs";
  const recipe::Recipe absolute = with_absolute_paths(recipe, "/home/me/work");
  EXPECT_EQ(absolute.model.base, "hf://org/name");
  EXPECT_EQ(absolute.model.chat_template, "");
  EXPECT_EQ(absolute.data.train[0].path, "/home/me/work/data/*.jsonl");
  EXPECT_EQ(absolute.data.train[1].path, "/abs/x.jsonl");
  EXPECT_EQ(absolute.checkpoint.to, "/home/me/runs");
}

TEST(AbsolutePathsTest, NamesTheBaseModelAsItWasGiven) {
  recipe::Recipe recipe;
  recipe.model.base = "models/smollm2";
  EXPECT_EQ(with_absolute_paths(recipe, "/home").model.name, "models/smollm2");
  recipe.model.name = "org/name";
  EXPECT_EQ(with_absolute_paths(recipe, "/home").model.name, "org/name");
}

}  // namespace
}  // namespace temper::launch
