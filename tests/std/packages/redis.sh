# redis, with four threads for io: its own benchmark's commands, and what it answers. Needs nothing.
source_package=redis
build() {
  make -s -j2 -C src redis-server redis-cli redis-benchmark CC="$cc" MALLOC=libc USE_SYSTEMD=no BUILD_TLS=no
}
check() {
  local port=7391
  "$rt0/src/redis-server" --bind 127.0.0.1 --port $port \
    --save "" --io-threads 4 --dir "$work" >"$work/server.log" &
  local server=$! cli=("$rt0/src/redis-cli" -p $port)
  until "${cli[@]}" ping 2>/dev/null | grep -q PONG; do
    kill -0 $server 2>/dev/null || break
    sleep 0.1
  done
  passes "${cli[@]}" set key "a value"
  "${cli[@]}" get key >rt0.txt
  echo "a value" >want.txt
  same want.txt rt0.txt
  passes "$rt0/src/redis-benchmark" -p $port -n 5000 -q -t set,get,incr,lpush,mset -c 50
  passes "${cli[@]}" bgsave # by fork
  passes "${cli[@]}" shutdown nosave
  wait $server
}
