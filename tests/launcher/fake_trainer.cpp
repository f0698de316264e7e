/// A trainer that does what the lines of the file in FAKE_TRAINER_SCRIPT say, one line an attempt
/// (the last line for all that follow), so that the launcher can be tested as a whole program.
/// Words of a line, in order:
///   steps=A..B    appends progress records of steps A to B of 100, 5 ms apart
///   eval=X        appends a record with this eval_loss at the step reached
///   say=TEXT      prints TEXT ('_' stands for a space)
///   error=TEXT    prints TEXT as a line of the trainer's log
///   checkpoint=N  makes checkpoints/step-…N/MANIFEST.json
///   weights=TEXT  makes adapter/adapter_model.safetensors with this content; %ranks%: their number
///   checked       makes adapter/export_check.json for those weights, as a passed gate does
///   collectives=N writes collectives.json of two ranks, with N wrong bytes
///   nccl=TEXT     writes a line into NCCL_DEBUG_FILE, as NCCL would
///   pause=N       waits so many milliseconds
///   hang          waits for SIGTERM, SIGINT or SIGUSR2, then goes on
///   deaf          ignores those from here on, for ever
///   raise=N       sends itself the signal N
///   exit=N        leaves with N; without it, with 0
/// Under mpirun rank 0 alone follows the script; the others leave with it, or with 85 when
/// signalled. The options of each attempt are appended to <run>/arguments.
/// `--check-gpus N` alone lists as many GPUs as FAKE_TRAINER_GPUS (0 without it) says, and refuses
/// more; with `--test-attention` it says that all is well, or fails as FAKE_TRAINER_ATTENTION says.
/// `--version` alone names this version, or FAKE_TRAINER_VERSION.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "core/base/hash.h"
#include "core/base/mapped_file.h"
#include "core/export/check_record.h"
#include "core/run/collective_report.h"
#include "core/run/progress_record.h"
#include "core/run/run_layout.h"

namespace {

namespace fs = std::filesystem;
using temper::run::RunLayout;

struct Trainer {
  RunLayout layout;
  std::string attempt;
  std::string ranks;
  std::int64_t step = 0;

  void append(const temper::run::ProgressRecord& record) const {
    std::ofstream(layout.progress(), std::ios::app) << to_json_line(record) << "\n";
  }

  temper::run::ProgressRecord record_at(std::int64_t at) const {
    temper::run::ProgressRecord record;
    record.time = "2026-11-24T06:30:00.000Z";
    record.attempt = attempt;
    record.step = at;
    record.total_steps = 100;
    record.position = static_cast<std::uint64_t>(at) * 8;
    record.tokens_per_second = 200;
    record.step_milliseconds = 5;
    return record;
  }

  void take_steps(const std::string& range) {
    const std::size_t dots = range.find("..");
    const std::int64_t end = std::stoll(range.substr(dots + 2));
    for (step = std::stoll(range.substr(0, dots)); step <= end; ++step) {
      temper::run::ProgressRecord record = record_at(step);
      record.loss = 4.0 - 0.01 * static_cast<double>(step);
      append(record);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    step = end;
  }

  void test_communication(std::uint64_t wrong_bytes) const {
    std::ofstream(layout.collectives()) << to_json(temper::run::CollectiveReport{
        "nccl", {"here", "here"}, {{"all_gather", 1'000'000'000, 5, 0.01, wrong_bytes}}});
  }

  void measure(const std::string& loss) const {
    temper::run::ProgressRecord record = record_at(step);
    record.eval_loss = std::stod(loss);
    append(record);
  }

  void save(const std::string& at) const {
    const fs::path folder =
        layout.checkpoints() / temper::run::checkpoint_name(std::stoll(at), attempt);
    fs::create_directories(folder);
    std::ofstream(folder / temper::run::kManifestName) << "{}";
  }

  void write_weights(const std::string& content) const {
    fs::create_directories(layout.adapter());
    std::ofstream(layout.adapter() / "adapter_model.safetensors")
        << (content == "%ranks%" ? ranks : content);
  }

  void check_weights() const {
    const fs::path file = layout.adapter() / "adapter_model.safetensors";
    const temper::MappedFile weights(file);
    temper::exporting::CheckRecord record;
    record.kind = "adapter";
    record.num_samples = 1;
    record.trained_loss = record.file_loss = 1.5;
    record.files.push_back(
        {file.filename().string(), weights.bytes().size(), temper::sha256_hex(weights.bytes())});
    std::ofstream(layout.adapter() / temper::exporting::kCheckRecordFile) << to_json(record);
  }

  int act(const std::string& script_line);
};

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGUSR2}) {
    sigaddset(&signals, number);
  }
  return signals;
}

std::string with_spaces(std::string text) {
  for (char& c : text) {
    c = c == '_' ? ' ' : c;
  }
  return text;
}

int Trainer::act(const std::string& script_line) {
  const sigset_t signals = stop_signals();
  std::istringstream words(script_line);
  for (std::string word; words >> word;) {
    const std::string verb = word.substr(0, word.find('='));
    const std::string value =
        word.find('=') == std::string::npos ? "" : word.substr(verb.size() + 1);
    if (verb == "steps") {
      take_steps(value);
    } else if (verb == "eval") {
      measure(value);
    } else if (verb == "say") {
      std::cout << with_spaces(value) << std::endl;
    } else if (verb == "error") {
      std::cerr << "2026-11-24T06:30:00.123Z error " << with_spaces(value) << std::endl;
    } else if (verb == "checkpoint") {
      save(value);
    } else if (verb == "weights") {
      write_weights(value);
    } else if (verb == "checked") {
      check_weights();
    } else if (verb == "collectives") {
      test_communication(std::stoull(value));
    } else if (verb == "nccl") {
      std::ofstream(::getenv("NCCL_DEBUG_FILE"), std::ios::app)
          << "host:1:2 [0] NCCL INFO " << with_spaces(value) << std::endl;
    } else if (verb == "pause") {
      std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(value)));
    } else if (verb == "hang") {
      int number = 0;
      sigwait(&signals, &number);
    } else if (verb == "deaf") {
      for (;;) {
        ::pause();  // the signals are blocked and stay pending
      }
    } else if (verb == "raise") {
      ::raise(std::stoi(value));
    } else if (verb == "exit") {
      return std::stoi(value);
    }
  }
  return 0;
}

std::string option(const std::vector<std::string>& arguments, const std::string& name) {
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
    if (arguments[i] == name) {
      return arguments[i + 1];
    }
  }
  return "";
}

