#include "trainer/comm/heartbeat_message.h"

#include <fmt/format.h>

#include <limits>

#include "trainer/comm/message_json.h"
#include "trainer/comm/tcp_greeting.h"

namespace temper::comm {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kAnyStep = std::numeric_limits<std::int64_t>::max();
constexpr int kMaxRank = 65'535;
constexpr int kMaxPort = 65'535;
constexpr int kMaxCode = 255;
constexpr std::size_t kMaxNameBytes = 256;
constexpr std::size_t kMaxMessageBytes = 16'384;
constexpr std::size_t kMaxAddresses = 256;

/// Replaced characters may take three bytes each.
std::string cut(const std::string& text, std::size_t max_bytes) {
  return text.substr(0, max_bytes / 3);
}

template <class Read>
auto parse(std::string_view json, const std::string& origin, const Read& read) {
  return parse_message(json, kMaxGreetingBytes, origin, read);
}

}  // namespace

std::string describe(const Loss& loss) {
  return fmt::format("rank {} ({}) is lost: {}. It was at step {}, phase {}", loss.rank, loss.host,
                     loss.reason, loss.step, loss.phase);
}

std::string to_json(const Beat& beat) {
  return dump_message({{"step", beat.step},
                       {"phase", cut(beat.phase, kMaxNameBytes)},
                       {"count", beat.count},
                       {"waits", beat.waits}});
}

std::string to_json(const Farewell& farewell) {
  return dump_message(
      {{"exit_code", farewell.exit_code}, {"message", cut(farewell.message, kMaxMessageBytes)}});
}

std::string to_json(const Loss& loss) {
  return dump_message({{"rank", loss.rank},
                       {"host", cut(loss.host, kMaxNameBytes)},
                       {"reason", cut(loss.reason, kMaxMessageBytes)},
                       {"step", loss.step},
                       {"phase", cut(loss.phase, kMaxNameBytes)},
                       {"exit_code", loss.exit_code}});
}

std::string to_json(const Invitation& invitation) {
  Json addresses = Json::array();
  for (const std::string& address : invitation.addresses) {
    addresses.push_back({{"address", address}});
  }
  return dump_message({{"host", cut(invitation.host, kMaxNameBytes)},
                       {"addresses", std::move(addresses)},
                       {"port", invitation.port},
                       {"nonce", invitation.nonce}});
}

Beat parse_beat(std::string_view json) {
  return parse(json, "beat", [](const run::JsonFields& fields) {
    return Beat{fields.integer("step", 0, kAnyStep), fields.text("phase", kMaxNameBytes),
                fields.count("count"), fields.boolean("waits")};
  });
}

Farewell parse_farewell(std::string_view json) {
  return parse(json, "farewell", [](const run::JsonFields& fields) {
    return Farewell{static_cast<int>(fields.integer("exit_code", 0, kMaxCode)),
                    fields.text("message", kMaxMessageBytes)};
  });
}

Loss parse_loss(std::string_view json) {
  return parse(json, "loss", [](const run::JsonFields& fields) {
    return Loss{static_cast<int>(fields.integer("rank", 0, kMaxRank)),
                fields.text("host", kMaxNameBytes),
                fields.text("reason", kMaxMessageBytes),
                fields.integer("step", 0, kAnyStep),
                fields.text("phase", kMaxNameBytes),
                static_cast<int>(fields.integer("exit_code", 1, kMaxCode))};
  });
}

Invitation parse_invitation(std::string_view json) {
  return parse(json, "invitation", [](const run::JsonFields& fields) {
    Invitation invitation;
    invitation.host = fields.text("host", kMaxNameBytes);
    for (const nlohmann::json& item : fields.objects("addresses", kMaxAddresses)) {
      invitation.addresses.push_back(
          run::JsonFields(item, "invitation: address").text("address", kMaxNameBytes));
    }
    invitation.port = static_cast<int>(fields.integer("port", 1, kMaxPort));
    invitation.nonce = fields.text("nonce", kMaxNameBytes);
    return invitation;
  });
}

}  // namespace temper::comm
