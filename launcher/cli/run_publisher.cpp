#include "launcher/cli/run_publisher.h"

#include <utility>

namespace temper::launch {
namespace {

/// The mirror once it has copied.
run::RunMirror copied(run::RunMirror mirror) {
  mirror.push();
  return mirror;
}

}  // namespace

RunPublisher::RunPublisher(RunObserver& inner, run::RunLayout layout,
                           std::unique_ptr<storage::ObjectStore> bucket, Clock& clock)
    : inner_(inner),
      bucket_(std::move(bucket)),
      mirror_(copied(run::RunMirror(std::move(layout), *bucket_))),
      push_([this] { mirror_.push(); }, clock) {}

void RunPublisher::on_attempt(const run::AttemptRecord& attempt, int number) {
  inner_.on_attempt(attempt, number);
  push_.request();
}

void RunPublisher::on_progress(const run::ProgressRecord& record) {
  inner_.on_progress(record);
}

void RunPublisher::on_message(const std::string& message) {
  inner_.on_message(message);
  push_.request();
}

void RunPublisher::on_look() {
  inner_.on_look();
  if (const std::string problem = push_.take_problem(); !problem.empty()) {
    inner_.on_message("the run's files are not in the bucket yet, the run goes on: " + problem);
  }
  push_.tick();
}

void RunPublisher::finish() {
  push_.finish();
}

}  // namespace temper::launch
