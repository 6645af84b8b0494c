-- Inserts, indices, joins, aggregates, text functions, in memory. FACTOR rows are put in by the driver.
CREATE TABLE item(id INTEGER PRIMARY KEY, grp INTEGER, name TEXT, value REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @ROWS@)
INSERT INTO item SELECT i, (i * 2654435761) % 1009, printf('item-%x', (i * 40503) % 65521), (i * 7919) % 1000 / 8.0
FROM n;
CREATE INDEX by_group ON item(grp, value);
CREATE INDEX by_name ON item(name);
CREATE TABLE grp AS SELECT grp AS id, count(*) AS items, avg(value) AS mean, max(name) AS last FROM item GROUP BY grp;
SELECT count(*), sum(items), round(avg(mean), 4), min(last) FROM grp;
SELECT a.grp, count(*), round(sum(b.value), 2) FROM item a JOIN item b ON a.name = b.name AND a.id < b.id
GROUP BY a.grp ORDER BY 2 DESC, 1 LIMIT 5;
UPDATE item SET value = value * 1.5, name = upper(name) || '-' || grp WHERE grp % 3 = 0;
SELECT substr(name, 1, 8), count(*) FROM item WHERE name LIKE '%A1%' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5;
DELETE FROM item WHERE id IN (SELECT id FROM item WHERE grp IN (SELECT id FROM grp WHERE items % 2 = 0));
SELECT count(*), round(sum(value), 2) FROM item;
