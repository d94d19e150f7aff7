-- How far units are from having worked everything that stands on their input streams, in one look.
--
-- KEYS[1..n]   the units' hashes (`@stream` -> committed id)       KEYS[n+1..]   the streams
-- ARGV[1]      n       ARGV[2..]   the streams' names, in the order of their keys
--
-- Returns how many pairs of unit and stream are not at the stream's end. A unit commits its outputs with its position,
-- so 0 means that nothing moves any more.

local count, behind = tonumber(ARGV[1]), 0
for s = count + 1, #KEYS do
  local last = nil
  if redis.call('EXISTS', KEYS[s]) == 1 then
    local info = redis.call('XINFO', 'STREAM', KEYS[s])
    for k = 1, #info, 2 do
      if info[k] == 'last-generated-id' then last = info[k + 1] end
    end
  end
  for u = 1, count do
    local at = redis.call('HGET', KEYS[u], '@' .. ARGV[s - count + 1])
    if last and at and at ~= last then
      behind = behind + 1
    end
  end
end
return behind
