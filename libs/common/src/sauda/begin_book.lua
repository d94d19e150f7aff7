-- Names the book that a desk's streams belong to, once.
--
-- KEYS[1] lease      of the caller: string with a time to live, the epoch of the present holder
-- KEYS[2] book       string: the book's name, milliseconds of the server's clock
-- KEYS[3..]          the streams of the desk
--
-- ARGV[1] our epoch          ARGV[2] unit, for the error
--
-- Returns the book's name and 1 if it was given now, 0 if it had one; nothing while no stream exists.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return redis.error_reply('LEASE ' .. ARGV[2] .. ' is not held by epoch ' .. ARGV[1])
end
local book = redis.call('GET', KEYS[2])
if book then
  return { book, 0 }
end
for i = 3, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 1 then
    local now = redis.call('TIME')
    book = string.format('%d%03d', now[1], math.floor(now[2] / 1000))
    redis.call('SET', KEYS[2], book)
    return { book, 1 }
  end
end
return {}
