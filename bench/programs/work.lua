-- Calls, tables, strings, metatables, coroutines. Argument: the factor of work.
local factor = tonumber(arg[1] or 1)

local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end

local Vector = {}
Vector.__index = Vector
Vector.__add = function(a, b) return setmetatable({x = a.x + b.x, y = a.y + b.y}, Vector) end
function Vector:turned() return setmetatable({x = -self.y, y = self.x}, Vector) end

local position = setmetatable({x = 0, y = 1}, Vector)
for step = 1, 600000 * factor do
  position = step % 3 == 0 and position:turned()
    or position + setmetatable({x = step % 7, y = 1}, Vector)
end

local counts, seed = {}, 1
for _ = 1, 200000 * factor do
  seed = (seed * 1103515245 + 12345) % 2147483648
  local word = string.format("%x", seed >> 15)
  counts[word] = (counts[word] or 0) + 1
end
local words = {}
for word in pairs(counts) do words[#words + 1] = word end
table.sort(words)
local text = table.concat(words, " ")
local changed, replaced = text:gsub("(%a)(%d)", "%2%1")

local producer = coroutine.wrap(function()
  for i = 1, 100000 * factor do coroutine.yield(i * i % 1009) end
end)
local sum = 0
for value in producer do sum = sum + value end
print(fib(29), position.x, position.y, #words, replaced, sum, changed:sub(1, 30))
