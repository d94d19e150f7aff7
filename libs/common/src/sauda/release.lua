-- Gives a lease back if it is still ours.
--
-- KEYS[1] lease      string with a time to live: the epoch of the present holder
-- ARGV[1] our epoch

if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
