#include "trainer/comm/heartbeat.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/error.h"
#include "trainer/comm/heartbeat_channel.h"
#include "trainer/comm/heartbeat_link.h"
#include "trainer/comm/tcp_socket.h"

namespace temper::comm {
namespace {

/// So long a rank that failed waits for the word on which rank was lost.
constexpr std::chrono::seconds kVerdictTime{3};
/// So long last words may take.
constexpr std::chrono::seconds kLastWordsTime{1};

std::vector<HeartbeatMonitor::Watched> watched(const HeartbeatParts& parts,
                                               const std::vector<HeartbeatLink>& links) {
  std::vector<HeartbeatMonitor::Watched> ranks;
  if (parts.communicator.rank() == 0) {
    ranks.push_back({0, host_name()});  // itself: for the stall report
  }
  for (const HeartbeatLink& link : links) {
    ranks.push_back({link.rank(), link.host()});
  }
  return ranks;
}

class LinkedHeartbeat final : public Heartbeat {
 public:
  LinkedHeartbeat(const HeartbeatParts& parts, const HeartbeatSettings& settings,
                  std::vector<HeartbeatLink> links)
      : parts_(parts),
        settings_(settings),
        rank_(parts.communicator.rank()),
        links_(std::move(links)),
        wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        monitor_(watched(parts, links_), settings, parts.clock.steady_now()) {
    CHECK(wake_.valid(), "eventfd");
    thread_ = std::thread([this] { run(); });
  }

  ~LinkedHeartbeat() override {
    stop();
    thread_.join();
  }

  void leave(const Farewell& farewell) override {
    std::unique_lock lock(mutex_);
    if (farewell.exit_code == static_cast<int>(ExitCode::kRetryable)) {
      ended_.wait_for(lock, kVerdictTime, [this] { return has_ended_; });
    }
    farewell_ = farewell;
    lock.unlock();
    stop();
    lock.lock();
    ended_.wait(lock, [this] { return has_ended_; });
  }

 private:
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      must_stop_ = true;
    }
    ::eventfd_write(wake_.get(), 1);
  }

  bool must_stop() {
    const std::lock_guard lock(mutex_);
    return must_stop_;
  }

  void run() {
    std::optional<Loss> loss;
    TimePoint beat_at = parts_.clock.steady_now();
    while (!loss && !must_stop()) {
      if (parts_.clock.steady_now() >= beat_at) {
        beat();
        beat_at = parts_.clock.steady_now() + settings_.interval;
      }
      wait(beat_at);
      loss = look();
    }
    if (loss) {
      take(*loss);
    } else {
      say_goodbye();
    }
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    ended_.notify_all();
  }

  void beat() {
    const Activity::Snapshot now = parts_.activity.now();
    const Beat beat{now.step, now.phase, now.count, now.waits};
    for (HeartbeatLink& link : links_) {
      link.send_beat(beat);
    }
    monitor_.heard(rank_, beat, parts_.clock.steady_now());
  }

  void wait(TimePoint until) {
    std::vector<pollfd> entries = {{wake_.get(), POLLIN, 0}};
    for (const HeartbeatLink& link : links_) {
      if (link.is_open()) {
        entries.push_back(
            {link.socket(), static_cast<short>(POLLIN | (link.has_unsent() ? POLLOUT : 0)), 0});
      }
    }
    ::poll(entries.data(), entries.size(), poll_milliseconds(parts_.clock, until));
  }

  /// Takes in everything that came, then judges.
  std::optional<Loss> look() {
    const TimePoint now = parts_.clock.steady_now();
    std::vector<Loss> announced;
    for (HeartbeatLink& link : links_) {
      link.flush();
      link.receive(monitor_, now, announced);
    }
    if (!announced.empty()) {
      return announced.front();
    }
    if (rank_ == 0) {
      warn(monitor_.stall_report(now));
      warn(monitor_.slow_report(now));
    }
    return monitor_.judge(now);
  }

  void warn(const std::optional<std::string>& report) const {
    if (report) {
      parts_.logger.warning("{}", *report);
    }
  }

  /// Rank 0 tells the others; they tell rank 0 why they go. Nobody waits for the lost one to
  /// listen.
  void take(const Loss& loss) {
    for (HeartbeatLink& link : links_) {
      if (link.rank() == loss.rank) {
        link.close();
      } else if (rank_ == 0) {
        link.send(FrameKind::kLoss, to_json(loss));
      } else {
        link.send(FrameKind::kFarewell, to_json(Farewell{loss.exit_code, describe(loss)}));
      }
    }
    finish_sending();
    parts_.on_loss(loss);
  }

  void say_goodbye() {
    std::optional<Farewell> farewell;
    {
      const std::lock_guard lock(mutex_);
      farewell = farewell_;
    }
    if (farewell) {
      for (HeartbeatLink& link : links_) {
        link.send(FrameKind::kFarewell, to_json(*farewell));
      }
      finish_sending();
    }
    for (HeartbeatLink& link : links_) {
      link.close();
    }
  }

  /// Closing a socket with unread bytes would take back what was just sent (RST, RFC 9293), so what
  /// comes is read until the others have heard it and close too.
  void finish_sending() {
    const TimePoint deadline = parts_.clock.steady_now() + kLastWordsTime;
    bool is_busy = true;
    while (is_busy && parts_.clock.steady_now() < deadline) {
      is_busy = false;
      for (HeartbeatLink& link : links_) {
        link.finish_sending();
        is_busy |= link.is_open();
      }
      if (is_busy) {
        parts_.clock.sleep_for(std::chrono::milliseconds(5));
      }
    }
  }

  const HeartbeatParts parts_;
  const HeartbeatSettings settings_;
  const int rank_;
  std::vector<HeartbeatLink> links_;  // the thread's
  UniqueFd wake_;
  HeartbeatMonitor monitor_;  // the thread's

  std::mutex mutex_;  // guards the four below
  std::condition_variable ended_;
  std::optional<Farewell> farewell_;
  bool must_stop_ = false;
  bool has_ended_ = false;

  std::thread thread_;
};

}  // namespace

std::unique_ptr<Heartbeat> Heartbeat::start(const HeartbeatParts& parts,
                                            const HeartbeatSettings& settings) {
  if (parts.communicator.size() == 1) {
    return nullptr;
  }
  auto links = open_heartbeat_channel(parts.communicator, parts.logger, parts.clock);
  if (links.empty()) {
    return nullptr;
  }
  return std::make_unique<LinkedHeartbeat>(parts, settings, std::move(links));
}

}  // namespace temper::comm
