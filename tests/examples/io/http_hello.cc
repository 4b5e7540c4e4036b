// http_hello PORT: an HTTP/1.1 server on 127.0.0.1 that says hello to every request, a goroutine a
// connection. Port 0 is any, and printed. SIGINT and SIGTERM end it.
//
// Connections are kept alive, and requests that come together are answered together. What is not HTTP gets
// 400, a head of more than 16 KiB 431, a body of more than 1 MiB 413, chunks 501; then the connection ends.
// So does one whose request has begun and does not come whole within 10 seconds. One that is silent between
// requests may stay.
#include <rt/net.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>

#include "server.h"

namespace {

using namespace std::chrono_literals;
using std::string_view;

constexpr std::size_t first_room = 511;  // with its 0 a size class of the heap; kept by who is silent
constexpr std::size_t most_head = 16 * 1024, most_body = 1024 * 1024;
constexpr auto most_time_of_request = 10s;

constexpr string_view hello =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";
constexpr string_view hello_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\n";
constexpr string_view hello_and_close =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nConnection: close\r\n\r\n";

struct request {
  int failed = 0;  // the status to refuse it with
  bool is_head = false, keep_alive = true, expects_continue = false;
  std::size_t body_bytes = 0;
};

bool is_token(string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != string_view::npos;
  });
}

bool is_visible(string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c != 0x7f; });
}

bool is_value(string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c == '\t' || (c >= ' ' && c != 0x7f); });
}

