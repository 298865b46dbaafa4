#include "host/command.hpp"

namespace almagest {

std::span<Command const> commands() {
  static constexpr Command all[] = {
      {"run", "run a pipeline on data of a repository", run_command},
      {"process-ccd", "run the camera's single-frame pipeline", process_ccd_command},
      {"create", "make an empty repository for an instrument", create_command},
      {"ingest", "enter raw frames in a repository", ingest_command},
      {"ingest-calibs", "enter calibrations with the days on which they hold",
       ingest_calibs_command},
      {"ingest-refcat", "make a reference catalogue from tables", ingest_refcat_command},
      {"query", "list a repository's data IDs, dataset types and reruns", query_command},
      {"export", "write stored catalogues as one table", export_command},
      {"compare", "match two catalogues and tell how they differ", compare_command},
      {"plot-blend", "draw a deblended source with its children", plot_blend_command},
      {"simulate", "write raw frames of a camera, or a synthetic field, with their truth",
       simulate_command},
      {"check-camera", "show what a camera makes of raw files", check_camera_command},
      {"new", "propose an obs package from a raw file", new_command},
      {"plugins", "list the plugins that were found, and where", plugins_command},
      {"describe", "print the ports and parameters of tasks", describe_command},
  };
  return all;
}

}  // namespace almagest
