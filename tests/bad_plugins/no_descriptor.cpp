// A shared library that is no plugin.
int no_descriptor_answer() {
  return 42;
}
