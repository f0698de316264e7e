#include "core/base/time_format.h"

#include <fmt/format.h>

namespace temper {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::system_clock;
using std::chrono::year_month_day;

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

/// Takes pieces off the front of a text; one failure makes all later ones fail.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  /// Exactly `num_digits` digits with a value in [low, high].
  int number(std::size_t num_digits, int low, int high) {
    int value = 0;
    for (std::size_t i = 0; i < num_digits; ++i) {
      if (i >= rest_.size() || !is_digit(rest_[i])) {
        return fail();
      }
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(num_digits);
    return value >= low && value <= high ? value : fail();
  }

  /// One letter out of `choices`.
  char letter(std::string_view choices) {
    if (rest_.empty() || choices.find(rest_.front()) == std::string_view::npos) {
      fail();
      return '\0';
    }
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }

  /// ".123": at least one digit after the point. Nothing if there is no point.
  nanoseconds fraction() {
    if (rest_.empty() || rest_.front() != '.') {
      return nanoseconds{0};
    }
    rest_.remove_prefix(1);
    std::int64_t value = 0;
    std::int64_t unit = 1'000'000'000;
    std::size_t length = 0;
    for (; length < rest_.size() && is_digit(rest_[length]); ++length) {
      unit /= 10;
      value += unit * (rest_[length] - '0');
    }
    rest_.remove_prefix(length);
    if (length == 0) {
      fail();
    }
    return nanoseconds{value};
  }

  bool complete() const { return !failed_ && rest_.empty(); }

 private:
  int fail() {
    failed_ = true;
    return 0;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace

std::string format_rfc3339(system_clock::time_point time) {
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const std::chrono::hh_mm_ss clock{floor<milliseconds>(time - day)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<system_clock::time_point> parse_rfc3339(std::string_view text) {
  Scanner scanner(text);
  const std::chrono::year year{scanner.number(4, 0, 9999)};
  scanner.letter("-");
  const std::chrono::month month{static_cast<unsigned>(scanner.number(2, 1, 12))};
  scanner.letter("-");
  const std::chrono::day day{static_cast<unsigned>(scanner.number(2, 1, 31))};
  scanner.letter("Tt ");
  const hours hour{scanner.number(2, 0, 23)};
  scanner.letter(":");
  const minutes minute{scanner.number(2, 0, 59)};
  scanner.letter(":");
  const seconds second{scanner.number(2, 0, 60)};
  const nanoseconds fraction = scanner.fraction();
  minutes offset{0};
  const char zone = scanner.letter("Zz+-");
  if (zone == '+' || zone == '-') {
    offset = hours{scanner.number(2, 0, 23)};
    scanner.letter(":");
    offset += minutes{scanner.number(2, 0, 59)};
  }
  const year_month_day date{year, month, day};
  if (!scanner.complete() || !date.ok()) {
    return std::nullopt;
  }
  // The nanosecond clock ends in 1677 and 2262; outside it the sum would overflow.
  if (year < std::chrono::year{1678} || year > std::chrono::year{2261}) {
    return std::nullopt;
  }
  return sys_days{date} + hour + minute + second + fraction - (zone == '-' ? -offset : offset);
}

}  // namespace temper