/// The line for this attempt; how many there were is counted in <run>/attempts.
std::string choose_line(const fs::path& run) {
  std::ifstream counter_file(run / "attempts");
  int number = 0;
  counter_file >> number;
  std::ofstream(run / "attempts") << number + 1;
  std::ifstream script(::getenv("FAKE_TRAINER_SCRIPT"));
  std::string line;
  std::string chosen;
  for (int i = 0; std::getline(script, line); ++i) {
    if (!line.empty() && i <= number) {
      chosen = line;
    }
  }
  return chosen;
}

/// What ranks other than 0 do: wait for rank 0's end or a signal.
int follow_rank_0(const fs::path& end_file) {
  const sigset_t signals = stop_signals();
  const timespec wait{0, 10'000'000};
  while (!fs::exists(end_file)) {
    if (::sigtimedwait(&signals, nullptr, &wait) > 0) {
      return 85;
    }
  }
  int code = 0;
  std::ifstream(end_file) >> code;
  return code;
}

int check_gpus(int wanted, bool tests_attention) {
  const char* gpus = ::getenv("FAKE_TRAINER_GPUS");
  if (wanted > (gpus == nullptr ? 0 : std::stoi(gpus))) {
    std::cerr << "temper-trainer: no CUDA device" << std::endl;
    return 2;
  }
  if (tests_attention) {
    const char* problem = ::getenv("CUBLAS_WORKSPACE_CONFIG") == nullptr
                              ? "cuBLAS is not deterministic"
                              : ::getenv("FAKE_TRAINER_ATTENTION");
    (problem == nullptr ? std::cout << "in fp32 as composed" : std::cerr << problem) << std::endl;
    return problem == nullptr ? 0 : 78;
  }
  for (int gpu = 0; gpus != nullptr && gpu < std::stoi(gpus); ++gpu) {
    std::cout << gpu << ": NVIDIA L4, 22.0 GiB, compute capability 8.9" << std::endl;
  }
  return 0;
}

int say_version() {
  const char* version = ::getenv("FAKE_TRAINER_VERSION");
  std::cout << (version == nullptr ? TEMPER_VERSION : version) << " (a fake)" << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const sigset_t signals = stop_signals();
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (const std::string wanted = option(arguments, "--check-gpus"); !wanted.empty()) {
    return check_gpus(std::stoi(wanted), arguments.back() == "--test-attention");
  }
  if (arguments == std::vector<std::string>{"--version"}) {
    return say_version();
  }
  Trainer trainer{
      {option(arguments, "--run")}, option(arguments, "--attempt"), option(arguments, "--ranks")};
  const fs::path end_file = trainer.layout.root / ("end-" + trainer.attempt);
  const char* rank = ::getenv("OMPI_COMM_WORLD_RANK");
  if (rank != nullptr && std::string(rank) != "0") {
    return follow_rank_0(end_file);
  }
  std::ofstream(trainer.layout.root / "arguments", std::ios::app)
      << fmt::format("{}\n", fmt::join(arguments, " "));
  const int code = trainer.act(choose_line(trainer.layout.root));
  std::ofstream(end_file) << code;
  return code;
}
