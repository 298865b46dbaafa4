#include "almagest/plugin.hpp"

// Built for the next plugin ABI.
static void register_all(almagest::Registrar&) {}

extern "C" [[gnu::visibility("default"),
             gnu::used]] almagest::PluginDescriptor const almagest_plugin_descriptor{
    almagest::plugin_magic,
    sizeof(almagest::PluginDescriptor),
    almagest::plugin_abi + 1,
    almagest::build_id.data(),
    "other_abi",
    "1.0.0",
    &register_all};
