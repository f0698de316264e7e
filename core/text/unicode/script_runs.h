#pragma once

#include <array>
#include <cstdint>

namespace temper::text {

/// From `first` on, code points are of one script; 0 goes with any other. The numbers have no
/// meaning but to be equal or not.
struct ScriptRun {
  char32_t first;
  std::uint8_t script;
};

/// The scripts that Hugging Face's UnicodeScripts sees, kana and ideographs as one.
extern const std::array<ScriptRun, 1489> kScriptRuns;

}  // namespace temper::text
