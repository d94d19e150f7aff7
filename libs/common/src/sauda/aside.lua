-- Puts a desk's book aside: renames its keys, so that a new book begins under the desk's name.
--
-- KEYS[1] lease      of the caller: string with a time to live, the epoch of the present holder
-- KEYS[2] aside      counter: books of this desk that were put aside
-- KEYS[3..]          every key of the book; leases among them end here
--
-- ARGV[1] our epoch          ARGV[2] unit, for the error
-- ARGV[3] number of the book that was begun before, 0 for a new one          ARGV[4] `{desk}`
--
-- Returns the number of the book: its keys are `{desk}@<number>:...`, in the same slot of a cluster.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return redis.error_reply('LEASE ' .. ARGV[2] .. ' is not held by epoch ' .. ARGV[1])
end
local number = tonumber(ARGV[3])
if number == 0 then
  number = redis.call('INCR', KEYS[2])
end
local desk = ARGV[4]
for i = 3, #KEYS do
  local rest = string.sub(KEYS[i], #desk + 1)
  if string.find(rest, ':lease:', 1, true) == 1 then
    redis.call('DEL', KEYS[i])
  elseif redis.call('EXISTS', KEYS[i]) == 1 then
    redis.call('RENAME', KEYS[i], desk .. '@' .. number .. rest)
  end
end
return number
