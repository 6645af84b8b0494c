# packages: sqlite3
# run: sqlite3 :memory: "create table t(a integer primary key, b text); with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into t select i, printf('%05d', i * 7919 % 5003) from n; create index tb on t(b); select count(*), sum(a), min(b), max(b) from t where b between '01000' and '03000'; select a, b from t order by b desc limit 5; select nonsense;"
# fast
