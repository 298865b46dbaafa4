#include <algorithm>
#include <set>
#include <utility>

#include "engine/index.hpp"
#include "engine/pipeline.hpp"

namespace almagest {
namespace {

std::string joined(std::vector<std::string> const& words, char const* separator) {
  std::string text;
  for (std::string const& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

/// The labels at a step's inputs or outputs; in brackets what is read from the repository, with a
/// question mark what may be absent.
std::string labels(Pipeline const& pipeline, Step const& step, bool inputs) {
  std::vector<std::string> words;
  for (Port const* port : step.task->ports()) {
    int const v = step.versions[port->index()];
    if (port->is_input() != inputs || v < 0) continue;
    Version const& version = pipeline.versions[at(v)];
    std::string word = version.writer < 0 ? '[' + version.dataset + ']' : version.label;
    if (port->kind() == Port::Kind::maybe_in) word += '?';
    if (std::ranges::find(words, word) == words.end()) words.push_back(std::move(word));
  }
  return words.empty() ? "-" : joined(words, " ");
}

std::string conditions(Step const& step) {
  std::string text;
  if (!step.per.empty()) text += " (per " + joined(step.per, ", ") + ')';
  if (step.when) text += " (when " + step.when->text() + ')';
  return text;
}

void pad(std::string& text, std::size_t width) {
  text.append(width > text.size() ? width - text.size() : 0, ' ');
}

// ---- the graph --------------------------------------------------------------------------------

/// An arrow of the graph: a product, from its writer or its dataset to a step or a dataset.
struct Edge {
  std::string from, to, label;
  auto operator<=>(Edge const&) const = default;
};

struct Graph {
  std::vector<std::string> read;    ///< dataset types, as nodes "r0", "r1", …
  std::vector<std::string> stored;  ///< likewise, "o0", "o1", …
  std::vector<Edge> edges;
};

std::string node_of(std::vector<std::string>& names, char prefix, std::string const& name) {
  auto const found = std::ranges::find(names, name);
  auto const index = found - names.begin();
  if (found == names.end()) names.push_back(name);
  return prefix + std::to_string(index);
}

Graph make_graph(Pipeline const& pipeline) {
  Graph graph;
  std::set<Edge> seen;
  auto const add = [&](Edge edge) {
    if (seen.insert(edge).second) graph.edges.push_back(std::move(edge));
  };
  for (std::size_t s = 0; s < pipeline.steps.size(); ++s) {
    Step const& step = pipeline.steps[s];
    std::string const node = 's' + std::to_string(s);
    for (Port const* port : step.task->ports()) {
      int const v = step.versions[port->index()];
      if (v < 0) continue;
      Version const& version = pipeline.versions[at(v)];
      if (!port->is_input()) {
        for (int o : version.outputs)
          add({node, node_of(graph.stored, 'o', pipeline.outputs[at(o)].dataset), version.label});
      } else if (version.writer < 0) {
        add({node_of(graph.read, 'r', version.dataset), node, version.label});
      } else {
        add({'s' + std::to_string(version.writer), node, version.label});
      }
    }
  }
  return graph;
}

std::string as_dot(Pipeline const& pipeline, Graph const& graph) {
  std::string text = "digraph pipeline {\n  node [shape=box];\n";
  for (std::size_t s = 0; s < pipeline.steps.size(); ++s)
    text += "  s" + std::to_string(s) + " [label=\"" + pipeline.steps[s].name + "\\n" +
            pipeline.steps[s].use + "\"];\n";
  for (std::size_t i = 0; i < graph.read.size(); ++i)
    text += "  r" + std::to_string(i) + " [shape=cylinder, label=\"" + graph.read[i] + "\"];\n";
  for (std::size_t i = 0; i < graph.stored.size(); ++i)
    text += "  o" + std::to_string(i) + " [shape=cylinder, label=\"" + graph.stored[i] + "\"];\n";
  for (Edge const& edge : graph.edges)
    text += "  " + edge.from + " -> " + edge.to + " [label=\"" + edge.label + "\"];\n";
  return text + "}\n";
}

std::string as_mermaid(Pipeline const& pipeline, Graph const& graph) {
  std::string text = "flowchart TD\n";
  for (std::size_t s = 0; s < pipeline.steps.size(); ++s)
    text += "  s" + std::to_string(s) + "[\"" + pipeline.steps[s].name + "<br/>" +
            pipeline.steps[s].use + "\"]\n";
  for (std::size_t i = 0; i < graph.read.size(); ++i)
    text += "  r" + std::to_string(i) + "[(\"" + graph.read[i] + "\")]\n";
  for (std::size_t i = 0; i < graph.stored.size(); ++i)
    text += "  o" + std::to_string(i) + "[(\"" + graph.stored[i] + "\")]\n";
  for (Edge const& edge : graph.edges)
    text += "  " + edge.from + " -->|" + edge.label + "| " + edge.to + "\n";
  return text;
}

/// One paragraph per step: what it reads and from whom, what it makes and for whom.
std::string as_text(Pipeline const& pipeline) {
  std::string text;
  for (Step const& step : pipeline.steps) {
    text += step.name + " (" + step.use + ")" + conditions(step) + '\n';
    for (Port const* port : step.task->ports()) {
      int const v = step.versions[port->index()];
      if (v < 0) continue;
      Version const& version = pipeline.versions[at(v)];
      if (port->is_input()) {
        text += "  " + version.label + " <- " +
                (version.writer < 0 ? '[' + version.dataset + ']'
                                    : pipeline.steps[at(version.writer)].name) +
                '\n';
        continue;
      }
      std::vector<std::string> targets;
      for (int reader : version.readers) targets.push_back(pipeline.steps[at(reader)].name);
      for (int o : version.outputs) targets.push_back('[' + pipeline.outputs[at(o)].dataset + ']');
      text +=
          "  " + version.label + " -> " + (targets.empty() ? "-" : joined(targets, ", ")) + '\n';
    }
  }
  return text;
}

}  // namespace

std::string show_tasks(Pipeline const& pipeline) {
  std::size_t name_width = 0;
  std::size_t use_width = 0;
  std::size_t input_width = 0;
  for (Step const& step : pipeline.steps) {
    name_width = std::max(name_width, step.name.size());
    use_width = std::max(use_width, step.use.size());
    input_width = std::max(input_width, labels(pipeline, step, true).size());
  }
  std::string text;
  for (Step const& step : pipeline.steps) {
    std::string line = step.name;
    pad(line, name_width + 2);
    line += step.use;
    pad(line, name_width + use_width + 4);
    line += labels(pipeline, step, true);
    pad(line, name_width + use_width + input_width + 4);
    text += line + " -> " + labels(pipeline, step, false) + conditions(step) + '\n';
  }
  return text;
}

std::string show_graph(Pipeline const& pipeline, GraphFormat format) {
  switch (format) {
    case GraphFormat::text:
      break;
    case GraphFormat::dot:
      return as_dot(pipeline, make_graph(pipeline));
    case GraphFormat::mermaid:
      return as_mermaid(pipeline, make_graph(pipeline));
  }
  return as_text(pipeline);
}

}  // namespace almagest
