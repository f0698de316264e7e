// Sees c10d's headers; they bring a fmt of their own, so Debian's must not be included here.

#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "core/base/error.h"
#include "trainer/comm/open_nccl.h"

namespace temper::comm {
namespace {

std::string place_text(const NcclPlace& place) {
  return place.address + ":" + std::to_string(place.port);
}

class TcpStoreMeeting final : public MeetingPlace {
 public:
  TcpStoreMeeting(const NcclPlace& place, std::chrono::milliseconds timeout)
      : where_(place_text(place)) {
    c10d::TCPStoreOptions options;
    options.port = place.port;
    options.isServer = place.rank == 0;
    options.waitWorkers = false;  // meet() waits, and names those that are missing
    options.timeout = timeout;
    try {
      store_ = c10::make_intrusive<c10d::TCPStore>(place.address, options);
    } catch (const std::exception& error) {
      throw RetryableError("rank " + std::to_string(place.rank) + ": " +
                           (place.rank == 0 ? "can't open the meeting place at "
                                            : "rank 0 keeps no meeting place (yet) at ") +
                           where_ + ": " + first_line(error.what()) +
                           "; is the address reachable from here, and the port free?");
    }
  }

  void leave(const std::string& key, const std::string& word) override {
    attempt([&] { store_->set(key, std::vector<std::uint8_t>(word.begin(), word.end())); });
  }

  std::optional<std::string> find(const std::string& key,
                                  std::chrono::milliseconds timeout) override {
    std::optional<std::string> word;
    attempt([&] {
      if (store_->check({key}) || (timeout.count() > 0 && comes_in_time(key, timeout))) {
        const std::vector<std::uint8_t> bytes = store_->get(key);
        word.emplace(bytes.begin(), bytes.end());
      }
    });
    return word;
  }

 private:
  static std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

  bool comes_in_time(const std::string& key, std::chrono::milliseconds timeout) {
    try {
      store_->wait({key}, timeout);
      return true;
    } catch (const c10::DistNetworkError&) {
      throw;  // not the key: the store is gone
    } catch (const c10::DistError&) {
      return false;
    }
  }

  template <class Call>
  void attempt(const Call& call) {
    try {
      call();
    } catch (const c10::Error& error) {
      throw RetryableError("the meeting place of rank 0 at " + where_ +
                           " is lost: " + first_line(error.what_without_backtrace()));
    }
  }

  std::string where_;
  c10::intrusive_ptr<c10d::Store> store_;
};

}  // namespace

std::unique_ptr<MeetingPlace> open_tcp_store(const NcclPlace& place,
                                             std::chrono::milliseconds timeout) {
  return std::make_unique<TcpStoreMeeting>(place, timeout);
}

}  // namespace temper::comm
