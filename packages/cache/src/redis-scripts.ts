// A key holds `<version>|<floors>\n<entry>`, or `|<floors>\n` without an entry; see entry-bytes.ts. Stamps are compared as text.

/** The two parts of the first line of a key; nothing if it has none. */
const GUARD_OF = `
local function guardOf(key)
  local text = redis.pcall('GETRANGE', key, 0, 255)
  if type(text) == 'table' then return nil end
  if text ~= '' and not string.find(text, '\\n', 1, true) then text = redis.call('GET', key) or '' end
  return string.match(text, '^([^|\\n]*)|([^|\\n]*)\\n')
end
`;

/**
 * Stores entries, each unless something is against it.
 * KEYS: of each, the key and its lease. ARGV: of each, version, body, ms that it is kept, token of the lease or ''.
 * Returns for each `stored`, `below` a floor, `older` than what is there, `lease` if it was lost, or the error of Redis.
 * What is stored ends the lease.
 */
export const WRITE = `${GUARD_OF}
-- Whether what came has all stamps of a text, or later ones; nil if one of them cannot be read.
local function reflects(came, text, ignored)
  local all, from = true, 1
  while from <= #text do
    local _, last, domain, at = string.find(text, '^([^=,]+)=(%d+%.%d+),?', from)
    if not last or #at ~= 33 then return nil end
    if domain ~= ignored then
      local _, before = string.find(came, ',' .. domain .. '=', 1, true)
      if not before or string.sub(came, before + 1, before + 33) < at then all = false end
    end
    from = last + 1
  end
  return all
end
local function write(key, lease, version, body, ms, token)
  if token ~= '' and redis.pcall('GET', lease) ~= token then return 'lease' end
  local held, floors = guardOf(key)
  if held then
    local came = ',' .. version
    local isAbove, isNewer = reflects(came, floors), reflects(came, held, 'invalidations')
    -- What cannot be read counts as absent.
    if isAbove == nil or isNewer == nil then floors = ''
    elseif not isAbove then return 'below'
    elseif not isNewer then return 'older' end
  end
  local done = redis.pcall('SET', key, version .. '|' .. (floors or '') .. '\\n' .. body, 'PX', ms)
  -- An error of this write alone, such as that there is no room.
  if done.err then return done end
  if token ~= '' then redis.call('DEL', lease) end
  return 'stored'
end
local outcomes = {}
for at = 1, #KEYS / 2 do
  outcomes[at] = write(KEYS[2 * at - 1], KEYS[2 * at], unpack(ARGV, 4 * at - 3, 4 * at))
end
return outcomes
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
export const RAISE = `${GUARD_OF}
-- The stamps of a text by domain; nil if one of them cannot be read.
local function stampsOf(text)
  local stamps = {}
  for stamp in string.gmatch(text, '[^,]+') do
    local domain, at = string.match(stamp, '^([^=]+)=(%d+%.%d+)$')
    if not at or #at ~= 33 then return nil end
    stamps[domain] = at
  end
  return stamps
end
local function textOf(stamps)
  local parts = {}
  for domain, at in pairs(stamps) do parts[#parts + 1] = domain .. '=' .. at end
  table.sort(parts)
  return table.concat(parts, ',')
end
local version, held = guardOf(KEYS[1])
local own, floors = stampsOf(version or ''), stampsOf(held or '')
-- What cannot be read counts as absent.
if not own or not floors then version, own, floors = '', {}, {} end
for domain, at in string.gmatch(ARGV[1], '([^=,]+)=([^,]+)') do
  if not floors[domain] or floors[domain] < at then floors[domain] = at end
end
redis.call('DEL', KEYS[2])
local stays = version ~= nil and version ~= ''
if stays then
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
