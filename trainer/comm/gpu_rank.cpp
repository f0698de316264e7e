#include "trainer/comm/gpu_rank.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "trainer/comm/heartbeat_channel.h"
#include "trainer/comm/tcp_socket.h"
#include "trainer/device/device_checks.h"

namespace temper::comm {
namespace {

using Json = nlohmann::json;

/// What a rank says of itself; rank 0's port is everybody's.
std::vector<Json> gather(Communicator& launched, const Json& word) {
  const std::string text = word.dump();
  std::vector<Json> words;
  for (const std::vector<std::byte>& bytes :
       launched.all_gather(std::as_bytes(std::span(text.data(), text.size())))) {
    words.push_back(
        Json::parse(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())));
  }
  return words;
}

/// Which of rank 0's addresses answers from here.
std::string address_of_rank_0(Communicator& launched, const Logger& logger, Clock& clock) {
  const std::vector<HeartbeatLink> links = open_heartbeat_channel(launched, logger, clock);
  if (links.empty()) {
    throw RetryableError(fmt::format(
        "rank {} of {}: not every rank can reach rank 0 over TCP, where NCCL's ranks meet; open "
        "the ports between the machines of a job",
        launched.rank(), launched.size()));
  }
  return launched.rank() == 0 ? "127.0.0.1" : links.front().address();
}

}  // namespace

NcclPlace agree_on_place(Communicator& launched, const std::string& host, const Logger& logger,
                         Clock& clock) {
  // Free now; should somebody take it before the store does, the run is started again.
  const int free_port = launched.rank() == 0 ? port_of(listen_on(0)) : 0;
  const std::vector<Json> words = gather(launched, {{"host", host}, {"port", free_port}});
  NcclPlace place{launched.rank(), launched.size(), 0, 0, "", 0};
  for (int rank = 0; rank < place.size; ++rank) {
    if (words[static_cast<std::size_t>(rank)]["host"] == host) {
      place.local_rank += rank < place.rank ? 1 : 0;
      ++place.local_size;
    }
  }
  place.port = words[0]["port"].get<std::uint16_t>();
  place.address = address_of_rank_0(launched, logger, clock);
  return place;
}

GpuRank open_gpu_rank(std::unique_ptr<Communicator> launched, const NcclSettings& settings,
                      const NcclWorld& world, const Logger& logger, Clock& clock) {
  if (launched->size() == 1) {
    device::check_gpus(world.devices, 1);
    return {std::move(launched), 0};
  }
  const NcclPlace place = agree_on_place(*launched, world.host, logger, clock);
  launched.reset();  // MPI's progress and NCCL's have nothing to do with each other
  return {open_nccl_communicator(place, settings, world, clock), place.local_rank};
}

}  // namespace temper::comm
