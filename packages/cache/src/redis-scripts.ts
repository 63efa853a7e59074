// A key holds `<version>|<floors>\n<entry>`, or `|<floors>\n` without an entry; see entry-bytes.ts. Stamps are compared as text.

/** What both scripts read: the stamps of a text by domain, and the first line of a key. One that cannot be read counts as absent. */
const COMMON = `
local function isVersion(text)
  for stamp in string.gmatch(text, '[^,]+') do
    local at = string.match(stamp, '^[^=]+=(%d+%.%d+)$')
    if not at or #at ~= 33 then return false end
  end
  return true
end
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
  local text = redis.pcall('GETRANGE', key, 0, 255)
  if type(text) == 'table' then return nil end
  if not string.find(text, '\\n', 1, true) then text = redis.call('GET', key) or '' end
  local version, floors = string.match(text, '^([^|\\n]*)|([^|\\n]*)\\n')
  if version and isVersion(version) and isVersion(floors) then return version, floors end
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

/**
 * Removes a key that could not be read, unless another one is there by now.
 * KEYS: the key. ARGV: SHA-1 of what was read, in hexadecimal digits; '' if it is not a string.
 */
export const REMOVE = `
local text = redis.pcall('GET', KEYS[1])
local sum = type(text) == 'string' and redis.sha1hex(text) or ''
if sum == ARGV[1] then redis.call('UNLINK', KEYS[1]) end
`;
