#!lua flags=allow-oom
-- Records that the key was proved: see Binder.Proved. Not announced.
local id, now8, thumbprint = unpack(ARGV)
local row, now = call('GET', at(id)), int(now8, 1)
if not row or not live(row, userOf(id, owner(row)), epoch(), now) then
	return {}
end
local methods = 141 + struct.unpack('>H', row, 139)
local algorithm, bound = text(row, methods + 2 + struct.unpack('>H', row, methods))
if algorithm ~= '' and text(row, bound + 16) == thumbprint and now > int(row, bound + 8) then
	call('SETRANGE', at(id), bound + 7, now8)
end
return {}
