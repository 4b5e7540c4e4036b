#include "tools/rt0db/arithmetic.h"

#include <algorithm>
#include <cstring>

namespace rt0db {
namespace {

template <class T>
bool compares(const std::string& op, T a, T b, bool* result) {
  if (op == "==") return *result = a == b, true;
  if (op == "!=") return *result = a != b, true;
  if (op == "<") return *result = a < b, true;
  if (op == ">") return *result = a > b, true;
  if (op == "<=") return *result = a <= b, true;
  if (op == ">=") return *result = a >= b, true;
  return false;
}

}  // namespace

value arithmetic::boolean(bool is) const { return integral(basic(bool_type), is ? 1 : 0); }

value arithmetic::integral(const type& of, std::uint64_t bits) const { return in_.number(of, bits); }

value arithmetic::real(std::size_t bytes, long double number) const {
  const auto single = static_cast<float>(number);
  const auto wide = static_cast<double>(number);
  if (bytes == sizeof single) return in_.number(float_type, &single);
  if (bytes == sizeof wide) return in_.number(double_type, &wide);
  return in_.number(long_double_type, &number);
}

value arithmetic::decayed(const value& v) const {
  value r = in_.referred(v);
  const int tag = types_.tag(r.of);
  const bool function = tag == DW_TAG_subprogram || tag == DW_TAG_subroutine_type;
  if (!function && tag != DW_TAG_array_type) return r;
  if (!r.in_memory) {
    if (tag == DW_TAG_array_type) fail("Attempt to take address of value not located in memory.");
    return r;
  }
  return integral(types_.pointer_to(function ? r.of : types_.target(r.of)), r.address);
}

void arithmetic::check_number(const value& v) const {
  if (types_.is_integral(v.of) || types_.is_real(v.of) || types_.is_pointer(v.of)) return;
  if (types_.tag(v.of) == DW_TAG_unspecified_type) return;
  fail("Argument to arithmetic operation not a number or boolean.");
}

type arithmetic::promoted(const value& v) const {
  const std::size_t bytes = v.bit_size != 0 ? sizeof(int) : types_.size(v.of);
  if (bytes < sizeof(int)) return basic(int_type);
  const bool has_sign = types_.is_signed(v.of);
  if (bytes == sizeof(int)) return basic(has_sign ? int_type : unsigned_type);
  return basic(has_sign ? long_type : unsigned_long_type);
}

bool arithmetic::truth(const value& v) const {
  const value d = decayed(v);
  check_number(d);
  return types_.is_real(d.of) ? in_.real(d) != 0 : in_.integer(d) != 0;
}

value arithmetic::unary(char op, value v) const {
  if (op == '!') return boolean(!truth(v));
  v = decayed(v);
  check_number(v);
  if (types_.is_pointer(v.of)) fail("Argument to arithmetic operation not a number or boolean.");
  if (types_.is_real(v.of)) {
    if (op == '~') fail("Argument to complement operation not an integer, boolean.");
    return real(types_.size(v.of), op == '-' ? -in_.real(v) : in_.real(v));
  }
  const std::uint64_t n = in_.integer(v);
  return integral(promoted(v), op == '-' ? -n : op == '~' ? ~n : n);
}

value arithmetic::binary(const std::string& op, value a, value b) const {
  a = decayed(a);
  b = decayed(b);
  check_number(a);
  check_number(b);
  if (types_.is_pointer(a.of) || types_.is_pointer(b.of)) return pointer(op, a, b);
  if (types_.is_real(a.of) || types_.is_real(b.of)) return reals(op, a, b);
  return integers(op, a, b);
}

value arithmetic::pointer(const std::string& op, const value& a, const value& b) const {
  bool is = false;
  const std::uint64_t x = in_.integer(a), y = in_.integer(b);
  if (compares(op, x, y, &is)) return boolean(is);
  const bool both = types_.is_pointer(a.of) && types_.is_pointer(b.of);
  const type target = types_.target(types_.is_pointer(a.of) ? a.of : b.of);
  const std::uint64_t one = std::max<std::size_t>(types_.size(target), 1);
  if (op == "-" && both) {
    return integral(basic(long_type), static_cast<std::uint64_t>(static_cast<std::int64_t>(x - y) /
                                                                 static_cast<std::int64_t>(one)));
  }
  if (op == "+" && !both) {
    return types_.is_pointer(a.of) ? integral(a.of, x + y * one) : integral(b.of, y + x * one);
  }
  if (op == "-" && types_.is_pointer(a.of)) return integral(a.of, x - y * one);
  fail("Argument to arithmetic operation not a number or boolean.");
}

value arithmetic::reals(const std::string& op, const value& a, const value& b) const {
  const long double x = in_.real(a), y = in_.real(b);
  bool is = false;
  if (compares(op, x, y, &is)) return boolean(is);
  std::size_t bytes = 0;
  for (const value* v : {&a, &b}) {
    if (types_.is_real(v->of)) bytes = std::max(bytes, types_.size(v->of));
  }
  if (op == "+") return real(bytes, x + y);
  if (op == "-") return real(bytes, x - y);
  if (op == "*") return real(bytes, x * y);
  if (op == "/") return real(bytes, x / y);
  fail("Integer-only operation " + op + ".");
}

value arithmetic::integers(const std::string& op, const value& a, const value& b) const {
  const std::uint64_t x = in_.integer(a), y = in_.integer(b);
  const bool shift = op == "<<" || op == ">>";
  const type p = promoted(a), q = promoted(b);
  // The wider; of two as wide, the one without a sign.
  const bool second = !shift && (types_.size(q) > types_.size(p) ||
                                 (types_.size(q) == types_.size(p) && !types_.is_signed(q)));
  const type of = second ? q : p;
  const bool has_sign = types_.is_signed(of);
  const value m = integral(of, x), n = integral(shift ? q : of, y);
  const std::uint64_t i = in_.integer(m), k = in_.integer(n);
  const auto u = static_cast<std::int64_t>(i), w = static_cast<std::int64_t>(k);
  bool is = false;
  if (has_sign ? compares(op, u, w, &is) : compares(op, i, k, &is)) return boolean(is);
  if (op == "+") return integral(of, i + k);
  if (op == "-") return integral(of, i - k);
  if (op == "*") return integral(of, i * k);
  if (op == "&") return integral(of, i & k);
  if (op == "|") return integral(of, i | k);
  if (op == "^") return integral(of, i ^ k);
  if (shift && k >= 64) fail("Shift by more bits than there are.");
  if (op == "<<") return integral(of, i << k);
  if (op == ">>") return integral(of, has_sign ? static_cast<std::uint64_t>(u >> k) : i >> k);
  if (k == 0) fail("Division by zero");
  if (has_sign && w == -1) return integral(of, op == "/" ? -i : 0);
  if (op == "/") return integral(of, has_sign ? static_cast<std::uint64_t>(u / w) : i / k);
  return integral(of, has_sign ? static_cast<std::uint64_t>(u % w) : i % k);
}

value arithmetic::convert(const value& v, const type& to) const {
  const value from = decayed(v);
  const auto wrong = [&] { fail("Cannot convert " + types_.name(from.of) + " to " + types_.name(to) + "."); };
  if (types_.is_class(from.of) || types_.is_class(to)) {
    if (!types_.same(from.of, to)) wrong();
    value same = from;
    in_.load(same);
    return same;
  }
  check_number(from);
  value result;
  if (types_.is_real(to)) {
    if (types_.is_pointer(from.of)) wrong();
    result = real(types_.size(to), in_.real(from));
  } else if (types_.encoding(to) == DW_ATE_boolean) {
    result = boolean(truth(from));
  } else if (types_.is_integral(to) || types_.is_pointer(to)) {
    const bool is_real = types_.is_real(from.of);
    if (is_real && types_.is_pointer(to)) wrong();
    const std::uint64_t bits =
        is_real ? static_cast<std::uint64_t>(static_cast<std::int64_t>(in_.real(from))) : in_.integer(from);
    result = integral(to, bits);
    // A number without a sign has none above its 64 bits either.
    if (result.bytes.size() > sizeof bits && !types_.is_signed(from.of)) {
      std::fill(result.bytes.begin() + sizeof bits, result.bytes.end(), std::byte{0});
    }
  } else {
    wrong();
  }
  result.of = to;
  return result;
}

}  // namespace rt0db
