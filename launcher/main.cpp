#include <unistd.h>

#include <array>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "core/base/clock.h"
#include "core/base/environment.h"
#include "core/base/process_runner.h"
#include "launcher/cli/command_line.h"
#include "launcher/cli/verbs.h"

namespace {

using temper::launch::Verb;

constexpr std::array kVerbs = {
    Verb{"plan", "Show what a recipe would run, without running it", temper::launch::add_plan},
    Verb{"run", "Train from a recipe and follow it to the end", temper::launch::add_run},
    Verb{"submit", "Hand a run over to a cluster, or to this machine's background",
         temper::launch::add_submit},
    Verb{"resume", "Go on with a run from its last checkpoint", temper::launch::add_resume},
    Verb{"status", "Show how a run stands", temper::launch::add_status},
    Verb{"list", "List the runs", temper::launch::add_list},
    Verb{"logs", "Print what a run's trainers logged", temper::launch::add_logs},
    Verb{"cancel", "Stop a run; its state is saved first", temper::launch::add_cancel},
    Verb{"checkpoints", "List, verify or remove a run's checkpoints, here or in a bucket",
         temper::launch::add_checkpoints},
    Verb{"push", "Push a run's adapter or model to the Hugging Face Hub", temper::launch::add_push},
    Verb{"export", "Write a run's adapter in another form: portable, merged, for llama.cpp",
         temper::launch::add_export},
    Verb{"verify", "Prove that a recipe gives the same bits on any ranks and when interrupted",
         temper::launch::add_verify},
    Verb{"doctor", "Check what this machine has for Temper, and how its ranks communicate",
         temper::launch::add_doctor},
    Verb{"completion", "Print a script that completes the command line: bash, zsh or fish",
         temper::launch::add_completion},
    Verb{"attend", "Supervise a submitted run; jobs call it", temper::launch::add_attend},
    Verb{"start-ranks", "Start ranks that meet over TCP, without MPI; jobs call it",
         temper::launch::add_start_ranks},
    Verb{"join", "Run one rank of a run that is supervised on another machine; mpirun calls it",
         temper::launch::add_join},
    Verb{"recipe", "Look at recipes: reference, check, show", temper::launch::add_recipe},
    Verb{"tokens", "Show a sample as tokens, with the trained part marked",
         temper::launch::add_tokens},
    Verb{"data", "Index, check and convert data", temper::launch::add_data},
};

std::filesystem::path this_program() {
  std::error_code no_proc;
  return std::filesystem::read_symlink("/proc/self/exe", no_proc);
}

}  // namespace

int main(int argc, char** argv) {
  temper::SystemClock clock;
  temper::SystemProcessRunner runner;
  const auto environment = temper::Environment::from_process();
  temper::launch::Context context{clock,
                                  runner,
                                  environment,
                                  this_program(),
                                  std::cout,
                                  std::cerr,
                                  ::isatty(STDOUT_FILENO) == 1};
  return temper::launch::run_command_line(argc, argv, kVerbs, context);
}
