#include "launcher/cli/log_json.h"

#include <gtest/gtest.h>

#include <sstream>

namespace temper::launch {
namespace {

TEST(LogJsonTest, TellsThePartsOfALoggersLine) {
  EXPECT_EQ(log_line_json("2026-11-24T06:30:00.123Z info [rank 3] step 7 of 9 [ok] "),
            R"({"machine":null,"time":"2026-11-24T06:30:00.123Z","level":"info","rank":3,)"
            R"("text":"step 7 of 9 [ok] "})");
  EXPECT_EQ(log_line_json("2026-11-24T06:30:00.123Z error no rank"),
            R"({"machine":null,"time":"2026-11-24T06:30:00.123Z","level":"error","rank":null,)"
            R"("text":"no rank"})");
}

TEST(LogJsonTest, TellsTheMachineInFrontOfALine) {
  EXPECT_EQ(log_line_json("[workerpool1-0] 2026-11-24T06:30:00.123Z warning [rank 0] x"),
            R"({"machine":"workerpool1-0","time":"2026-11-24T06:30:00.123Z","level":"warning",)"
            R"("rank":0,"text":"x"})");
}

TEST(LogJsonTest, LeavesLinesOfOthersAsTheyAre) {
  for (const std::string line :
       {"", "mpirun: killed", "2026-11-24T06:30:00Z", "[unclosed",
        "2026-11-24T06:30:00Z shouting a", "2026-13-24T06:30:00Z info a"}) {
    EXPECT_EQ(log_line_json(line),
              R"({"machine":null,"time":null,"level":null,"rank":null,"text":")" + line + "\"}");
  }
  EXPECT_EQ(log_line_json("2026-11-24T06:30:00Z info [rank x] \"\xFF"),
            R"({"machine":null,"time":"2026-11-24T06:30:00Z","level":"info","rank":null,)"
            "\"text\":\"[rank x] \\\"\xEF\xBF\xBD\"}");
}

TEST(LogJsonTest, BufferWritesWholeLinesOnly) {
  std::ostringstream out;
  {
    LogJsonBuffer buffer(out);
    std::ostream log(&buffer);
    log << "one" << 1 << '\n' << "two";
    EXPECT_EQ(out.str(), log_line_json("one1") + "\n");
    log << "\nrest\nend";
  }
  EXPECT_EQ(out.str(), log_line_json("one1") + "\n" + log_line_json("two") + "\n" +
                           log_line_json("rest") + "\n" + log_line_json("end") + "\n");
}

}  // namespace
}  // namespace temper::launch
