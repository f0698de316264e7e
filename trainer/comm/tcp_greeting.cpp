#include "trainer/comm/tcp_greeting.h"

#include <fmt/format.h>

#include <array>
#include <random>
#include <utility>

#include "trainer/comm/message_json.h"

namespace temper::comm {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kVersion = 1;
constexpr int kMaxRanks = 65'536;
constexpr int kMaxPort = 65'535;
constexpr std::size_t kMaxNameBytes = 256;

constexpr std::array<std::pair<Purpose, std::string_view>, 3> kPurposes = {
    {{Purpose::kJoin, "join"}, {Purpose::kPeer, "peer"}, {Purpose::kHeartbeat, "heartbeat"}}};

template <class Read>
auto parse(std::string_view json, const std::string& origin, const Read& read) {
  return parse_message(json, kMaxGreetingBytes, origin, [&](const run::JsonFields& fields) {
    fields.integer("version", kVersion, kVersion);
    return read(fields);
  });
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

std::string draw_nonce() {
  std::random_device device;  // the kernel's
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device());
}

std::string to_json(const Hello& hello) {
  return dump_message({{"version", kVersion},
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
  return dump_message(
      {{"version", kVersion}, {"nonce", roster.nonce}, {"members", std::move(members)}});
}

std::string to_json(const Refusal& refusal) {
  return dump_message(
      {{"version", kVersion}, {"reason", refusal.reason}, {"final", refusal.is_final}});
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
