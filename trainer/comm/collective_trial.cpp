#include "trainer/comm/collective_trial.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "core/base/check.h"

namespace temper::comm {
namespace {

constexpr std::uint64_t kMaxCalls = 1000;

/// What byte `index` of the message with this number is: no two places of a buffer that a wrong
/// offset could mix up look alike for long.
std::byte pattern(std::uint64_t message, std::size_t index) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15ULL;  // 2^64 / golden ratio
  return static_cast<std::byte>(((index + 1) * kOdd + message * 0x632BE59BD9B4E019ULL) >> 40U);
}

void fill(std::span<std::byte> bytes, std::uint64_t message) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = pattern(message, i);
  }
}

/// A collective with what it needs: bytes that go in, bytes that come out and what they must be.
class Operation {
 public:
  Operation(std::string name, Communicator& communicator, const TrialMemory& memory,
            std::size_t bytes)
      : name_(std::move(name)),
        communicator_(communicator),
        memory_(memory),
        ranks_(static_cast<std::size_t>(communicator.size())),
        own_(static_cast<std::size_t>(communicator.rank())),
        piece_(std::max<std::size_t>(1, bytes / ranks_)),
        input_(piece_ * ranks_),
        expected_(piece_ * ranks_),
        sent_(memory.allocate(expected_.size())),
        received_(memory.allocate(expected_.size())) {
    for (std::size_t r = 0; r < ranks_; ++r) {
      fill(piece_of(input_, r), message(own_, r));
      fill(piece_of(expected_, r), message(r, own_));
    }
    memory_.copy(input_, bytes_of(sent_));
  }

  std::size_t bytes() const { return expected_.size(); }

  /// Nothing that an earlier call left behind can pass for a result.
  void clear() {
    std::vector<std::byte> wrong(expected_);
    std::transform(wrong.begin(), wrong.end(), wrong.begin(), [](std::byte b) { return ~b; });
    if (name_ == "all_gather") {  // in place
      std::ranges::copy(piece_of(expected_, own_), piece_of(wrong, own_).begin());
    } else if (name_ == "broadcast" && own_ == 0) {
      wrong = expected_;
    }
    memory_.copy(wrong, bytes_of(received_));
  }

  void call() {
    if (name_ == "all_gather") {
      std::vector<std::size_t> offsets;
      for (std::size_t r = 0; r <= ranks_; ++r) {
        offsets.push_back(r * piece_);
      }
      communicator_.all_gather_into(bytes_of(received_), offsets);
    } else if (name_ == "broadcast") {
      communicator_.broadcast(bytes_of(received_), 0);
    } else {
      std::vector<std::span<const std::byte>> send;
      std::vector<std::span<std::byte>> receive;
      for (std::size_t r = 0; r < ranks_; ++r) {
        send.push_back(piece_of(bytes_of(sent_), r));
        receive.push_back(piece_of(bytes_of(received_), r));
      }
      communicator_.all_to_all_into(send, receive);
    }
  }

  std::uint64_t count_wrong() const {
    std::vector<std::byte> result(expected_.size());
    memory_.copy(bytes_of(received_), result);
    std::uint64_t wrong = 0;
    for (std::size_t i = 0; i < result.size(); ++i) {
      wrong += result[i] != expected_[i] ? 1 : 0;
    }
    return wrong;
  }

 private:
  /// The number of piece `from` of what rank `to` gets.
  std::uint64_t message(std::size_t from, std::size_t to) const {
    return name_ == "all_to_all" ? from * ranks_ + to : from;
  }
  std::span<std::byte> bytes_of(const std::shared_ptr<std::byte>& memory) const {
    return {memory.get(), expected_.size()};
  }
  std::span<std::byte> piece_of(std::span<std::byte> bytes, std::size_t rank) const {
    return bytes.subspan(rank * piece_, piece_);
  }

  const std::string name_;
  Communicator& communicator_;
  const TrialMemory& memory_;
  const std::size_t ranks_, own_, piece_;
  std::vector<std::byte> input_, expected_;
  const std::shared_ptr<std::byte> sent_, received_;
};

/// Every rank's number.
template <class Number>
std::vector<Number> gather(Communicator& communicator, Number own) {
  std::vector<Number> numbers;
  for (const std::vector<std::byte>& bytes :
       communicator.all_gather(std::as_bytes(std::span(&own, 1)))) {
    CHECK(bytes.size() == sizeof(Number), "{} bytes for a number", bytes.size());
    std::memcpy(&numbers.emplace_back(), bytes.data(), sizeof(Number));
  }
  return numbers;
}

/// Seconds that `calls` calls take the slowest rank, all beginning together.
double time_calls(Operation& operation, std::uint64_t calls, Communicator& communicator,
                  Clock& clock) {
  communicator.barrier();
  const auto began = clock.steady_now();
  for (std::uint64_t call = 0; call < calls; ++call) {
    operation.call();
  }
  const double own = std::chrono::duration<double>(clock.steady_now() - began).count();
  const std::vector<double> all = gather(communicator, own);
  return *std::max_element(all.begin(), all.end());
}

std::uint64_t count_wrong(const Operation& operation, Communicator& communicator) {
  std::uint64_t sum = 0;
  for (const std::uint64_t wrong : gather(communicator, operation.count_wrong())) {
    sum += wrong;
  }
  return sum;
}

run::CollectiveTiming time_operation(const char* name, std::size_t bytes,
                                     Communicator& communicator, const TrialSettings& settings,
                                     const TrialMemory& memory, Clock& clock) {
  Operation operation(name, communicator, memory, bytes);
  operation.clear();
  const double once = time_calls(operation, 1, communicator, clock);
  const std::uint64_t wrong_at_first = count_wrong(operation, communicator);
  const double wanted = std::chrono::duration<double>(settings.time_of_a_size).count();
  const auto calls = static_cast<std::uint64_t>(
      std::clamp(wanted / std::max(once, 1e-9), 1.0, static_cast<double>(kMaxCalls)));
  operation.clear();
  const double all = time_calls(operation, calls, communicator, clock);
  return {name, operation.bytes(), calls, all / static_cast<double>(calls),
          wrong_at_first + count_wrong(operation, communicator)};
}

}  // namespace

TrialMemory process_memory() {
  return {[](std::size_t bytes) {
            return std::shared_ptr<std::byte>(new std::byte[bytes],
                                              std::default_delete<std::byte[]>());
          },
          [](std::span<const std::byte> from, std::span<std::byte> to) {
            CHECK(from.size() == to.size(), "{} bytes into {}", from.size(), to.size());
            std::copy(from.begin(), from.end(), to.begin());
          }};
}

std::vector<run::CollectiveTiming> time_collectives(Communicator& communicator,
                                                    const TrialSettings& settings,
                                                    const TrialMemory& memory, Clock& clock,
                                                    Activity& activity) {
  std::vector<run::CollectiveTiming> timings;
  for (const char* name : {"all_to_all", "all_gather", "broadcast"}) {
    activity.enter(name);
    for (std::size_t bytes = settings.smallest; bytes <= settings.largest;
         bytes *= TrialSettings::kStep) {
      timings.push_back(time_operation(name, bytes, communicator, settings, memory, clock));
    }
  }
  return timings;
}

}  // namespace temper::comm
