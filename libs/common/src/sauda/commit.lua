-- One step of one unit: all of it, or nothing and the reason.
--
-- KEYS[1] lease      string with a time to live: the epoch of the present holder
-- KEYS[2] unit       hash: `@stream` committed id, `#stream` entries passed, `table/key` state
-- KEYS[3] journal    stream: one record per commit that moved
-- KEYS[4..]          the input streams that moved, then the output streams
--
-- ARGV[1] our epoch          ARGV[2] lease time to live in ms; 0 gives the lease back
-- ARGV[3] consumer group     ARGV[4] journal record (JSON), empty if nothing moved
-- ARGV[5] number of input streams, then for each: name, id before, first id, id after, entries passed
-- then    number of rows to set, then field, value for each
-- then    number of rows to remove, then each field
-- then    number of runs of outputs, then for each: index into KEYS, number of entries, then d, c of each entry
--
-- Returns "OK", or an error that starts with LEASE, POSITION or NOPERM.

local at = 5
local function take()
  local value = ARGV[at]
  at = at + 1
  return value
end

-- 1. The lease is still ours. A zombie (a process that was paused past its lease) ends here.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return redis.error_reply('LEASE ' .. ARGV[3] .. ' is not held by epoch ' .. ARGV[1])
end

-- 2. The batch starts right behind the committed position of each stream: no gap, no overlap.
local inputs = tonumber(take())
local moves = {}
for i = 1, inputs do
  local move = { name = take(), before = take(), first = take(), after = take(), count = take() }
  local committed = redis.call('HGET', KEYS[2], '@' .. move.name)
  if committed ~= move.before then
    return redis.error_reply('POSITION ' .. move.name .. ' stands at ' .. tostring(committed) .. ', not at ' .. move.before)
  end
  local following = redis.call('XRANGE', KEYS[3 + i], '(' .. move.before, '+', 'COUNT', 1)
  if not following[1] or following[1][1] ~= move.first then
    return redis.error_reply('POSITION ' .. move.name .. ' goes on with another entry than ' .. move.first)
  end
  moves[i] = move
end

-- 3. Each output stream is one that this user may write: a script that is refused half way has done the first half.
for i = 4 + inputs, #KEYS do
  if not redis.acl_check_cmd('XADD', KEYS[i], '*', 'd', '', 'c', '') then
    return redis.error_reply('NOPERM ' .. ARGV[3] .. ' may not write ' .. KEYS[i])
  end
end

-- 4. State, positions, outputs, journal, lease. The group's cursor is the committed position.
for i = 1, inputs do
  local move = moves[i]
  redis.call('HSET', KEYS[2], '@' .. move.name, move.after, '#' .. move.name, move.count)
  redis.call('XGROUP', 'SETID', KEYS[3 + i], ARGV[3], move.after, 'ENTRIESREAD', move.count)
end

-- unpack() is bounded by Lua's stack (8,000); long lists go in pieces.
local function in_pieces(command, values)
  local from = 1
  while from <= values do
    local size = math.min(values - from + 1, 2000)
    redis.call(command, KEYS[2], unpack(ARGV, at, at + size - 1))
    at = at + size
    from = from + size
  end
end
in_pieces('HSET', 2 * tonumber(take()))
in_pieces('HDEL', tonumber(take()))

-- This loop runs once a tick: locals instead of globals and take() (4.2 -> 3.9 µs of the server's time, two noisy runs).
local call, argv = redis.call, ARGV
for _ = 1, tonumber(take()) do
  local key, size = KEYS[tonumber(take())], tonumber(take())
  for i = at, at + 2 * size - 2, 2 do
    call('XADD', key, '*', 'd', argv[i], 'c', argv[i + 1])
  end
  at = at + 2 * size
end
if ARGV[4] ~= '' then
  redis.call('XADD', KEYS[3], '*', 'd', ARGV[4], 'c', '')
end

if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 'OK'
