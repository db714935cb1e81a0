//! The scripts that Redis carries out in one step each.

/// Begins a script that changes the record `KEYS[1]`: it goes on only if the record's revision is `ARGV[1]`, and the deadline has not
/// passed.
///
/// With a deadline, `ARGV[3]` in microseconds (empty: none), it goes on only if the clock of the node has not reached it but
/// has reached `ARGV[8]`, and if the node's name is `ARGV[9]` (`*`: any). Only the
/// nodes of a cluster (`ARGV[6]` is not empty) have names. Returns what has happened, the time of the node, and its name.
///
/// The script finds the revision without reading JSON, which is cheaper, and exact where Lua's numbers are not. In form 1 the
/// revision is the last field, in form 2 it is the 8 bytes after the first, with which `ARGV[7]`
/// begins. In form 3 the id of the write follows, so that a write which Redis has lost is not taken for another one with the same
/// revision: all of `ARGV[7]` must be there. A record in any other form is never replaced or deleted.
const COMPARE: &str = r#"
local REFUSED, DONE, TOO_LATE = {0, 0, ''}, 1, 2
local stored = redis.call('GET', KEYS[1])
if not stored then return REFUSED end
local form = string.byte(stored)
if form == 1 then
  if string.match(string.sub(stored, -40), '"revision":(%d+)}$') ~= ARGV[1] then return REFUSED end
elseif form == 2 then
  if string.sub(stored, 2, 9) ~= string.sub(ARGV[7], 1, 8) then return REFUSED end
elseif form == 3 then
  if string.sub(stored, 2, 17) ~= ARGV[7] then return REFUSED end
else
  return REFUSED
end
local now, node = 0, ''
if ARGV[3] ~= '' then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
  local name = ARGV[6] ~= '' and redis.pcall('CLUSTER', 'MYID')
  if type(name) == 'string' then node = name end
  if (ARGV[9] ~= '*' and node ~= ARGV[9]) or now < tonumber(ARGV[8]) or now >= tonumber(ARGV[3]) then
    return {TOO_LATE, now, node}
  end
end
"#;

/// Replaces the value of `KEYS[1]` by `ARGV[2]`, also while Redis is full, and keeps its expiry. The new value may be longer by a few
/// bytes only.
///
/// A full Redis refuses SET as the first write of a script, but not DEL, which here finds nothing to delete. After that it lets the
/// script finish.
const SET_EVEN_IF_FULL: &str = r"
local set = redis.pcall('SET', KEYS[1], ARGV[2], 'KEEPTTL')
if set.err and string.find(set.err, 'OOM', 1, true) and redis.pcall('DEL', KEYS[1] .. ':none') == 0 then
  set = redis.pcall('SET', KEYS[1], ARGV[2], 'KEEPTTL')
end
if set.err then return set end
";

/// Follows [`SET_EVEN_IF_FULL`]: publishes `ARGV[5]` on `ARGV[4]`, and lets Redis keep the new record for `ARGV[10]` milliseconds
/// (empty: forever). A record that cannot be published is put back. Publishing can fail, and the old expiry is not known; so the new
/// one is set last.
const PUBLISH: &str = r"
local published = redis.pcall('PUBLISH', ARGV[4], ARGV[5])
if type(published) == 'table' and published.err then
  redis.call('SET', KEYS[1], stored, 'KEEPTTL')
  return published
end
if ARGV[10] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[10])
end
return {DONE, now, node}
";

/// Publishes `ARGV[5]` on `ARGV[4]` and deletes the record. Nothing is published if this Redis does not let the server delete, which
/// a key shows that is not there.
const DELETE: &str = r"
local may_delete = redis.pcall('DEL', KEYS[1] .. ':none')
if type(may_delete) == 'table' and may_delete.err then return may_delete end
local published = redis.pcall('PUBLISH', ARGV[4], ARGV[5])
if type(published) == 'table' and published.err then return published end
redis.call('DEL', KEYS[1])
return {DONE, now, node}
";

/// Begins a script that replaces the request `KEYS[1]` by `ARGV[2]`, or removes it if that is empty: it goes on only if the request's
/// version is `ARGV[1]`, the 8 bytes after the first.
const COMPARE_REQUEST: &str = r"
local stored = redis.call('GET', KEYS[1])
if not stored or string.sub(stored, 2, 9) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
  return 1
end
";

/// Returns the script that replaces a record. A session can be stopped even while Redis is full.
pub(super) fn compare_and_set() -> String {
    [COMPARE, SET_EVEN_IF_FULL, PUBLISH].concat()
}

/// Returns the script that deletes a record.
pub(super) fn compare_and_delete() -> String {
    [COMPARE, DELETE].concat()
}

/// Returns the script that replaces or removes a request with an idempotency key, and returns 1 if it has. A request that began before
/// Redis was full can be finished.
pub(super) fn replace_request() -> String {
    [COMPARE_REQUEST, SET_EVEN_IF_FULL, "return 1\n"].concat()
}

/// The first value that a script returns if it has changed the record.
pub(super) const DONE: u8 = 1;

/// The first value that a script returns if the deadline has passed, or the node's clock is not the one that was read.
pub(super) const TOO_LATE: u8 = 2;
