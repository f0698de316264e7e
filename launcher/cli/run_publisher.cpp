#include "launcher/cli/run_publisher.h"

#include <utility>

#include "core/base/error.h"

namespace temper::launch {

RunPublisher::RunPublisher(RunObserver& inner, run::RunLayout layout,
                           std::unique_ptr<storage::ObjectStore> bucket, Clock& clock)
    : inner_(inner),
      clock_(clock),
      bucket_(std::move(bucket)),
      mirror_(std::move(layout), *bucket_),
      last_request_(clock.steady_now()) {
  mirror_.push();
  thread_ = std::thread([this] { work(); });
}

RunPublisher::~RunPublisher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void RunPublisher::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return requested_ || stopping_; });
    if (stopping_) {
      return;
    }
    requested_ = false;
    lock.unlock();
    std::string problem;
    try {
      mirror_.push();
    } catch (const std::exception& error) {
      problem = error.what();
    }
    lock.lock();
    problem_ = std::move(problem);
  }
}

void RunPublisher::request() {
  last_request_ = clock_.steady_now();
  {
    const std::lock_guard lock(mutex_);
    requested_ = true;
  }
  wake_.notify_all();
}

void RunPublisher::tell_problem() {
  std::string problem;
  {
    const std::lock_guard lock(mutex_);
    problem.swap(problem_);
  }
  if (!problem.empty()) {
    inner_.on_message("the run's files are not in the bucket yet, the run goes on: " + problem);
  }
}

void RunPublisher::on_attempt(const run::AttemptRecord& attempt, int number) {
  inner_.on_attempt(attempt, number);
  request();
}

void RunPublisher::on_progress(const run::ProgressRecord& record) {
  inner_.on_progress(record);
  tell_problem();
  if (clock_.steady_now() - last_request_ >= kInterval) {
    request();
  }
}

void RunPublisher::on_message(const std::string& message) {
  inner_.on_message(message);
  request();
}

void RunPublisher::finish() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  mirror_.push();
}

}  // namespace temper::launch
