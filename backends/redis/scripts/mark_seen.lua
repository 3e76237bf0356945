#!lua flags=allow-oom
-- Records that the generation was seen in use: see Rotator.MarkSeen. Not announced.
local id, now8, n = unpack(ARGV)
local row = call('GET', at(id))
if row and sub(row, 67, 74) == n and sub(row, 83, 90) == never then
	call('SETRANGE', at(id), 82, now8)
end
return {}
