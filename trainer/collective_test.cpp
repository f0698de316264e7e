#include "trainer/collective_test.h"

#include <span>
#include <string>

#include "core/base/durable_file.h"
#include "core/run/collective_report.h"
#include "trainer/comm/collective_trial.h"
#include "trainer/comm/tcp_socket.h"

namespace temper {

void test_collectives(std::size_t largest, const run::RunLayout& layout,
                      comm::Communicator& communicator, Clock& clock, comm::Activity& activity) {
  run::CollectiveReport report;
  report.communicator = communicator.name();
  const std::string host = comm::host_name();
  for (const auto& name : communicator.all_gather(std::as_bytes(std::span(host)))) {
    report.hosts.emplace_back(reinterpret_cast<const char*>(name.data()), name.size());
  }
  comm::TrialSettings settings;
  settings.largest = largest;
  report.timings =
      comm::time_collectives(communicator, settings, comm::process_memory(), clock, activity);
  if (communicator.rank() == 0) {
    write_file_durably(layout.collectives(), to_json(report));
  }
}

}  // namespace temper
