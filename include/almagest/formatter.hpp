#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "almagest/config_value.hpp"
#include "almagest/data_id.hpp"
#include "almagest/geometry.hpp"
#include "almagest/product.hpp"

namespace almagest {

class Instrument;

/// Reads and writes one product type as one file. The repository chooses the path and makes the
/// write atomic.
class Formatter {
 public:
  /// What a reader may need besides the path.
  struct ReadRequest {
    DataId id;  ///< the dataset's data ID: SDSS tables hold several fields and filters in one file
    std::optional<Box> box;  ///< only these pixels, where the product has pixels (parent frame)
    /// The repository's camera: raw frames are read by what it says of them. nullptr outside of
    /// one.
    Instrument const* instrument = nullptr;
  };
  /// How the pipeline's `[outputs]` wants the file written: `compression`, `quantize`.
  struct WriteRequest {
    DataId id;
    ConfigValue options;
  };

  virtual ~Formatter();

  /// The file name's ending without a dot, for datasets without a declared path: "fits", "toml".
  virtual std::string extension() const = 0;

  /// \throws NotFoundError when the file does not exist, DataError when it cannot be read; both
  /// name the path
  virtual AnyProduct read(std::filesystem::path const& path, ReadRequest const& request) const = 0;

  /// Writes a new file; the path does not exist yet. The same product gives the same bytes.
  virtual void write(AnyProduct const& product, std::filesystem::path const& path,
                     WriteRequest const& request) const = 0;

  /// Whether read() honours ReadRequest::box.
  virtual bool reads_boxes() const { return false; }
};

/// A formatter for T made of two functions; the simplest way for a plugin to store its own product.
template <Product T>
class FunctionFormatter final : public Formatter {
 public:
  using Read = T (*)(std::filesystem::path const&, ReadRequest const&);
  using Write = void (*)(T const&, std::filesystem::path const&, WriteRequest const&);

  /// \param writer  may be nullptr for inputs that are never written
  FunctionFormatter(std::string extension, Read reader, Write writer)
      : extension_(std::move(extension)), read_(reader), write_(writer) {}

  std::string extension() const override { return extension_; }
  AnyProduct read(std::filesystem::path const& path, ReadRequest const& request) const override {
    return AnyProduct::make(read_(path, request));
  }
  void write(AnyProduct const& product, std::filesystem::path const& path,
             WriteRequest const& request) const override {
    if (!write_)
      throw ProductError("'" + std::string(ProductTraits<T>::id) +
                         "' can only be read, not written");
    write_(product.get<T>(), path, request);
  }

 private:
  std::string extension_;
  Read read_;
  Write write_;
};

}  // namespace almagest
