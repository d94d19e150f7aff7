-- Keeps a lease.
--
-- KEYS[1] lease      string with a time to live: the epoch of the present holder
-- ARGV[1] our epoch          ARGV[2] lease time to live in ms          ARGV[3] unit, for the error

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return redis.error_reply('LEASE ' .. ARGV[3] .. ' is not held by epoch ' .. ARGV[1])
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
