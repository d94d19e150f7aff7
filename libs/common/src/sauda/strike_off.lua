-- Takes consumers off a group's list, each only if nothing is pending with it: what is pending would be lost.
--
-- KEYS[1] stream
-- ARGV[1] consumer group   ARGV[2..] consumers
--
-- Returns how many were taken off.

local gone = 0
for at = 2, #ARGV do
  local pending = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[at])
  if #pending == 0 then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[at])
    gone = gone + 1
  end
end
return gone
