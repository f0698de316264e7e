#include "launcher/backends/signal_source.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/base/check.h"

namespace temper::launch {

SystemSignals::SystemSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGUSR2}) {
    sigaddset(&signals, number);
  }
  struct sigaction hang_up {};
  if (::sigaction(SIGHUP, nullptr, &hang_up) == 0 && hang_up.sa_handler != SIG_IGN) {
    sigaddset(&signals, SIGHUP);
  }
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  fd_.reset(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  CHECK(fd_.valid(), "signalfd");
}

std::optional<int> SystemSignals::poll() {
  signalfd_siginfo information{};
  if (::read(fd_.get(), &information, sizeof(information)) != sizeof(information)) {
    return std::nullopt;
  }
  return static_cast<int>(information.ssi_signo);
}

}  // namespace temper::launch
