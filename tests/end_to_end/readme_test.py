"""A plugin's README names the parameters that its tasks and components have, all of them and no others."""
import json
import re
import unittest

from support import SOURCE, run

READMES = sorted(SOURCE.glob("plugins/*/README.md"))
TASK_HEADING = re.compile(r"^## +`?([a-z_0-9]+/[a-zA-Z_0-9]+)`?")
HEADING = re.compile(r"^## ")
QUOTED = re.compile(r"`([^`]*)`")


def name_of(quoted):
    """`a.b = [0, 0]` names a.b."""
    return quoted.split("=")[0].strip()


def parameter_tables(text):
    """Yields (task heading or None, names in the first column of a row) for each row of the parameter tables."""
    task, in_table = None, False
    for line in text.splitlines():
        if HEADING.match(line):
            heading = TASK_HEADING.match(line)
            task = heading and heading.group(1)
        if not line.startswith("|"):
            in_table = False
        elif re.match(r"\| *parameter *\|", line):
            in_table = True
        elif in_table and not line.startswith("|--"):
            names, before = [], ""
            for name in map(name_of, QUOTED.findall(line.split("|")[1])):
                # `Component.a`, `.b` is short for Component.b.
                name = before + name if name.startswith(".") else name
                before = name.rsplit(".", 1)[0] if "." in name else ""
                names.append(name)
            yield task, names


class Readme(unittest.TestCase):
    """Each test looks at every plugin."""

    @classmethod
    def setUpClass(cls):
        described = json.loads(run("describe", "--json").stdout)
        cls.tasks = {item["task"]: item for item in described if "task" in item}
        cls.components = {item["component"]: item for item in described if "component" in item}

    def plugins(self):
        """Yields (plugin, text of its README, its tasks, its components by their own names)."""
        for path in READMES:
            plugin = path.parent.name
            own = lambda items: {name: item for name, item in items.items() if name.startswith(plugin + "/")}
            yield (plugin, path.read_text(), own(self.tasks),
                   {name.split("/")[1]: item for name, item in own(self.components).items()})

    def test_every_parameter_in_a_table_exists(self):
        self.assertTrue(READMES)
        for plugin, text, tasks, components in self.plugins():
            of_components = {f"{name}.{p['name']}" for name, item in components.items() for p in item["parameters"]}
            for heading, names in parameter_tables(text):
                # A table under no task's heading is about components, or about a plugin's only task or simulator.
                items = [tasks[heading]] if heading in tasks else [*tasks.values(), *components.values()]
                known = {p["name"] for item in items for p in item["parameters"]} | of_components
                for name in names:
                    with self.subTest(plugin=plugin, heading=heading, parameter=name):
                        list_of_components = name.rsplit(".", 1)[0] if name.endswith((".use", ".NAME")) else name
                        self.assertIn(list_of_components, known)

    def test_every_parameter_is_named(self):
        for plugin, text, tasks, components in self.plugins():
            words = {word for quoted in QUOTED.findall(text) for word in re.findall(r"\w+", quoted)}
            for item in [*tasks.values(), *components.values()]:
                for parameter in item["parameters"]:
                    with self.subTest(item=item.get("task", item.get("component")), parameter=parameter["name"]):
                        self.assertIn(parameter["name"], words)


if __name__ == "__main__":
    unittest.main()
