#pragma once

#include <span>
#include <string>
#include <vector>

namespace almagest {

/// Exit codes (users document, section 2).
enum ExitCode { exit_ok = 0, exit_some_failed = 1, exit_usage = 2, exit_interrupted = 130 };

using Arguments = std::vector<std::string>;

/// One subcommand of the program. `run` gets the words after the command's name and returns an exit
/// code; what it throws ends the program with exit_usage for ConfigError and NotImplementedError,
/// and with exit_some_failed for everything else.
struct Command {
  char const* name;
  char const* summary;
  int (*run)(Arguments const& arguments);
};

/// All commands, in the order of `almagest --help`.
std::span<Command const> commands();

int run_command(Arguments const& arguments);
int process_ccd_command(Arguments const& arguments);
int create_command(Arguments const& arguments);
int ingest_command(Arguments const& arguments);
int ingest_calibs_command(Arguments const& arguments);
int ingest_refcat_command(Arguments const& arguments);
int query_command(Arguments const& arguments);
int export_command(Arguments const& arguments);
int compare_command(Arguments const& arguments);
int plot_blend_command(Arguments const& arguments);
int simulate_command(Arguments const& arguments);
int check_camera_command(Arguments const& arguments);
int new_command(Arguments const& arguments);
int plugins_command(Arguments const& arguments);
int describe_command(Arguments const& arguments);

}  // namespace almagest
