#!lua flags=allow-oom
-- Removes the rows that have been dead for the retention, and returns how many. The first argument is
-- now less the retention.
local cutoff, n = int(ARGV[1], 1), 0
for i = 2, #ARGV do
	local id = ARGV[i]
	local row = call('GET', at(id))
	if row and (byte(row, 2) ~= 0 and cutoff >= int(row, 3) or cutoff >= int(row, 35)) then
		call('DEL', at(id), key('v', sub(id, 3)))
		call('ZREM', key('l', owner(row)), id)
		n = n + 1
	end
end
return {n}
