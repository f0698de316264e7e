#include "trainer/comm/open_nccl.h"

#include "core/base/check.h"
#include "core/base/error.h"
#include "trainer/device/device_checks.h"

namespace temper::comm {
namespace {

constexpr std::chrono::seconds kStoreGrace{1};

}  // namespace

std::unique_ptr<NcclCommunicator> open_nccl_communicator(const NcclPlace& place,
                                                         const NcclSettings& settings,
                                                         const NcclWorld& world, Clock& clock) {
  CHECK(0 <= place.local_rank && place.local_rank < place.local_size, "local rank {} of {}",
        place.local_rank, place.local_size);
  device::check_gpus(world.devices, place.local_size);
  const device::Gpu& gpu = world.devices.gpus[static_cast<std::size_t>(place.local_rank)];
  const MeetingRank mine{place.rank, place.size, world.host, device::gpu_kind(gpu),
                         world.libraries};
  auto store = world.open_store(place, settings.connect_timeout);
  try {
    meet(*store, mine, settings.connect_timeout, clock);
    auto group = connect_together(*store, mine, [&] { return world.open_group(place, settings); });
    return std::make_unique<NcclCommunicator>(std::move(group), std::move(store));
  } catch (const Error&) {
    if (place.rank == 0) {
      clock.sleep_for(kStoreGrace);  // the others find out the same in its store
    }
    throw;
  }
}

}  // namespace temper::comm
