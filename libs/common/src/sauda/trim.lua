-- Takes entries off the beginning of a stream that are archived and that every group has passed.
--
-- KEYS[1] lease      of the archiver: string with a time to live, the epoch of the present holder
-- KEYS[2] book       string: the book that the stream belongs to now
-- KEYS[3] stream
--
-- ARGV[1] our epoch          ARGV[2] unit, for the error          ARGV[3] the book that was archived
-- ARGV[4] the last archived id                                    ARGV[5] milliseconds that entries stay; 0: none
-- ARGV[6] entries to take off at the most                         ARGV[7] `all`: a book put aside, nobody reads it
--
-- The entry at the bound itself stays: a stream that was trimmed still shows where it joins the archive.
-- Returns how many were taken off, and who holds up the rest (a group's name, or empty).

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return redis.error_reply('LEASE ' .. ARGV[2] .. ' is not held by epoch ' .. ARGV[1])
end
if redis.call('GET', KEYS[2]) ~= ARGV[3] then
  return { 0, '' } -- another book began since we looked
end
if redis.call('EXISTS', KEYS[3]) == 0 then
  return { 0, '' }
end

-- Ids have two numbers of up to 20 digits: more than a Lua number holds, so they are compared as text of one length.
local function comparable(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return string.rep('0', 20 - #ms) .. ms .. string.rep('0', 20 - #seq) .. seq
end

if ARGV[7] == 'all' then
  local newest = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)[1]
  if newest and comparable(newest[1]) <= comparable(ARGV[4]) then
    local taken = redis.call('XTRIM', KEYS[3], 'MAXLEN', '~', 0, 'LIMIT', ARGV[6])
    if redis.call('XLEN', KEYS[3]) <= tonumber(ARGV[6]) then
      taken = taken + redis.call('XTRIM', KEYS[3], 'MAXLEN', 0)
    end
    return { taken, '' }
  end
  return { 0, '' }
end

-- 1. Archived, and older than what the desk keeps.
local bound, held_by = ARGV[4], ''
local keep_ms = tonumber(ARGV[5])
if keep_ms > 0 then
  local now = redis.call('TIME')
  local oldest = math.max(0, now[1] * 1000 + math.floor(now[2] / 1000) - keep_ms)
  local kept = string.format('%.0f-0', oldest)
  if comparable(kept) < comparable(bound) then
    bound = kept
  end
end

-- 2. Every group has passed it: units stand at their committed position, writers at the first entry they have not acknowledged.
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[3])) do
  local facts = {}
  for k = 1, #group, 2 do
    facts[group[k]] = group[k + 1]
  end
  local passed = facts['last-delivered-id']
  if facts['pending'] > 0 then
    local first = redis.call('XPENDING', KEYS[3], facts['name'])[2]
    if comparable(first) < comparable(passed) then
      passed = first
    end
  end
  if comparable(passed) < comparable(bound) then
    bound, held_by = passed, facts['name']
  end
end

-- 3. By whole nodes and in portions, so that the server is never busy with it for long.
return { redis.call('XTRIM', KEYS[3], 'MINID', '~', bound, 'LIMIT', ARGV[6]), held_by }
