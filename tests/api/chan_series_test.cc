// Power series as processes that answer requests for their next coefficient (D. McIlroy, "Squinting at Power
// Series", 1990): what Go's test/chan/powser1.go and powser2.go compute, and their coefficients. A tree of a
// thousand goroutines and more, each with a select, nothing in it buffered.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/select.h>

#include <array>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using rt::chan;

struct ratio {
  long num = 0, den = 1;
  ratio() = default;
  ratio(long n, long d = 1)
      : num(n / std::gcd(n, d)), den(d / std::gcd(n, d)) {  // NOLINT: a number is a ratio
    if (den < 0) num = -num, den = -den;
  }
  friend ratio operator+(ratio a, ratio b) {
    const long g = std::gcd(a.den, b.den);
    return {a.num * (b.den / g) + b.num * (a.den / g), a.den / g * b.den};
  }
  friend ratio operator-(ratio a) { return {-a.num, a.den}; }
  friend ratio operator*(ratio a, ratio b) {
    const ratio x(a.num, b.den), y(b.num, a.den);
    return {x.num * y.num, x.den * y.den};
  }
  friend ratio operator/(ratio a, ratio b) { return a * ratio(b.den, b.num); }
  bool operator==(const ratio&) const = default;
};

// A coefficient for every request.
struct series {
  chan<int> request{0};
  chan<ratio> answer{0};

  ratio get() const {
    request.send(0);
    return *answer.recv();
  }
  // Waits for a request, then answers it by what f makes. Nothing is computed ahead, or a substitution, whose
  // process starts another like itself, would have no end.
  template <class F>
  void put(F f) const {
    (void)request.recv();
    answer.send(f());
  }
};

// Starts the process that fills a new series.
template <class F>
series process(F body) {
  const series out;
  rt::go([=] { body(out); });
  return out;
}

// The next coefficients of both, asked for at the same time: whoever is ready first.
std::pair<ratio, ratio> get2(const series& a, const series& b) {
  chan<int> ask[] = {a.request, b.request};
  chan<ratio> hear[2];
  ratio got[2];
  for (int steps = 0; steps < 4; steps++) {
    const auto asked = [&](int i) {
      return [&, i] { hear[i] = (i == 0 ? a : b).answer, ask[i] = chan<int>(); };
    };
    const auto heard = [&](int i) {
      return [&, i](std::optional<ratio> v) { got[i] = *v, hear[i] = chan<ratio>(); };
    };
    rt::select(rt::send(ask[0], 0, asked(0)), rt::send(ask[1], 0, asked(1)), rt::recv(hear[0], heard(0)),
               rt::recv(hear[1], heard(1)));
  }
  return {got[0], got[1]};
}

// One coefficient of `in` to both of `out`. The newest such process serves the one who is ahead, always
// out[0]; older ones keep what out[1] has not asked for yet, and pass the right to serve both on.
void split_one(series in, std::array<series, 2> out, chan<int> before_me) {
  bool both = false;
  rt::select(rt::recv(out[0].request), rt::recv(before_me, [&] {
               both = true;
               rt::select(rt::recv(out[0].request),
                          rt::recv(out[1].request, [&] { std::swap(out[0], out[1]); }));
             }));
  const chan<int> after_me(0);
  in.request.send(0);
  rt::go(split_one, in, out, after_me);
  const ratio v = *in.answer.recv();
  out[0].answer.send(v);
  if (!both) (void)before_me.recv();
  (void)out[1].request.recv();
  out[1].answer.send(v);
  after_me.send(0);
}

std::array<series, 2> split(series in) {
  std::array<series, 2> out;
  const chan<int> nobody(0);
  rt::go(split_one, in, out, nobody);
  rt::go([=] { nobody.send(0); });
  return out;
}

void copy(const series& from, const series& to) {
  for (;;) to.put([&] { return from.get(); });
}

