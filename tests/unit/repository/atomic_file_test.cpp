#include "repository/atomic_file.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>

#include <thread>

#include "almagest/error.hpp"
#include "toy_repository.hpp"

using namespace almagest;

namespace {

std::size_t count(toy::fs::path const& directory) {
  return toy::snapshot(directory).size();
}

}  // namespace

TEST_CASE("atomic file: a failure names the file, and leaves what was there and nothing else") {
  toy::Directory const directory;
  auto const path = directory.path() / "deep/er/file.txt";
  write_atomically(path, "old");
  CHECK_THROWS_WITH(write_atomically(path,
                                     [&](auto const& temporary) {
                                       toy::write_file(temporary, "half");
                                       CHECK(temporary.parent_path() == path.parent_path());
                                       CHECK(toy::read_file(path) == "old");
                                       throw DataError(temporary.string() + ": disk full");
                                     }),
                    (path.string() + ": disk full").c_str());
  CHECK(toy::read_file(path) == "old");
  write_atomically(path, "new");
  CHECK(toy::read_file(path) == "new");
  CHECK(count(directory.path()) == 1);
}

TEST_CASE("atomic file: the first one stays where only the first one counts") {
  toy::Directory const directory;
  for (bool const first : {true, false}) {
    AtomicFile file(directory.path() / "x");
    file.write(first ? "first" : "second");
    CHECK(file.commit_if_absent() == first);
  }
  CHECK(toy::read_file(directory.path() / "x") == "first");
  CHECK(count(directory.path()) == 1);
}

TEST_CASE("atomic file: a place that cannot be written is named") {
  toy::Directory const directory;
  toy::write_file(directory.path() / "file", "");
  auto const text = toy::message([&] { write_atomically(directory.path() / "file/x", "text"); });
  CHECK(toy::contains(text, "file/x"));
}

TEST_CASE("atomic file: readers see one whole content while many write") {
  toy::Directory const directory;
  auto const path = directory.path() / "shared";
  write_atomically(path, std::string(5000, 'a'));
  std::vector<std::thread> writers;
  for (char c = 'a'; c < 'e'; ++c)
    writers.emplace_back([&, c] {
      for (int i = 0; i < 20; ++i) write_atomically(path, std::string(5000, c));
    });
  for (int i = 0; i < 200; ++i) {
    std::string const text = toy::read_file(path);
    CHECK(text == std::string(5000, text.at(0)));
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(count(directory.path()) == 1);
}

TEST_CASE("atomic file: only what dead processes left is removed") {
  toy::Directory const directory;
  pid_t const child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);  // its number is free now
  std::string const dead = std::to_string(child), alive = std::to_string(::getpid());
  toy::write_file(directory.path() / ("a/.x.fits." + dead + ".0.tmp"), "half");
  toy::write_file(directory.path() / (".y." + dead + ".17.tmp"), "half");
  for (std::string const& name :
       {".x.fits." + alive + ".0.tmp", "x.fits." + dead + ".0.tmp", ".x." + dead + ".tmp",
        std::string(".tmp"), std::string("..tmp"), ".x." + dead + ".a.tmp", std::string("x.fits")})
    toy::write_file(directory.path() / name, "mine");
  remove_abandoned_files(directory.path(), false);
  CHECK(count(directory.path()) == 8);
  remove_abandoned_files(directory.path(), true);
  CHECK(count(directory.path()) == 7);
}
