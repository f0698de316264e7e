#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/recipe/recipe.h"
#include "launcher/backends/signal_source.h"
#include "launcher/backends/supervisor.h"
#include "launcher/cli/context.h"

namespace temper::launch {

/// Pushes a run's result as its recipe's `publish` says, in a thread of its own: training never
/// waits for the hub, and never fails because of it. What can't be pushed stays in the outbox.
/// Hands all events on to `inner`, and tells it what happened at its next event.
class HubPublisher final : public RunObserver {
 public:
  /// nullptr if the recipe publishes nothing. References outlive it.
  static std::unique_ptr<HubPublisher> for_run(Context& context, const run::RunLayout& layout,
                                               RunObserver& inner);

  HubPublisher(Context& context, run::RunLayout layout, recipe::Recipe recipe, RunObserver& inner);
  ~HubPublisher() override;
  HubPublisher(const HubPublisher&) = delete;
  HubPublisher& operator=(const HubPublisher&) = delete;

  void on_attempt(const run::AttemptRecord& attempt, int number) override;
  void on_progress(const run::ProgressRecord& record) override;
  void on_message(const std::string& message) override;
  void on_look() override;

  /// The run has ended; `is_done`: with a result, which is put and pushed now. Returns when nothing
  /// is left to push, when the hub has been down for kPatience, or when a signal comes. Tells what
  /// was pushed, or the way to push it later; never throws because of the hub.
  void finish(bool is_done, SignalSource& signals);

  /// How long a push goes on without progress.
  static constexpr std::chrono::seconds kPatience{60};

 private:
  void work();
  void push_once(bool is_last);
  void put(const run::RunRecord& record, bool is_last) const;
  void tell(const std::string& line);
  void flush();
  bool something_waits() const;

  Context& context_;
  const run::RunLayout layout_;
  const recipe::Recipe recipe_;
  RunObserver& inner_;
  std::stop_source stop_;
  std::chrono::steady_clock::time_point last_request_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool requested_ = false;  // under mutex_, like all below
  bool is_done_ = false;
  bool finishing_ = false;
  bool finished_ = false;
  std::vector<std::string> lines_;  // not yet told
  std::string problem_;             // of the last push
  std::thread thread_;
};

}  // namespace temper::launch
