// chat_rooms: the chat server with rooms to move between, and a bug that tools/rt0db/README.md finds: who
// moves locks the room that he leaves and then the one that he comes to, so two who change places wait for
// each other, and soon everybody for them. The port is any, and printed.
#include <algorithm>
#include <iostream>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

#include "tests/examples/io/server.h"

namespace {

struct room;

struct member {
  rt::net::conn& conn;
  std::string name;
  room* in = nullptr;
};

struct room {
  std::string name;
  std::mutex mu;
  std::vector<member*> members;  // under mu
  int moves = 0;                 // likewise

  // Under mu.
  void tell(const std::string& line) {
    std::error_code error;
    for (member* m : members) m->conn.write(line, error);
  }
};

room lobby{.name = "lobby"}, games{.name = "games"};

void enter(member& m, room& to) {
  to.members.push_back(&m);
  m.in = &to;
  to.moves++;
  to.tell("* " + m.name + " is in " + to.name + "\n");
}

[[gnu::noinline]] void move_to(member& m, room& to) {
  room& from = *m.in;
  const std::lock_guard leaving(from.mu);
  std::erase(from.members, &m);
  from.tell("* " + m.name + " goes to " + to.name + "\n");
  const std::lock_guard coming(to.mu);
  enter(m, to);
}

[[gnu::noinline]] void say(member& m, const std::string& text) {
  const std::lock_guard hold(m.in->mu);
  m.in->tell(m.name + ": " + text + "\n");
}

std::string line_from(rt::net::conn& c) {
  std::string line;
  std::error_code error;
  char byte = 0;
  while (c.read(&byte, 1, error) == 1 && byte != '\n') line += byte;
  return line;
}

void serve(rt::net::conn& c) {
  member m{.conn = c, .name = line_from(c)};
  {
    const std::lock_guard hold(lobby.mu);
    enter(m, lobby);
  }
  for (std::string line = line_from(c); !line.empty(); line = line_from(c)) {
    if (line == "/move") {
      move_to(m, m.in == &lobby ? games : lobby);
    } else {
      say(m, line);
    }
  }
  const std::lock_guard hold(m.in->mu);
  std::erase(m.in->members, &m);
}

}  // namespace

int main() { return serve_each(0, serve); }
