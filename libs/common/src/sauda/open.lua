-- Opens a unit for its holder: fixes the positions of streams that are new to it, sets its groups' cursors.
--
-- KEYS[1] lease      string with a time to live: the epoch of the present holder
-- KEYS[2] unit       hash: `@stream` committed id, `#stream` entries passed, `table/key` state
-- KEYS[3..]          the input streams
--
-- ARGV[1] our epoch          ARGV[2] lease time to live in ms     ARGV[3] consumer group
-- ARGV[4..]          for each input stream: name, then `now` or `beginning`
--
-- Returns the unit's hash, or an error that starts with LEASE.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return redis.error_reply('LEASE ' .. ARGV[3] .. ' is not held by epoch ' .. ARGV[1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])

-- Where a trimmed stream begins now: the journal has to show from where this unit read, not where the stream once began.
local function before_first(facts)
  if facts['entries-added'] == facts['length'] then
    return '0-0'
  end
  if not facts['first-entry'] then
    return facts['last-generated-id']
  end
  local ms, seq = string.match(facts['first-entry'][1], '^(%d+)-(%d+)$')
  if seq == '0' then
    return string.format('%.0f-18446744073709551615', ms - 1)
  end
  -- More digits than a Lua number holds: no server gives such an id out.
  return #seq > 15 and '0-0' or string.format('%s-%.0f', ms, seq - 1)
end

for i = 3, #KEYS do
  local name, start = ARGV[2 * i - 2], ARGV[2 * i - 1]
  redis.pcall('XGROUP', 'CREATE', KEYS[i], ARGV[3], '0', 'MKSTREAM')
  local id = redis.call('HGET', KEYS[2], '@' .. name)
  local count = redis.call('HGET', KEYS[2], '#' .. name)
  if not id then
    local facts = {}
    local info = redis.call('XINFO', 'STREAM', KEYS[i])
    for k = 1, #info, 2 do facts[info[k]] = info[k + 1] end
    if start == 'now' then
      id, count = facts['last-generated-id'], facts['entries-added']
    else
      id, count = before_first(facts), facts['entries-added'] - facts['length']
    end
    redis.call('HSET', KEYS[2], '@' .. name, id, '#' .. name, count)
  end
  redis.call('XGROUP', 'SETID', KEYS[i], ARGV[3], id, 'ENTRIESREAD', count)
end
return redis.call('HGETALL', KEYS[2])
