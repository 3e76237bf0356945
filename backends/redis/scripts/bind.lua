#!lua flags=allow-oom
-- Binds a live session that is not bound: see Binder.Bind.
local id, now8, binding = unpack(ARGV)
local row, now = call('GET', at(id)), int(now8, 1)
if not row or not live(row, userOf(id, owner(row)), epoch(), now) then
	return {0, ''}
end
local methods = 141 + struct.unpack('>H', row, 139)
local bound = methods + 2 + struct.unpack('>H', row, methods)
if byte(row, bound) ~= 0 then
	return {0, ''}
end
put(id, sub(row, 1, bound - 1) .. binding, now)
announce(owner(row))
return {1, owner(row)}