series constant(ratio c) {
  return process([=](const series& out) {
    for (;;) out.put([&] { return c; });
  });
}
series add(series a, series b) {
  return process([=](const series& out) {
    for (;;) {
      out.put([&] {
        const auto [x, y] = get2(a, b);
        return x + y;
      });
    }
  });
}
series scale(ratio c, series a) {
  return process([=](const series& out) {
    for (;;) out.put([&] { return c * a.get(); });
  });
}
series sub(series a, series b) { return add(a, scale(-1, b)); }
// c + x a
series shift(ratio c, series a) {
  return process([=](const series& out) {
    out.put([&] { return c; });
    copy(a, out);
  });
}
series times_x(series a) { return shift(0, a); }
series derivative(series a) {
  return process([=](const series& out) {
    for (long n = 1;; n++) {
      out.put([&] {
        if (n == 1) (void)a.get();
        return ratio(n) * a.get();
      });
    }
  });
}
series integral(ratio c, series a) {
  return process([=](const series& out) {
    out.put([&] { return c; });
    for (long n = 1;; n++) out.put([&] { return a.get() / ratio(n); });
  });
}
// (a0 + x A)(b0 + x B) = a0 b0 + x (a0 B + b0 A + x A B)
series mul(series a, series b) {
  return process([=](const series& out) {
    ratio a0, b0;
    out.put([&] {
      std::tie(a0, b0) = get2(a, b);
      return a0 * b0;
    });
    const auto as = split(a), bs = split(b);
    copy(add(add(scale(a0, bs[0]), scale(b0, as[0])), times_x(mul(as[1], bs[1]))), out);
  });
}
// e^a = integral of a' e^a, for a without a constant
series exponential(series a) {
  const series fed;
  const auto result = split(integral(1, mul(fed, derivative(a))));
  rt::go([=] { copy(result[0], fed); });
  return result[1];
}
// a(c x^n)
series monomial(series a, ratio c, int n) {
  return process([=](const series& out) {
    for (ratio power = 1;; power = power * c) {
      out.put([&] { return a.get() * power; });
      for (int i = 1; i < n; i++) out.put([] { return ratio(0); });
    }
  });
}
// a(x B) = a0 + x B A(x B)
series substitute(series a, series b) {
  return process([=](const series& out) {
    out.put([&] { return a.get(); });
    const auto bs = split(b);
    (void)bs[0].get();
    copy(mul(bs[0], substitute(a, bs[1])), out);
  });
}

void check(series s, std::initializer_list<ratio> expected) {
  for (const ratio& e : expected) {
    const ratio v = s.get();
    CHECK_MESSAGE(v == e, v.num, "/", v.den, " instead of ", e.num, "/", e.den);
  }
}

TEST_CASE("the coefficients of Go's powser") {
  const auto ones = [] { return constant(1); };
  check(ones(), {1, 1, 1, 1, 1});
  check(add(ones(), constant(2)), {3, 3, 3, 3, 3});
  check(derivative(ones()), {1, 2, 3, 4, 5});
  check(integral(0, ones()), {0, 1, {1, 2}, {1, 3}, {1, 4}, {1, 5}});
  check(scale(-1, ones()), {-1, -1, -1, -1});
  check(sub(ones(), constant(2)), {-1, -1, -1, -1});
  check(mul(ones(), ones()), {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  check(exponential(times_x(ones())),
        {1, 1, {3, 2}, {13, 6}, {73, 24}, {167, 40}, {4051, 720}, {37633, 5040}, {43817, 4480}});
  const auto arctangent = [&] { return integral(0, monomial(ones(), -1, 2)); };
  check(arctangent(), {0, 1, 0, {-1, 3}, 0, {1, 5}, 0, {-1, 7}, 0, {1, 9}});
  // e^arctan: by a chain of processes that feeds itself.
  check(exponential(arctangent()), {1, 1, {1, 2}, {-1, 6}, {-7, 24}, {1, 24}, {29, 144}});
  check(substitute(ones(), times_x(ones())), {1, 1, 2, 4, 8, 16, 32, 64});
}

}  // namespace
