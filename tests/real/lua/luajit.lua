#!/usr/bin/luajit
-- packages: luajit
-- Traces, side exits, blacklisting; FFI calls, callbacks and structs; a hook; coroutines across traces.
local ffi = require 'ffi'
ffi.cdef [[
typedef struct { double x, y; int n; } point;
int snprintf(char *, size_t, const char *, ...);
void qsort(void *, size_t, size_t, int (*)(const int *, const int *));
]]
local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
print(fib(25))
local sum, changed = 0, 0
for i = 1, 300000 do
  if i % 7 == 0 then sum = sum + i elseif i % 11 == 0 then sum = sum - 1.5 else changed = bit.bxor(changed, i) end
end
print(sum, changed)
local values = ffi.new('int[?]', 2000)
for i = 0, 1999 do values[i] = i * 7919 % 2003 end
local compare = ffi.cast('int (*)(const int *, const int *)', function(a, b) return a[0] - b[0] end)
ffi.C.qsort(values, 2000, 4, compare)
compare:free()
print(values[0], values[1000], values[1999])
local points = ffi.new('point[1000]')
for i = 0, 999 do points[i] = { i, i / 2, i % 3 } end
local total = 0
for round = 1, 100 do for i = 0, 999 do total = total + points[i].x * points[i].y - points[i].n end end
print(total)
local buffer = ffi.new('char[100]')
ffi.C.snprintf(buffer, 100, '%d %s', ffi.cast('int', 42), 'text')
print(ffi.string(buffer))
local function numbers(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local s = 0
for x in numbers(20000) do s = s + x end
print(s)
local caught = 0
for i = 1, 5000 do if not pcall(function() if i % 3 == 0 then error('x') end return i .. nil end) then caught = caught + 1 end end
print(caught)
local words = {}
for i = 1, 20000 do words[#words + 1] = ('%x'):format(i * 2654435761 % 4093) end
table.sort(words)
print(words[1], words[10000], #table.concat(words), select(2, table.concat(words, ' '):gsub('%f[%x](%x)%1%x*', '')))
local mixed = { 1, 'two', 3.5, true }
local kinds = {}
for i = 1, 10000 do local v = mixed[i % 4 + 1]; kinds[type(v)] = (kinds[type(v)] or 0) + 1 end
print(kinds.number, kinds.string, kinds.boolean)
print(jit.status() and 'jit', 2LL ^ 40, tostring(0x7fffffffffffffffLL + 1))
os.exit(5)
