-- Writes decisions about dead letters, and the letters that go back, all or nothing: unless the letters changed meanwhile.
--
-- KEYS[1] dead letters   stream
-- KEYS[2] requeued       stream
--
-- ARGV[1] last id of the dead letters when they were read: who decides must have seen every decision before his
-- then, for each entry: index into KEYS, d, c
--
-- Returns the dead letters' last id now, or an empty string and does nothing if they are not as they were read.

local function last_id()
  local facts = redis.call('XINFO', 'STREAM', KEYS[1])
  for at = 1, #facts, 2 do
    if facts[at] == 'last-generated-id' then
      return facts[at + 1]
    end
  end
end

if last_id() ~= ARGV[1] then
  return ''
end
for at = 2, #ARGV, 3 do
  redis.call('XADD', KEYS[tonumber(ARGV[at])], '*', 'd', ARGV[at + 1], 'c', ARGV[at + 2])
end
return last_id()
