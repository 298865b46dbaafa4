#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "almagest/build_id.hpp"
#include "almagest/components.hpp"
#include "almagest/formatter.hpp"
#include "almagest/instrument.hpp"
#include "almagest/product.hpp"
#include "almagest/psf.hpp"
#include "almagest/task.hpp"

namespace almagest {

/// Takes what a plugin offers. The host owns it; nothing registers itself behind its back.
class Registrar {
 public:
  virtual ~Registrar();

  /// A task, known in pipelines as `plugin/name`.
  template <std::derived_from<Task> T>
  void task(std::string name, std::string doc) {
    add_task(std::move(name), std::move(doc), [] { return std::make_unique<T>(); });
  }

  /// A component T of interface I, known as `name`, or `plugin/name` where two plugins share a
  /// name.
  template <std::derived_from<Component> I, std::derived_from<I> T>
  void component(std::string name, std::string doc) {
    add_component(I::interface_name, std::move(name), std::move(doc),
                  [] { return std::make_unique<T>(); });
  }

  /// A product type with the formatter that stores it; without a formatter it lives in memory only.
  template <Product T>
  void product(std::string doc, std::shared_ptr<Formatter const> formatter = nullptr) {
    add_product(ProductTraits<T>::id, std::move(doc), std::move(formatter));
  }

  /// The C++ part of an instrument: wraps the declarative one and overrides single members.
  using InstrumentFactory =
      std::function<std::shared_ptr<Instrument const>(std::shared_ptr<Instrument const> declared)>;
  void instrument(std::string name, InstrumentFactory make) {
    add_instrument(std::move(name), std::move(make));
  }

  /// A PSF type, rebuilt from what Psf::state() gave.
  using PsfFactory = std::function<std::shared_ptr<Psf const>(PsfState const&)>;
  void psf(std::string type, PsfFactory from_state) {
    add_psf(std::move(type), std::move(from_state));
  }

 protected:
  virtual void add_task(std::string name, std::string doc,
                        std::function<std::unique_ptr<Task>()> make) = 0;
  virtual void add_component(std::string_view interface, std::string name, std::string doc,
                             std::function<std::unique_ptr<Component>()> make) = 0;
  virtual void add_product(std::string_view id, std::string doc,
                           std::shared_ptr<Formatter const> formatter) = 0;
  virtual void add_instrument(std::string name, InstrumentFactory make) = 0;
  virtual void add_psf(std::string type, PsfFactory from_state) = 0;
};

inline constexpr std::uint32_t plugin_magic = 0x474d4c41;  // "ALMG" in memory order
inline constexpr std::uint32_t plugin_abi = 1;

/// The only symbol that a plugin exports. Magic, size and abi never move, so that any host can read
/// them in any plugin; nothing else is touched until they and the build id have been checked.
struct PluginDescriptor {
  std::uint32_t magic;
  std::uint32_t size;
  std::uint32_t abi;
  char const* build_id;
  char const* name;
  char const* version;
  void (*register_all)(Registrar&);
};

}  // namespace almagest

/// Defines the plugin: `ALMAGEST_PLUGIN("name", "1.0.0") { registrar.task<MyTask>("my_task", "what
/// it does"); }`
#define ALMAGEST_PLUGIN(NAME, VERSION)                                                  \
  static void almagest_register_all(almagest::Registrar&);                              \
  extern "C" [[gnu::visibility("default"),                                              \
               gnu::used]] almagest::PluginDescriptor const almagest_plugin_descriptor{ \
      almagest::plugin_magic,                                                           \
      sizeof(almagest::PluginDescriptor),                                               \
      almagest::plugin_abi,                                                             \
      almagest::build_id.data(),                                                        \
      NAME,                                                                             \
      VERSION,                                                                          \
      &almagest_register_all};                                                          \
  static void almagest_register_all([[maybe_unused]] almagest::Registrar& registrar)
