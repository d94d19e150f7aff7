-- Puts a desk's book aside: renames its keys, so that a new book begins under the desk's name. All or nothing.
--
-- KEYS[1] lease      of the caller: string with a time to live, the epoch of the present holder
-- KEYS[2] aside      counter: books of this desk that were put aside
-- KEYS[3..]          every key of the book; leases among them end here
--
-- ARGV[1] our epoch          ARGV[2] unit, for the error          ARGV[3] `{desk}`
--
-- Returns the number of the book: its keys are `{desk}@<number>:...`, in the same slot of a cluster.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return redis.error_reply('LEASE ' .. ARGV[2] .. ' is not held by epoch ' .. ARGV[1])
end
local number = redis.call('INCR', KEYS[2])
local desk = ARGV[3]
for i = 3, #KEYS do
  local rest = string.sub(KEYS[i], #desk + 1)
  if string.find(rest, ':lease:', 1, true) == 1 then
    redis.call('DEL', KEYS[i])
  elseif redis.call('EXISTS', KEYS[i]) == 1 then
    -- The number is new, so nothing can stand there; NX makes sure of it.
    redis.call('RENAMENX', KEYS[i], desk .. '@' .. number .. rest)
  end
end
return number
