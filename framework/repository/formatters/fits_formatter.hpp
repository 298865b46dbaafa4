#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include "almagest/fits.hpp"
#include "almagest/formatter.hpp"

namespace almagest {

/// Whether a formatter reads parts of its product's pixels.
enum class Boxes { ignored, read };

/// A formatter for T made of a function that reads from an open FITS file and one that fills one.
template <Product T>
class FitsFormatter final : public Formatter {
 public:
  using Read = std::function<T(fits::Reader&, ReadRequest const&)>;
  using Write = std::function<void(fits::Writer&, T const&, WriteRequest const&)>;

  FitsFormatter(Read read, Write write, Boxes boxes = Boxes::ignored)
      : read_(std::move(read)), write_(std::move(write)), boxes_(boxes) {}

  std::string extension() const override { return "fits"; }
  bool reads_boxes() const override { return boxes_ == Boxes::read; }

  AnyProduct read(std::filesystem::path const& path, ReadRequest const& request) const override {
    fits::Reader reader(path);
    return AnyProduct::make(read_(reader, request));
  }
  void write(AnyProduct const& product, std::filesystem::path const& path,
             WriteRequest const& request) const override {
    fits::Writer writer(path);
    write_(writer, product.get<T>(), request);
    writer.close();
  }

 private:
  Read read_;
  Write write_;
  Boxes boxes_;
};

}  // namespace almagest
