#include "core/base/timeline.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/base/file_error.h"

namespace temper {
namespace {

constexpr std::string_view kOpening = "[\n";
constexpr std::string_view kSeparator = ",\n";

/// An event that names a process or a thread ("M": metadata).
std::string naming(const char* what, int process, int thread, const std::string& name) {
  const nlohmann::json event = {
      {"name", what}, {"ph", "M"}, {"pid", process}, {"tid", thread}, {"args", {{"name", name}}}};
  return event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
         std::string(kSeparator);
}

}  // namespace

Timeline::Timeline(std::filesystem::path file, int process_id, const std::string& process,
                   Clock& clock)
    : file_(std::move(file)),
      process_id_(process_id),
      clock_(clock),
      wall_start_(clock.now()),
      steady_start_(clock.steady_now()) {
  std::error_code absent;
  const bool is_new = std::filesystem::file_size(file_, absent) == 0 || absent;
  std::ofstream out(file_, std::ios::binary | std::ios::app);
  out << (is_new ? kOpening : "\n");  // a killed process may have left half a line
  out << naming("process_name", process_id_, 0, process) << std::flush;
  if (!out) {
    throw FileError("write", file_, errno);
  }
}

Timeline::~Timeline() {
  flush();
}

void Timeline::name_this_thread(const std::string& name) {
  const std::lock_guard lock(mutex_);
  lines_ += naming("thread_name", process_id_, thread_number(), name);
}

void Timeline::add(const char* name, std::chrono::steady_clock::time_point begin,
                   std::span<const Argument> arguments) {
  const std::int64_t from = microseconds(begin);
  const std::int64_t duration = microseconds(clock_.steady_now()) - from;
  std::string numbers;
  for (const Argument& argument : arguments) {
    if (argument.name != nullptr) {
      numbers +=
          fmt::format("{}\"{}\":{}", numbers.empty() ? "" : ",", argument.name, argument.value);
    }
  }
  const std::lock_guard lock(mutex_);
  fmt::format_to(std::back_inserter(lines_),
                 R"({{"name":"{}","ph":"X","ts":{},"dur":{},"pid":{},"tid":{},"args":{{{}}}}}{})",
                 name, from, duration, process_id_, thread_number(), numbers, kSeparator);
}

void Timeline::flush() {
  std::string lines;
  {
    const std::lock_guard lock(mutex_);
    lines.swap(lines_);
  }
  std::ofstream(file_, std::ios::binary | std::ios::app) << lines;
}

int Timeline::thread_number() {
  return thread_numbers_
      .try_emplace(std::this_thread::get_id(), static_cast<int>(thread_numbers_.size()))
      .first->second;
}

std::int64_t Timeline::microseconds(std::chrono::steady_clock::time_point time) const {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  return duration_cast<microseconds>(wall_start_.time_since_epoch()).count() +
         duration_cast<microseconds>(time - steady_start_).count();
}

TimelineSpan::TimelineSpan(Timeline* timeline, const char* name, Timeline::Argument first,
                           Timeline::Argument second)
    : timeline_(timeline), name_(name), arguments_{first, second} {
  if (timeline_ != nullptr) {
    begin_ = timeline_->clock().steady_now();
  }
}

TimelineSpan::~TimelineSpan() {
  if (timeline_ != nullptr) {
    timeline_->add(name_, begin_, arguments_);
  }
}

void merge_timelines(std::span<const std::filesystem::path> parts,
                     const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  std::string_view before = kOpening;
  for (const std::filesystem::path& part : parts) {
    std::ifstream in(part, std::ios::binary);
    std::string line;
    while (std::getline(in, line)) {
      if (line.ends_with(',')) {
        line.pop_back();
      }
      if (line.starts_with('{') && nlohmann::json::accept(line)) {  // else torn by a kill
        out << before << line;
        before = kSeparator;
      }
    }
  }
  out << (before == kOpening ? "[" : "") << "\n]\n" << std::flush;
  if (!out) {
    throw FileError("write", file, errno);
  }
}

}  // namespace temper
