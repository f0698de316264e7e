#include "launcher/cli/hub_publisher.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/hub/open_hub.h"
#include "core/recipe/recipe_io.h"
#include "launcher/cli/checkpoint_push.h"
#include "launcher/cli/run_push.h"

namespace temper::launch {
namespace {

/// What waits is tried again so often while the run goes on.
constexpr std::chrono::seconds kInterval{30};
/// How often signals and lines are looked at while a push is waited for.
constexpr std::chrono::milliseconds kGlance{20};

storage::OpenOptions open_options(const Context& context, std::stop_token stop) {
  storage::OpenOptions options;
  options.environment = context.environment;
  options.logger = Logger(LogLevel::kError);
  options.policy.patience = HubPublisher::kPatience;
  options.stop = std::move(stop);
  return options;
}

}  // namespace

std::unique_ptr<HubPublisher> HubPublisher::for_run(Context& context, const run::RunLayout& layout,
                                                    RunObserver& inner) {
  recipe::Recipe recipe = recipe::read_recipe(layout.resolved());
  if (recipe.publish.hub.empty()) {
    return nullptr;
  }
  return std::make_unique<HubPublisher>(context, layout, std::move(recipe), inner);
}

HubPublisher::HubPublisher(Context& context, run::RunLayout layout, recipe::Recipe recipe,
                           RunObserver& inner)
    : context_(context),
      layout_(std::move(layout)),
      recipe_(std::move(recipe)),
      inner_(inner),
      last_request_(context.clock.steady_now()),
      thread_([this] { work(); }) {}

HubPublisher::~HubPublisher() {
  stop_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void HubPublisher::tell(const std::string& line) {
  const std::lock_guard lock(mutex_);
  lines_.push_back(line);
}

void HubPublisher::flush() {
  std::vector<std::string> lines;
  {
    const std::lock_guard lock(mutex_);
    lines.swap(lines_);
  }
  for (const std::string& line : lines) {
    inner_.on_message(line);
  }
}

void HubPublisher::put(const run::RunRecord& record, bool is_last) const {
  using recipe::PublishWhen;
  const PublishWhen when = recipe_.publish.when;
  put_checkpoints(layout_, record, recipe_, context_.clock);
  const bool is_wanted = when != PublishWhen::kBest ||
                         is_last_best(read_progress(layout_.progress()), steps_in_outbox(layout_));
  if (!is_last || !is_wanted) {
    return;
  }
  for (const std::filesystem::path& folder : result_folders(layout_, recipe_.publish)) {
    std::error_code absent;
    if (std::filesystem::exists(folder, absent)) {
      put_result(layout_, record, {folder, "final"}, push_target(recipe_.publish), context_.clock);
    }
  }
}

void HubPublisher::push_once(bool is_last) {
  try {
    if (const auto record = run::read_run_record(layout_)) {
      put(*record, is_last);
    }
    if (something_waits()) {
      const hub::HubApi api =
          hub::open_hub(open_options(context_, stop_.get_token()), context_.clock);
      push_waiting(api, layout_, "", [this](const std::string& line) { tell(line); });
    }
    const std::lock_guard lock(mutex_);
    problem_.clear();
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    if (problem_ != error.what()) {
      problem_ = error.what();
      lines_.push_back("not pushed yet: " + problem_);
    }
  }
}

bool HubPublisher::something_waits() const {
  return std::ranges::any_of(hub::Outbox(layout_.outbox()).list(), &hub::OutboxEntry::waits);
}

void HubPublisher::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return requested_ || finishing_; });
    const bool is_last = finishing_;
    const bool is_done = is_done_;
    requested_ = false;
    lock.unlock();
    if (!stop_.stop_requested()) {
      push_once(is_last && is_done);
    }
    lock.lock();
    if (is_last) {
      finished_ = true;
      return;
    }
  }
}

void HubPublisher::on_attempt(const run::AttemptRecord& attempt, int number) {
  inner_.on_attempt(attempt, number);
}

void HubPublisher::on_progress(const run::ProgressRecord& record) {
  inner_.on_progress(record);
  flush();
  if (context_.clock.steady_now() - last_request_ < kInterval) {
    return;
  }
  last_request_ = context_.clock.steady_now();
  {
    const std::lock_guard lock(mutex_);
    requested_ = true;
  }
  wake_.notify_all();
}

void HubPublisher::on_message(const std::string& message) {
  inner_.on_message(message);
}

void HubPublisher::on_look() {
  inner_.on_look();
}

void HubPublisher::finish(bool is_done, SignalSource& signals) {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    is_done_ = is_done;
  }
  wake_.notify_all();
  for (bool finished = false; !finished;) {
    context_.clock.sleep_for(kGlance);
    flush();
    if (signals.poll()) {
      stop_.request_stop();
    }
    const std::lock_guard lock(mutex_);
    finished = finished_;
  }
  thread_.join();
  flush();
  if (something_waits()) {
    inner_.on_message(fmt::format("what was not pushed stays in {}; `temper push {}` pushes it",
                                  layout_.outbox().string(), layout_.root.string()));
  } else if (!problem_.empty()) {
    inner_.on_message(fmt::format("`temper push {}` tries again", layout_.root.string()));
  }
}

}  // namespace temper::launch
