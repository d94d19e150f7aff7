-- Takes a unit's lease if nobody has it.
--
-- KEYS[1] lease      string with a time to live: the epoch of the present holder
-- KEYS[2] epoch      counter: the last fencing token given out; never goes back
-- KEYS[3] holder     string: who holds the unit, for people
--
-- ARGV[1] holder     ARGV[2] lease time to live in ms
--
-- Returns the new epoch, or 0 while another holder has the lease.

if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
local epoch = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], epoch, 'PX', ARGV[2])
redis.call('SET', KEYS[3], ARGV[1])
return epoch
