#pragma once

#include <string>

#include "launcher/backends/backend.h"
#include "tests/support/fake_process_runner.h"

namespace temper::launch {

/// A running run of this backend.
run::RunRecord running_record(const std::string& backend, const std::string& job);

/// The job of that run, in a bucket.
JobSpec bucket_job(const recipe::Cluster& cluster);

/// The programs that a backend calls: each call gets the next answer.
struct AnsweringPrograms {
  void answer(const std::string& out, int code = 0, const std::string& err = "");
  void answer_not_installed(const std::string& program);
  /// The call of this number as a shell line.
  std::string command(std::size_t index) const;

  testing::FakeProcessRunner runner;
};

}  // namespace temper::launch
