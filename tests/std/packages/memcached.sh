# memcached over Debian's libevent.a: 40 clients store and read back. Needs libevent-dev, python3.
source_package=memcached
build() { CC="$cc" ./configure --disable-docs && make -s -j2 memcached; }
check() {
  local port=11391
  "$rt0/memcached" -u root -l 127.0.0.1 -p $port -U 0 -t 4 &
  local server=$!
  passes python3 "$here/memcached_load.py" $port 300 40
  kill $server
  wait $server
}
