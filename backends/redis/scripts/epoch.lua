#!lua flags=allow-oom
-- Ends all sessions of the tag. The epoch is followed by those before it, the latest four: each with
-- when and why it ended.
local now8, why, mark = unpack(ARGV)
local was = redis.call('GET', KEYS[1]) or string.rep('\0', 8)
local ended = string.sub(was, 1, 8) .. now8 .. struct.pack('>Bc0', #why, why)
local from = 9
for _ = 1, 3 do
	if from > #was then
		break
	end
	local _, next = struct.unpack('>Bc0', was, from + 16)
	ended = ended .. string.sub(was, from, next - 1)
	from = next
end
redis.call('SET', KEYS[1], mark .. ended)
return {}
