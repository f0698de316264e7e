#include "launcher/cli/progress_display.h"

#include <gmock/gmock.h>

#include <sstream>

#include "tests/support/fake_clock.h"

namespace temper::launch {
namespace {

using ::testing::HasSubstr;
using Mode = ProgressDisplay::Mode;
using std::chrono::seconds;

run::ProgressRecord step(std::int64_t number) {
  run::ProgressRecord record;
  record.attempt = "a";
  record.step = number;
  record.total_steps = 100;
  record.loss = 2.5;
  record.tokens_per_second = 213.4;
  record.step_milliseconds = 1000;
  return record;
}

TEST(ProgressTextTest, TellsStepLossSpeedAndTime) {
  EXPECT_EQ(progress_text(step(12), 2.25, seconds(65)),
            "step 12/100  loss 2.5000  eval 2.2500  213 tokens/s  1m 05s left");
}

TEST(ProgressTextTest, LeavesOutWhatIsNotKnown) {
  run::ProgressRecord record = step(0);
  record.loss.reset();
  record.tokens_per_second = 0;
  EXPECT_EQ(progress_text(record, std::nullopt, std::nullopt), "step 0/100");
}

TEST(ProgressTextTest, WritesDurations) {
  EXPECT_EQ(duration_text(seconds(0)), "0s");
  EXPECT_EQ(duration_text(seconds(60)), "1m 00s");
  EXPECT_EQ(duration_text(seconds(7500)), "2h 05m");
}

class ProgressDisplayTest : public ::testing::Test {
 protected:
  testing::FakeClock clock_;
  std::ostringstream out_, err_;
};

TEST_F(ProgressDisplayTest, RewritesOneLineOnATerminal) {
  ProgressDisplay display(Mode::kTerminal, clock_, out_, err_);
  display.on_progress(step(1));
  display.on_progress(step(2));
  EXPECT_EQ(out_.str().find('\n'), std::string::npos);
  EXPECT_THAT(out_.str(), HasSubstr("\r\033[Kstep 2/100"));
  display.on_message("a message");
  EXPECT_EQ(out_.str().back(), '\n');
  EXPECT_EQ(err_.str(), "a message\n");
}

TEST_F(ProgressDisplayTest, PrintsALineEveryFewSecondsElsewhere) {
  ProgressDisplay display(Mode::kPlain, clock_, out_, err_);
  for (int number = 1; number <= 10; ++number) {
    display.on_progress(step(number));
    clock_.advance(seconds(1));
  }
  display.on_progress(step(100));
  EXPECT_EQ(out_.str(),
            "step 1/100  loss 2.5000  213 tokens/s  1m 39s left\n"
            "step 6/100  loss 2.5000  213 tokens/s  1m 34s left\n"
            "step 100/100  loss 2.5000  213 tokens/s  0s left\n");
}

TEST_F(ProgressDisplayTest, ShowsEveryEvaluationAndKeepsItsLoss) {
  ProgressDisplay display(Mode::kPlain, clock_, out_, err_);
  display.on_progress(step(1));
  run::ProgressRecord record = step(2);
  record.eval_loss = 3.25;
  display.on_progress(record);
  clock_.advance(seconds(10));
  display.on_progress(step(3));
  EXPECT_THAT(out_.str(), HasSubstr("step 2/100  loss 2.5000  eval 3.2500"));
  EXPECT_THAT(out_.str(), HasSubstr("step 3/100  loss 2.5000  eval 3.2500"));
}

TEST_F(ProgressDisplayTest, PrintsRecordsAsTheyAre) {
  ProgressDisplay display(Mode::kJson, clock_, out_, err_);
  display.on_progress(step(1));
  EXPECT_EQ(out_.str(), run::to_json_line(step(1)) + "\n");
}

}  // namespace
}  // namespace temper::launch
