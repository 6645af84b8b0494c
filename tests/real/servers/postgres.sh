#!/bin/bash
# A database cluster is made and served; clients query it in parallel; the server is stopped.
# packages: postgresql-15 postgresql-client-15 util-linux
# limit: 200
# PostgreSQL does not run as root.
if ((EUID == 0)); then
  chown nobody . && chmod 700 .
  exec setpriv --reuid=nobody --regid=nogroup --clear-groups "$0"
fi
export PATH=/usr/lib/postgresql/15/bin:$PATH PGHOST=$PWD PGDATABASE=postgres PGUSER=me
initdb -D data -U me -A trust --no-sync --locale=C >/dev/null || exit
postgres -D data -k "$PWD" -c listen_addresses= -c fsync=off -c log_min_messages=panic -c jit=off 2>log &
server=$!
until psql -qc '' 2>/dev/null; do sleep 0.1; done
psql -qAtc 'create table t(a int primary key, b text); insert into t select i, md5(i::text) from generate_series(1, 20000) i'
query() { psql -qAtc "set max_parallel_workers_per_gather = 2; select count(*), min(b), max(b) from t where a % $1 = 0 and b ~ '^[0-9a]'"; }
for n in 2 3 5 7; do query $n > "out.$n" & clients+=($!); done
wait "${clients[@]}"
cat out.*
psql -qAt <<'SQL'
create index on t(b); analyze t;
select a from t where b like '00%' order by b limit 5;
begin; delete from t where a > 100; rollback;
select count(*) from t;
select 1 / 0;
create function f(n int) returns int language plpgsql as $$ begin return case when n < 2 then n else f(n - 1) + f(n - 2) end; end $$;
select f(15);
select json_agg(x) from (select a, b from t order by a limit 2) x;
SQL
kill -INT "$server"
wait "$server"
echo "server: $?"
