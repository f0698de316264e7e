#include "trainer/train/startup_phases.h"

#include <fmt/format.h>

namespace temper::train {

StartupPhases::Measurement::Measurement(StartupPhases& phases, const char* name)
    : phases_(phases),
      name_(name),
      span_(phases.timeline_, name),
      begin_(phases.clock_.steady_now()) {
  phases.activity_.enter(name);
}

StartupPhases::Measurement::~Measurement() {
  phases_.phases_.emplace_back(name_, phases_.clock_.steady_now() - begin_);
}

std::string StartupPhases::text() const {
  constexpr std::chrono::duration<double> kLeast{0.005};
  std::string text;
  for (const auto& [name, took] : phases_) {
    if (took >= kLeast) {
      text += fmt::format("{}{} {:.2f} s", text.empty() ? "" : ", ", name, took.count());
    }
  }
  return text.empty() ? "nothing took longer than 5 ms" : text;
}

}  // namespace temper::train
