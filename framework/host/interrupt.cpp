#include "host/interrupt.hpp"

#include <signal.h>
#include <unistd.h>

#include "host/command.hpp"

namespace almagest {

namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGUSR1);  // from the destructor: wakes the waiting thread
  return set;
}

}  // namespace

Interrupt::Interrupt() {
  sigset_t const set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  waiter_ = std::thread([this] { wait(); });
}

Interrupt::~Interrupt() {
  finished_ = true;
  pthread_kill(waiter_.native_handle(), SIGUSR1);
  waiter_.join();
}

void Interrupt::wait() {
  sigset_t const set = stop_signals();
  for (int number = 0; sigwait(&set, &number) == 0 && !finished_;) {
    if (number == SIGUSR1) continue;
    if (signalled_.exchange(true)) _exit(exit_interrupted);
    stop_.request_stop();
  }
}

}  // namespace almagest
