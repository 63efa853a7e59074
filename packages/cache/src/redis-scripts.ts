// A key holds `<version>|<floors>\n<entry>`, or `|<floors>\n` without an entry; see entry-bytes.ts. Stamps are compared as text.

/** What both scripts read: the stamps of a text by domain, and the first line of a key. */
const COMMON = `
local function stampsOf(text)
  local stamps = {}
  for domain, at in string.gmatch(text, '([^=,]+)=([^,]+)') do stamps[domain] = at end
  return stamps
end
local function textOf(stamps)
  local parts = {}
  for domain, at in pairs(stamps) do parts[#parts + 1] = domain .. '=' .. at end
  table.sort(parts)
  return table.concat(parts, ',')
end
local function guardOf(key)
  local text = redis.call('GETRANGE', key, 0, 255)
  if text == '' then return nil end
  local stop = string.find(text, '\\n', 1, true)
  if not stop then
    text = redis.call('GET', key)
    stop = string.find(text, '\\n', 1, true)
  end
  local bar = string.find(text, '|', 1, true)
  return string.sub(text, 1, bar - 1), string.sub(text, bar + 1, stop - 1)
end
`;

/**
 * Stores an entry unless something is against it.
 * KEYS: the key, its lease. ARGV: version, body, ms that it is kept, token of the lease or ''.
 * Returns `stored`, `below` a floor, `older` than what is there, or `lease` if it was lost. What is stored ends the lease.
 */
export const WRITE = `${COMMON}
if ARGV[4] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[4] then return 'lease' end
local version, floors = guardOf(KEYS[1])
if version then
  local came = stampsOf(ARGV[1])
  for domain, at in string.gmatch(floors, '([^=,]+)=([^,]+)') do
    if not came[domain] or came[domain] < at then return 'below' end
  end
  for domain, at in string.gmatch(version, '([^=,]+)=([^,]+)') do
    if domain ~= 'invalidations' and (not came[domain] or came[domain] < at) then return 'older' end
  end
end
redis.call('SET', KEYS[1], ARGV[1] .. '|' .. (floors or '') .. '\\n' .. ARGV[2], 'PX', ARGV[3])
if ARGV[4] ~= '' then redis.call('DEL', KEYS[2]) end
return 'stored'
`;

/**
 * Changes how long a lease lasts, if it is still the one of a token: 0 ends it.
 * KEYS: the lease. ARGV: token, ms.
 */
export const KEEP_LEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`;

/**
 * Raises the floors of a key. An entry below them is removed; the floors stay.
 * A load that is under way loses its lease: what it reads is below them, and others must not wait for it.
 * KEYS: the key, its lease. ARGV: floors, ms that they are kept if there is no entry.
 */
export const RAISE = `${COMMON}
local version, held = guardOf(KEYS[1])
local floors = stampsOf(held or '')
for domain, at in string.gmatch(ARGV[1], '([^=,]+)=([^,]+)') do
  if not floors[domain] or floors[domain] < at then floors[domain] = at end
end
redis.call('DEL', KEYS[2])
local stays = version ~= nil and version ~= ''
if stays then
  local own = stampsOf(version)
  for domain, at in pairs(floors) do
    if not own[domain] or own[domain] < at then stays = false end
  end
end
if stays then
  local text = redis.call('GET', KEYS[1])
  local rest = string.sub(text, string.find(text, '\\n', 1, true), -1)
  redis.call('SET', KEYS[1], version .. '|' .. textOf(floors) .. rest, 'KEEPTTL')
else
  local left = redis.call('PTTL', KEYS[1])
  redis.call('SET', KEYS[1], '|' .. textOf(floors) .. '\\n', 'PX', math.max(tonumber(ARGV[2]), left))
end
`;
