#include "almagest/plugin.hpp"

// Built against other headers, by another compiler.
static void register_all(almagest::Registrar&) {}

extern "C" [[gnu::visibility("default"),
             gnu::used]] almagest::PluginDescriptor const almagest_plugin_descriptor{
    almagest::plugin_magic, sizeof(almagest::PluginDescriptor),
    almagest::plugin_abi,   "clang libc++ release 0123456789abcdef",
    "other_build_id",       "1.0.0",
    &register_all};
