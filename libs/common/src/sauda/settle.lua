-- Acknowledges entries that nobody can work; each goes to the dead letters in the same step, once.
--
-- KEYS[1] dead letters   stream
-- KEYS[2..]              the streams that entries came from
--
-- ARGV[1] consumer group
-- then, for each entry: index into KEYS, entry id, d, c
--
-- Returns how many entries were still pending.

local settled = 0
for at = 2, #ARGV, 4 do
  local stream = KEYS[tonumber(ARGV[at])]
  local first = redis.call('XACK', stream, ARGV[1], ARGV[at + 1])
  settled = settled + first
  -- Whoever takes the entry off the list writes the letter: a repeat, or a peer with the same entry, does not.
  if first == 1 then
    redis.call('XADD', KEYS[1], '*', 'd', ARGV[at + 2], 'c', ARGV[at + 3])
  end
end
return settled
