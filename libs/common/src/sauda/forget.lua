-- Forgets a reader that will not come back: its groups no longer keep entries on the streams, and it is new if it ever returns.
--
-- KEYS[1] lease      string with a time to live: the epoch of the present holder
-- KEYS[2] unit       hash: `@stream` committed id, `#stream` entries passed, `table/key` state
-- KEYS[3..]          the streams
--
-- ARGV[1] consumer group     ARGV[2] milliseconds after which a consumer that has not read is a process that was killed
--
-- Returns how many streams it was a reader of; -1 if somebody holds it, -2 if somebody works in its group.

if redis.call('EXISTS', KEYS[1]) == 1 then
  return -1
end
local found = {}
for i = 3, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 1 then
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[i])) do
      local facts = {}
      for k = 1, #group, 2 do
        facts[group[k]] = group[k + 1]
      end
      if facts['name'] == ARGV[1] then
        for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[i], ARGV[1])) do
          for k = 1, #consumer, 2 do
            if consumer[k] == 'idle' and consumer[k + 1] <= tonumber(ARGV[2]) then
              return -2
            end
          end
        end
        found[#found + 1] = KEYS[i]
      end
    end
  end
end
for _, key in ipairs(found) do
  redis.call('XGROUP', 'DESTROY', key, ARGV[1])
end
-- Without its positions a unit that returns begins as a new one, instead of in front of what was trimmed.
redis.call('DEL', KEYS[2])
return #found
