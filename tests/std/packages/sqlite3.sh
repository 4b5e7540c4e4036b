# sqlite3: its shell gives the same answers and the same file; its own tests with threads.
source_package=sqlite3
build() {
  ./configure --disable-tcl --disable-readline --disable-shared && make -s sqlite3.c shell.c &&
    "$cc" -O1 -I. -DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_MATH_FUNCTIONS -c sqlite3.c -o sqlite3.o &&
    "$cc" -O1 -I. shell.c sqlite3.o -o shell -lpthread -lm &&
    "$cc" -O1 -I. -Isrc -Itest test/threadtest3.c src/test_multiplex.c sqlite3.o -o threadtest3 -lpthread \
      -lm &&
    "$cc" -O1 -I. test/threadtest4.c sqlite3.o -o threadtest4 -lpthread -lm
}
check() {
  local kind
  cat >script.sql <<'SQL'
.mode csv
create table t(a integer primary key, b text, c real);
with recursive n(i) as (select 1 union all select i+1 from n where i<200000)
  insert into t select i, hex(i*7919), i/3.0 from n;
create index ti on t(b);
select count(*), sum(a), max(b), avg(c), printf('%.6f', sum(sqrt(c))) from t;
pragma threads=4;
create index tj on t(c desc, b);
select b, c from t where b > 'A' order by c desc limit 5;
pragma integrity_check;
SQL
  for kind in rt0 glibc; do
    rm -f $kind.db
    "$work/$kind/shell" $kind.db <script.sql >$kind.txt 2>&1
  done
  same glibc.txt rt0.txt
  same glibc.db rt0.db
  passes "$rt0/threadtest4" --multithread 10
  passes "$rt0/threadtest4" --multithread --wal 10
  # Not --serialized: it gives up after ten tries, on glibc too when the machine is busy.
  passes "$rt0/threadtest3" walthread1 walthread2 walthread3
}
