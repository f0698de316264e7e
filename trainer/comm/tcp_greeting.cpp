#include "trainer/comm/tcp_greeting.h"

#include <array>
#include <utility>

#include "core/base/error.h"
#include "core/run/json_fields.h"

namespace temper::comm {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kVersion = 1;
constexpr int kMaxRanks = 65'536;
constexpr int kMaxPort = 65'535;
constexpr std::size_t kMaxNameBytes = 256;

constexpr std::array<std::pair<Purpose, std::string_view>, 3> kPurposes = {
    {{Purpose::kJoin, "join"}, {Purpose::kPeer, "peer"}, {Purpose::kHeartbeat, "heartbeat"}}};

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Parses with `read`; what is wrong with it is the other end's fault, not the user's.
template <class Read>
auto parse(std::string_view json, const std::string& origin, const Read& read) {
  try {
    const nlohmann::json object = run::parse_json_object(json, kMaxGreetingBytes, origin);
    const run::JsonFields fields(object, origin);
    fields.integer("version", kVersion, kVersion);
    return read(fields);
  } catch (const UserError& error) {
    throw RetryableError(error.what());
  }
}

Purpose parse_purpose(const run::JsonFields& fields) {
  const std::string text = fields.text("purpose", kMaxNameBytes);
  for (const auto& [purpose, name] : kPurposes) {
    if (name == text) {
      return purpose;
    }
  }
  fields.fail("purpose", "is unknown");
}

}  // namespace

std::string to_json(const Hello& hello) {
  return dump({{"version", kVersion},
               {"purpose", kPurposes[static_cast<std::size_t>(hello.purpose)].second},
               {"run", hello.run},
               {"nonce", hello.nonce},
               {"rank", hello.rank},
               {"size", hello.size},
               {"host", hello.host},
               {"port", hello.port}});
}

std::string to_json(const Roster& roster) {
  Json members = Json::array();
  for (const Roster::Member& member : roster.members) {
    members.push_back({{"host", member.host}, {"address", member.address}, {"port", member.port}});
  }
  return dump({{"version", kVersion}, {"nonce", roster.nonce}, {"members", std::move(members)}});
}

std::string to_json(const Refusal& refusal) {
  return dump({{"version", kVersion}, {"reason", refusal.reason}, {"final", refusal.is_final}});
}

Hello parse_hello(std::string_view json) {
  return parse(json, "hello", [](const run::JsonFields& fields) {
    Hello hello;
    hello.purpose = parse_purpose(fields);
    hello.run = fields.text("run", kMaxNameBytes);
    hello.nonce = fields.text("nonce", kMaxNameBytes);
    hello.size = static_cast<int>(fields.integer("size", 1, kMaxRanks));
    hello.rank = static_cast<int>(fields.integer("rank", 0, hello.size - 1));
    hello.host = fields.text("host", kMaxNameBytes);
    hello.port = static_cast<int>(fields.integer("port", 0, kMaxPort));
    return hello;
  });
}

Roster parse_roster(std::string_view json) {
  return parse(json, "roster", [](const run::JsonFields& fields) {
    Roster roster;
    roster.nonce = fields.text("nonce", kMaxNameBytes);
    for (const nlohmann::json& item : fields.objects("members", kMaxRanks)) {
      const run::JsonFields member(item, "roster: member");
      roster.members.push_back({member.text("host", kMaxNameBytes),
                                member.text("address", kMaxNameBytes),
                                static_cast<int>(member.integer("port", 0, kMaxPort))});
    }
    return roster;
  });
}

Refusal parse_refusal(std::string_view json) {
  return parse(json, "refusal", [](const run::JsonFields& fields) {
    return Refusal{fields.text("reason"), fields.boolean("final")};
  });
}

}  // namespace temper::comm
