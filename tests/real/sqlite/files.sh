#!/bin/bash
# A database file in WAL mode with two writers, full-text search, JSON, window functions, a dump.
# packages: sqlite3
sql() { sqlite3 -cmd '.timeout 20000' data.db "$@"; }
sql 'pragma journal_mode=wal; create table t(a integer primary key, b); create virtual table f using fts5(text);'
insert() {
  for i in {1..10}; do
    sql "insert into t(b) with recursive n(i) as (select 1 union all select i+1 from n where i<200) select i * $1 % 997 from n"
  done
}
insert 7919 & insert 104729 &
wait
sql 'select count(*), sum(b), avg(b) from t; select b, count(*), rank() over (order by count(*) desc, b) from t group by b limit 3'
sql "insert into f values('the quick brown fox'),('lazy dogs'),('quick dogs')" "select rowid from f where f match 'quick NOT fox'"
sql "select json_group_array(json_object('b', b)) from (select distinct b from t order by b limit 3)"
sql .dump | wc -l
sql 'pragma integrity_check'
sql 'create index tb on t(b); analyze; vacuum; explain query plan select * from t where b = 3' | tr -s ' '
