#include "launcher/backends/job_name.h"

#include <algorithm>
#include <cctype>

#include "core/base/hash.h"

namespace temper::launch {
namespace {

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool is_letter_or_digit(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

}  // namespace

std::string job_name(const std::string& run_id) {
  constexpr std::size_t kLongest = 40;
  constexpr std::size_t kHashDigits = 6;
  std::string name;
  for (const char c : run_id) {
    name += is_letter_or_digit(c) ? static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
                                  : '-';
  }
  if (name.empty() || !is_letter(name.front())) {
    name = "r-" + name;
  }
  if (name == run_id && name.size() <= kLongest && name.back() != '-') {
    return name;
  }
  // What was changed or cut is told apart by a hash; the id at the end stays readable.
  const std::string hash = sha256_hex(run_id).substr(0, kHashDigits);
  constexpr std::size_t kIdLetters = 9;  // "-" and the id
  const std::string id = name.substr(name.size() - std::min(name.size(), kIdLetters));
  std::string changed = name.substr(0, kLongest - kHashDigits - 1 - kIdLetters) + "-" + hash +
                        (id.front() == '-' ? id : "-" + id.substr(1));
  while (changed.back() == '-') {  // stops at the hash
    changed.pop_back();
  }
  return changed;
}

}  // namespace temper::launch