bool equal(string_view text, string_view lower_case) {
  return std::ranges::equal(text, lower_case,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
}

// A comma-separated list has the word.
bool lists(string_view list, string_view lower_case) {
  for (;;) {
    const std::size_t comma = list.find(',');
    string_view one = list.substr(0, comma);
    one.remove_prefix(std::min(one.find_first_not_of(" \t"), one.size()));
    one.remove_suffix(one.size() - (one.find_last_not_of(" \t") + 1));
    if (equal(one, lower_case)) return true;
    if (comma == string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

// "GET / HTTP/1.1". False: it is no such line.
bool read_first_line(string_view line, request& r, bool& is_1_1) {
  const std::size_t first = line.find(' '), second = line.find(' ', first + 1);
  if (first == string_view::npos || second == string_view::npos) return false;
  const string_view method = line.substr(0, first), target = line.substr(first + 1, second - first - 1),
                    version = line.substr(second + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
  is_1_1 = version.back() == '1';
  r.keep_alive = is_1_1;
  r.is_head = method == "HEAD";
  return is_token(method) && is_visible(target);
}

struct fields {
  int hosts = 0;
  bool has_length = false;
};

// One line of the head below the first.
void read_field(string_view line, request& r, fields& seen) {
  const std::size_t colon = line.find(':');
  if (colon == string_view::npos || !is_token(line.substr(0, colon))) {
    r.failed = 400;
    return;
  }
  const string_view name = line.substr(0, colon);
  string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  value.remove_suffix(value.size() - (value.find_last_not_of(" \t") + 1));
  if (!is_value(value)) {
    r.failed = 400;
  } else if (equal(name, "host")) {
    seen.hosts++;
  } else if (equal(name, "content-length")) {
    std::uint64_t bytes = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), bytes);
    if (error == std::errc::invalid_argument || end != value.data() + value.size() ||
        (seen.has_length && bytes != r.body_bytes)) {
      r.failed = 400;
    } else if (error != std::errc() || bytes > most_body) {
      r.failed = 413;
    }
    seen.has_length = true;
    r.body_bytes = bytes;
  } else if (equal(name, "transfer-encoding")) {
    r.failed = 501;
  } else if (equal(name, "connection")) {
    if (lists(value, "close")) r.keep_alive = false;
    if (lists(value, "keep-alive")) r.keep_alive = true;
  } else if (equal(name, "expect")) {
    if (equal(value, "100-continue")) r.expects_continue = true;
  }
}

// A head, up to its empty line.
request parse(string_view head) {
  request r;
  fields seen;
  bool is_1_1 = false;
  for (bool first = true; r.failed == 0; first = false) {
    const std::size_t end = head.find("\r\n");
    const string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (first) {
      if (!read_first_line(line, r, is_1_1)) r.failed = 400;
    } else if (line.empty()) {
      if (seen.hosts > 1 || (is_1_1 && seen.hosts == 0)) r.failed = 400;
      break;
    } else {
      read_field(line, r, seen);
    }
  }
  return r;
}

string_view reason_of(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 413: return "Content Too Large";
    case 431: return "Request Header Fields Too Large";
  }
  return "Not Implemented";
}

class connection {
 public:
  explicit connection(rt::net::conn& c) : c_(c) {}

  void serve() {
    while (open_) {
      answer_what_is_there();
      if (!out_.empty()) {
        c_.write(out_, error_);
        out_.clear();
      }
      if (error_ || !open_ || !read_more()) break;
    }
    if (!open_ && !error_) linger();
  }

 private:
  void answer_what_is_there() {
    for (;;) {
      const std::size_t skipped = std::min(to_skip_, unread().size());
      begin_ += skipped;
      to_skip_ -= skipped;
      if (last_ && to_skip_ == 0) open_ = false;
      if (to_skip_ == 0 && unread().starts_with("\r\n")) begin_ += 2;
      const string_view there = unread();
      if (!open_ || there.empty()) return;
      const std::size_t end = there.find("\r\n\r\n");
      if (std::min(end, there.size()) >= most_head) return refuse(431);
      if (end == string_view::npos) {
        // A line that ends without its CR will never become a head.
        if (const std::size_t lf = there.find('\n'); lf == 0 || (lf != there.npos && there[lf - 1] != '\r')) {
          refuse(400);
        }
        return;
      }
      begin_ += end + 4;
      answer(parse(there.substr(0, end + 4)));
    }
  }

  void answer(const request& r) {
    if (r.failed != 0) return refuse(r.failed);
    to_skip_ = r.body_bytes;
    if (r.expects_continue && to_skip_ > unread().size()) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    if (r.keep_alive) {
      out_ += r.is_head ? hello_head : hello;
      return;
    }
    out_ += hello_and_close;
    if (!r.is_head) out_ += "Hello, World!";
    last_ = true;
  }

  void refuse(int status) {
    out_ += "HTTP/1.1 " + std::to_string(status) + " ";
    out_ += reason_of(status);
    out_ += "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    open_ = false;
  }

  // What the client still sends would make the system reset the connection, and the client lose our answer.
  void linger() {
    c_.shutdown_write(error_);
    c_.set_read_deadline(std::chrono::steady_clock::now() + 1s);
    for (std::size_t left = most_body; left > 0 && !error_;) {
      const std::size_t n = c_.read(room_.data(), std::min(left, room_.size()), error_);
      if (n == 0) return;
      left -= n;
    }
  }

  string_view unread() const { return {room_.data() + begin_, end_ - begin_}; }

  // False: the connection has ended.
  bool read_more() {
    if (room_.empty()) room_.resize(first_room);
    const bool amid = to_skip_ > 0 || begin_ != end_;
    if (amid != hurries_) {
      c_.set_read_deadline(amid ? std::chrono::steady_clock::now() + most_time_of_request
                                : rt::net::time_point());
      hurries_ = amid;
    }
    std::copy(room_.begin() + begin_, room_.begin() + end_, room_.begin());
    end_ -= begin_;
    begin_ = 0;
    if (end_ == room_.size()) room_.resize(2 * room_.size() + 1);
    const std::size_t n = c_.read(room_.data() + end_, room_.size() - end_, error_);
    end_ += n;
    return n != 0;
  }

  rt::net::conn& c_;
  std::string room_, out_;  // room_[begin_, end_): not looked at yet
  std::size_t begin_ = 0, end_ = 0, to_skip_ = 0;
  bool open_ = true, hurries_ = false, last_ = false;
  std::error_code error_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto port = argc == 2 ? port_of(argv[1]) : std::nullopt;
  if (!port) {
    std::cerr << "usage: http_hello PORT\n";
    return 2;
  }
  return serve_each(*port, [](rt::net::conn& c) { connection(c).serve(); });
}
