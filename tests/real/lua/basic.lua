#!/usr/bin/lua5.4
-- packages: lua5.4
-- fast
local t = {}
for i = 1, 20000 do t[i] = (i * 7919) % 20011 end
table.sort(t)
print(t[1], t[10000], pcall(error, 'x'))
local c = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
print(c(), c(), c(), ('x'):rep(5))
os.exit(8)
