#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "almagest/error.hpp"

namespace almagest {

/// Every type that travels between plugins names itself. The name, never RTTI, crosses the library
/// boundary; raise its number when the layout or the meaning changes.
///
///     template <> struct ProductTraits<Exposure> { static constexpr std::string_view id =
///     "almagest.Exposure/1"; };
template <class T>
struct ProductTraits;

template <class T>
concept Product = std::copyable<T> && requires {
  { ProductTraits<T>::id } -> std::convertible_to<std::string_view>;
};

/// A value whose type is known by its product id alone. Copies share the value, which nobody
/// changes.
class AnyProduct {
 public:
  AnyProduct() = default;

  template <Product T>
  static AnyProduct make(T value) {
    AnyProduct product;
    product.id_ = ProductTraits<T>::id;
    product.value_ = std::make_shared<T>(std::move(value));
    return product;
  }

  explicit operator bool() const noexcept { return value_ != nullptr; }
  std::string_view id() const noexcept { return id_; }

  /// \throws ProductError when the product is empty or of another type
  template <Product T>
  T const& get() const {
    require(ProductTraits<T>::id);
    return *static_cast<T const*>(value_.get());
  }

  /// Moves the value out. Only the engine calls it, when it knows that this is the last holder.
  template <Product T>
  T release() && {
    require(ProductTraits<T>::id);
    T value = std::move(*static_cast<T*>(value_.get()));
    value_.reset();
    return value;
  }

 private:
  void require(std::string_view wanted) const;

  std::shared_ptr<void> value_;
  std::string_view id_;  // points into the defining library, which is never unloaded
};

}  // namespace almagest
