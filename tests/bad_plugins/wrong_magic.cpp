#include "almagest/plugin.hpp"

// Somebody else's descriptor of the same name.
static void register_all(almagest::Registrar&) {}

extern "C" [[gnu::visibility("default"),
             gnu::used]] almagest::PluginDescriptor const almagest_plugin_descriptor{
    0x12345678,           sizeof(almagest::PluginDescriptor),
    almagest::plugin_abi, almagest::build_id.data(),
    "wrong_magic",        "1.0.0",
    &register_all};
