// chat PORT: a room on 127.0.0.1 where everybody reads what the others write. The first line of a connection
// is its name. Port 0 is any, and printed. SIGINT and SIGTERM end it.
//
// The room is a goroutine that has the list of members for itself, and selects over what happens to it. Each
// member has one that reads and one that writes; who does not read what 64 others said is out.
#include <rt/chan.h>
#include <rt/go.h>
#include <rt/net.h>
#include <rt/select.h>

#include <atomic>

#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "server.h"

namespace {

constexpr std::size_t most_line = 1000, most_behind = 64;

struct member {
  int id;
  std::string name;
  rt::chan<std::string> lines;  // for it to read
};
struct message {
  int from;
  std::string text;
};

struct room {
  rt::chan<member> joins{0};
  rt::chan<message> says{0};
  rt::chan<int> leaves{0};

  [[noreturn]] void run() {
    for (;;) {
      rt::select(rt::recv(joins,
                          [&](std::optional<member> m) {
                            tell(m->id, "* " + m->name + " is here\n");
                            members_.emplace(m->id, *m);
                          }),
                 rt::recv(says,
                          [&](std::optional<message> said) {
                            const auto from = members_.find(said->from);
                            if (from == members_.end()) return;
                            tell(said->from, from->second.name + ": " + said->text + "\n");
                          }),
                 rt::recv(leaves, [&](std::optional<int> id) { remove(*id); }));
    }
  }

 private:
  // All but one.
  void tell(int but, const std::string& line) {
    std::vector<int> behind;
    for (auto& [id, m] : members_) {
      std::string copy = line;
      if (id != but && m.lines.try_send(copy) == rt::chan_status::full) behind.push_back(id);
    }
    for (const int id : behind) remove(id);
  }
  void remove(int id) {
    const auto found = members_.find(id);
    if (found == members_.end()) return;
    const member gone = found->second;
    members_.erase(found);
    gone.lines.close();
    tell(id, "* " + gone.name + " has left\n");
  }

  std::map<int, member> members_;
};

// The lines that come from a connection.
class line_reader {
 public:
  explicit line_reader(rt::net::conn& c) : c_(c) {}
  // nullopt: the end, an error, or a line that is too long.
  std::optional<std::string> next() {
    for (;;) {
      if (const std::size_t end = there_.find('\n'); end != std::string::npos) {
        std::string line = there_.substr(0, end);
        there_.erase(0, end + 1);
        if (!line.empty() && line.back() == '\r') line.pop_back();
        return line;
      }
      if (there_.size() > most_line) return std::nullopt;
      char piece[512];
      std::error_code error;
      const std::size_t n = c_.read(piece, sizeof piece, error);
      if (n == 0) return std::nullopt;
      there_.append(piece, n);
    }
  }

 private:
  rt::net::conn& c_;
  std::string there_;
};

void serve(rt::net::conn& c, room& r) {
  line_reader lines(c);
  const std::optional<std::string> name = lines.next();
  if (!name || name->empty()) return;
  const rt::chan<std::string> out(most_behind);
  auto writer = rt::spawn([&] {
    std::error_code error;
    for (const std::string& line : out) c.write(line, error);
    c.close();  // ends the reader, if it is out
  });
  static std::atomic<int> ids{0};
  const int id = ids++;
  r.joins.send({id, *name, out});
  while (std::optional<std::string> line = lines.next()) r.says.send({id, *line});
  r.leaves.send(id);
  writer.join();
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = argc == 2 ? port_of(argv[1]) : std::nullopt;
  if (!port) {
    std::cerr << "usage: chat PORT\n";
    return 2;
  }
  static room r;
  rt::go([] { r.run(); });
  return serve_each(*port, [](rt::net::conn& c) { serve(c, r); });
}
