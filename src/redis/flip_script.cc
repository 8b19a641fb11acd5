#include "redis/flip_script.h"

namespace headroom {

// Epochs have 20 digits, so that they compare as text: Lua's numbers are exact only up to 2^53.
#define HEADROOM_REFUSAL                                         \
  "local m, s, g = KEYS[1], KEYS[2], KEYS[3]\n"                  \
  "local epoch, owner = ARGV[2], ARGV[3]\n"                      \
  "local now = redis.call('HMGET', m, 'owner', 'epoch')\n"       \
  "if now[2] and now[2] > epoch then return 'newer' end\n"       \
  "local staged = redis.call('HMGET', s, 'owner', 'epoch')\n"    \
  "if staged[2] and staged[2] > epoch then return 'newer' end\n" \
  "if ARGV[4] == '1' and now[1] ~= ARGV[5] then return 'other' end\n"

const std::string_view FlipScript::kBegin = HEADROOM_REFUSAL R"(
if redis.call('EXISTS', g) == 1 then return 'sweep 3' end
if redis.call('EXISTS', s) == 1 then
  redis.call('HSET', s, 'owner', '')
  return 'sweep 2'
end
if ARGV[4] == '1' then redis.call('COPY', m, s) end
redis.call('HSET', s, 'owner', owner, 'epoch', epoch)
return 'ok'
)";

const std::string_view FlipScript::kStage = R"(
local s, prefix, changed = KEYS[2], ARGV[1], tonumber(ARGV[3])
if redis.call('HGET', s, 'owner') ~= ARGV[2] then return 'other' end
for i = 5, 3 + 2 * changed, 2 do redis.call('PERSIST', prefix .. ARGV[i]) end
if changed > 0 then redis.call('HSET', s, unpack(ARGV, 4, 3 + 2 * changed)) end
if #ARGV > 3 + 2 * changed then redis.call('HDEL', s, unpack(ARGV, 4 + 2 * changed)) end
return 'ok'
)";

const std::string_view FlipScript::kVerify = R"(
local s, prefix = KEYS[2], ARGV[1]
if redis.call('HGET', s, 'owner') ~= ARGV[2] then return 'other' end
local part = redis.call('HSCAN', s, ARGV[3], 'COUNT', 1000)
local keys = {}
for i = 1, #part[2], 2 do
  if string.sub(part[2][i], 1, 1) == 'p' then keys[#keys + 1] = prefix .. part[2][i + 1] end
end
for i = 1, #keys, 4000 do
  local last = math.min(i + 3999, #keys)
  if redis.call('EXISTS', unpack(keys, i, last)) ~= last - i + 1 then
    redis.call('HSET', s, 'owner', '')
    return 'missing'
  end
end
return part[1]
)";

const std::string_view FlipScript::kCommit = HEADROOM_REFUSAL R"(
if staged[1] ~= owner or redis.call('EXISTS', g) == 1 then return 'other' end
redis.call('HSET', s, 'core', ARGV[6])
if redis.call('EXISTS', m) == 1 then redis.call('RENAME', m, g) end
redis.call('RENAME', s, m)
return 'ok'
)";

const std::string_view FlipScript::kSweep = R"(
local m, key, prefix = KEYS[1], KEYS[tonumber(ARGV[2])], ARGV[1]
if ARGV[2] == '2' and redis.call('HGET', key, 'owner') ~= '' then return '0' end
local part = redis.call('HSCAN', key, ARGV[3], 'COUNT', 500)
local fields, names = {}, {}
for i = 1, #part[2], 2 do
  if string.sub(part[2][i], 1, 1) == 'p' then
    fields[#fields + 1] = part[2][i]
    names[#names + 1] = part[2][i + 1]
  end
end
for i = 1, #fields, 4000 do
  local last = math.min(i + 3999, #fields)
  local current = redis.call('HMGET', m, unpack(fields, i, last))
  local dead = {}
  for j = i, last do
    if current[j - i + 1] ~= names[j] then dead[#dead + 1] = prefix .. names[j] end
  end
  if #dead > 0 then redis.call('UNLINK', unpack(dead)) end
end
if part[1] == '0' then redis.call('UNLINK', key) end
return part[1]
)";

#undef HEADROOM_REFUSAL

}  // namespace headroom
