#include "host/console.hpp"

#include <unistd.h>

#include <cstdio>

namespace almagest {

namespace {
constexpr char const* erase_line = "\r\033[K";
}

Console::Console() : terminal_(isatty(STDERR_FILENO) == 1) {}

void Console::write_line(std::string_view text) {
  std::lock_guard lock(mutex_);
  if (!status_.empty()) std::fputs(erase_line, stderr);
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  if (!status_.empty()) std::fputs(status_.c_str(), stderr);
}

void Console::set_status(std::string text) {
  if (!terminal_) return;
  std::lock_guard lock(mutex_);
  if (text == status_) return;
  status_ = std::move(text);
  std::fprintf(stderr, "%s%s", erase_line, status_.c_str());
  std::fflush(stderr);
}

}  // namespace almagest
