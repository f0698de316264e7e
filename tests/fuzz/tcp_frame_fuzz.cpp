#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/base/error.h"
#include "trainer/comm/heartbeat_message.h"
#include "trainer/comm/tcp_frame.h"
#include "trainer/comm/tcp_greeting.h"

namespace {

/// A message that is one is written and read back as the same.
template <class Parse>
void parse_both_ways(std::string_view text, const Parse& parse) {
  try {
    const auto message = parse(text);
    if (!(parse(temper::comm::to_json(message)) == message)) {
      std::abort();
    }
  } catch (const temper::RetryableError&) {
    // No such message.
  }
}

/// Those that are cut to a length when written.
template <class Parse>
void parse_only(std::string_view text, const Parse& parse) {
  try {
    parse(text);
  } catch (const temper::RetryableError&) {
    // No such message.
  }
}

}  // namespace

/// Any bytes in pieces, whose size is the first byte, give frames or a RetryableError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace temper::comm;
  if (size == 0) {
    return 0;
  }
  const std::size_t piece = std::size_t{1} + data[0];
  auto rest = std::as_bytes(std::span(data + 1, size - 1));
  FrameReader reader(kMaxGreetingBytes);
  try {
    while (!rest.empty()) {
      const std::size_t count = std::min(piece, rest.size());
      reader.feed(rest.first(count));
      rest = rest.subspan(count);
      while (const auto frame = reader.next()) {
        parse_both_ways(frame->text(), parse_hello);
        parse_both_ways(frame->text(), parse_roster);
        parse_both_ways(frame->text(), parse_refusal);
        parse_only(frame->text(), parse_beat);
        parse_only(frame->text(), parse_farewell);
        parse_only(frame->text(), parse_loss);
        parse_only(frame->text(), parse_invitation);
      }
    }
  } catch (const temper::RetryableError&) {
    // No frame.
  }
  return 0;
}
