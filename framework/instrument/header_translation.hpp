#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "instrument/header_cards.hpp"
#include "instrument/header_rules_data.hpp"

namespace almagest {

/// One file's headers under a camera's rules. Properties are computed when they are asked for, and
/// anew after each fix.
class HeaderTranslation {
 public:
  HeaderTranslation(HeaderRules::Data const& rules, HeaderCards cards);
  HeaderTranslation(HeaderTranslation const&) = delete;
  HeaderTranslation& operator=(HeaderTranslation const&) = delete;

  /// \throws CardError like property(); ConfigError never: all was parsed before
  void apply_fixes();
  /// \throws CardError naming file, card, value and property
  std::optional<Value> const& property(std::size_t index);
  /// The cards that a property comes from, with their values, for messages.
  std::string describe(std::size_t property) const;

 private:
  struct Slot {
    bool known = false;
    bool forced = false;  ///< by a fix
    std::optional<Value> value;
  };
  using Captures = std::vector<std::optional<std::string>>;

  std::optional<Value> look_up(std::string_view name);
  /// None for an absent name.
  std::optional<Value> evaluate(Expression const& expression);
  bool test(Expression const& condition);
  std::optional<std::string> fill(TextTemplate const& text);

  std::optional<Value> value_of(HeaderRule const& rule);
  std::optional<Value> unchecked_value(HeaderRule const& rule);
  std::optional<Value> default_of(HeaderRule const& rule);
  std::optional<Value> modified(HeaderRule const& rule, Value value);
  std::optional<Value> caught(HeaderRule const& rule, Value const& value);

  std::optional<Value> from(source::Constant const& source);
  std::optional<Value> from(source::Names const& source);
  std::optional<Value> from(source::Join const& source);
  std::optional<Value> from(source::Pair const& source);
  std::optional<Value> from(source::TableCell const& source);
  std::optional<Value> from(source::Time const& source);
  std::optional<Value> from(source::Cases const& source);
  std::optional<Value> from(TextTemplate const& source);
  std::optional<Value> from(Expression const& source);

  void apply(HeaderFix const& fix);
  void assign(std::vector<HeaderFix::Assignment> const& assignments);
  std::string subject(HeaderRule const& rule);
  void collect_cards(std::string const& name, std::vector<std::string>& names) const;
  void collect_cards(HeaderRule const& rule, std::vector<std::string>& names) const;
  std::string describe(std::vector<std::string> const& names, bool missing_too) const;
  [[noreturn]] void fail_at(Expression const& expression, std::string const& what) const;
  [[noreturn]] void fail(std::string const& what, std::string const& in) const;

  HeaderRules::Data const& rules_;
  HeaderCards cards_;
  std::vector<Slot> slots_;
  Captures const* captures_ = nullptr;  ///< of the rule that is being carried out
  std::exception_ptr card_error_;       ///< what a look-up inside an expression has thrown
  Scope scope_;
};

}  // namespace almagest
