#include "trainer/train/stop_signal.h"

#include <sys/signalfd.h>

#include <csignal>

#include "core/base/check.h"

namespace temper::train {

StopSignal::StopSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGUSR2}) {
    sigaddset(&signals, number);
  }
  CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0, "pthread_sigmask");
  fd_.reset(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  CHECK(fd_.valid(), "signalfd");
}

bool StopSignal::requested() {
  signalfd_siginfo info{};
  while (::read(fd_.get(), &info, sizeof(info)) == sizeof(info)) {
    requested_ = true;
  }
  return requested_;
}

}  // namespace temper::train
