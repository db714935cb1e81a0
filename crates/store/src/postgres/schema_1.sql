-- Version 1 of the schema. A schema that was ever released stays as it is: what changes is another file.

CREATE TABLE tickseed_sessions (
  -- A UUID of version 7, which begins with the time of creation, so the newest sessions have the largest ids.
  id uuid PRIMARY KEY,
  -- The whole session, in the form that every store keeps it in.
  record bytea NOT NULL,
  -- A compare-and-set goes by these two.
  revision bigint NOT NULL,
  write_id bigint NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz
);

CREATE INDEX tickseed_sessions_expires_at ON tickseed_sessions (expires_at) WHERE expires_at IS NOT NULL;

-- Requests with an idempotency key.
CREATE TABLE tickseed_requests (
  id bytea PRIMARY KEY,
  record bytea NOT NULL,
  version bigint NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE INDEX tickseed_requests_expires_at ON tickseed_requests (expires_at);

-- The channel on which changes are announced. All schemas of a database share their channels, so each table has its own, whatever
-- leads to it.
CREATE FUNCTION tickseed_channel() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT 'tickseed_' || 'tickseed_sessions'::regclass::oid
$$;

-- The time, in microseconds since the Unix epoch.
CREATE FUNCTION tickseed_now_us() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint
$$;

-- Names the server process whose clock decides. Another server, or this one after a restart, has another name.
CREATE FUNCTION tickseed_node() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT floor(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint::text
$$;

-- Fails if a write would fail: adds a row to each table, takes it back, and commits the time. It does not queue behind a probe that
-- hangs in its commit.
CREATE FUNCTION tickseed_probe() RETURNS void LANGUAGE plpgsql SET lock_timeout = '100ms' AS $$
BEGIN
  BEGIN
    INSERT INTO tickseed_sessions VALUES (gen_random_uuid(), '', 0, 0, clock_timestamp(), NULL);
    INSERT INTO tickseed_requests VALUES (uuid_send(gen_random_uuid()), '', 0, clock_timestamp());
    RAISE EXCEPTION USING ERRCODE = 'TSPRB';
  EXCEPTION WHEN SQLSTATE 'TSPRB' THEN
    NULL;
  END;
  UPDATE tickseed_schema SET probed_at = clock_timestamp();
END
$$;

-- Replaces or deletes (new_record IS NULL) the session that has this revision and this write id, unless the deadline has passed.
-- The outcome is 0 if it has others or is gone, 1 if it is done, and 2 if it is too late or the clock is not the expected one.
--
-- A write that a promise is about holds a lock until everybody sees it, and takes the lock before it looks at the clock. The proofs of
-- the change feed take the same lock, so no proof overtakes a write that has looked at the clock and is not visible yet.
CREATE FUNCTION tickseed_replace(
  session_id uuid,
  old_revision bigint,
  old_write_id bigint,
  new_record bytea,
  new_revision bigint,
  new_write_id bigint,
  new_expires_at timestamptz,
  is_promised boolean,
  expected_node text,
  earliest_us bigint,
  deadline_us bigint,
  OUT outcome integer,
  OUT time_us bigint,
  OUT node text
) LANGUAGE plpgsql AS $$
DECLARE
  is_same boolean;
BEGIN
  IF is_promised THEN
    PERFORM pg_advisory_xact_lock_shared(8389772276738712932);
  END IF;
  SELECT revision = old_revision AND write_id = old_write_id INTO is_same
    FROM tickseed_sessions WHERE id = session_id FOR UPDATE;
  time_us := tickseed_now_us();
  node := tickseed_node();
  IF is_same IS NOT TRUE THEN
    outcome := 0;
  ELSIF deadline_us IS NOT NULL
    AND (expected_node NOT IN (node, '*') OR time_us < earliest_us OR time_us >= deadline_us) THEN
    outcome := 2;
  ELSIF new_record IS NULL THEN
    DELETE FROM tickseed_sessions WHERE id = session_id;
    PERFORM pg_notify(tickseed_channel(), session_id || ' deleted');
    outcome := 1;
  ELSE
    UPDATE tickseed_sessions
      SET record = new_record, revision = new_revision, write_id = new_write_id, expires_at = new_expires_at
      WHERE id = session_id;
    PERFORM pg_notify(tickseed_channel(), session_id || ' ' || new_revision);
    outcome := 1;
  END IF;
END
$$;
