#include "trainer/checkpoint/together.h"

#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace temper::checkpoint {

// What a rank says of its step: nothing if it went well, else one byte of exit code and the
// message.
void run_together(comm::Communicator& communicator, const std::function<void()>& step) {
  std::string said;
  try {
    step();
  } catch (const std::exception& error) {
    said = static_cast<char>(exit_code_of(error)) + std::string(error.what());
  }
  const std::vector<std::vector<std::byte>> all =
      communicator.all_gather(std::as_bytes(std::span(said)));
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    if (all[rank].empty()) {
      continue;
    }
    const std::string text(reinterpret_cast<const char*>(all[rank].data()), all[rank].size());
    throw Error(static_cast<ExitCode>(text[0]),
                "rank " + std::to_string(rank) + ": " + text.substr(1));
  }
}

}  // namespace temper::checkpoint
