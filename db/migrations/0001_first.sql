-- SPDX-License-Identifier: Apache-2.0
-- The first schema. One text for all stores: `--@sqlite` and `--@postgres` … `--@end` mark the lines that only one of them gets.
-- WITHOUT ROWID (rows kept in the key's own tree) pays for short rows only; tables of long rows have a row id.
-- State tables mirror src/store/rows.h; salt and seal_seq tie each row to its ledger entry (docs/formats/ledger.md).

--@postgres
CREATE DOMAIN blob AS bytea;
--@end

CREATE TABLE workspace (
    workspace_id BIGINT NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    zone TEXT NOT NULL,
    is_demo BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    policy_id BIGINT NOT NULL,
    salt BLOB NOT NULL,
    seal_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id)
)
--@sqlite
WITHOUT ROWID
--@end
;

CREATE TABLE channel (
    workspace_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    slug TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    secret BLOB NOT NULL,
    created_us BIGINT NOT NULL,
    disabled_us BIGINT NOT NULL,
    salt BLOB NOT NULL,
    seal_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
)
--@sqlite
WITHOUT ROWID
--@end
;

CREATE TABLE author (
    workspace_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    remote_id TEXT NOT NULL,
    name TEXT NOT NULL,
    is_own BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    first_seen_us BIGINT NOT NULL,
    salt BLOB NOT NULL,
    seal_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
)
--@sqlite
WITHOUT ROWID
--@end
;

CREATE TABLE post (
    workspace_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    remote_id TEXT NOT NULL,
    parent_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    case_id BIGINT NOT NULL,
    author_id BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    is_own BIGINT NOT NULL,
    company TEXT NOT NULL,
    url TEXT NOT NULL,
    posted_us BIGINT NOT NULL,
    learned_us BIGINT NOT NULL,
    deleted_us BIGINT NOT NULL,
    version_no BIGINT NOT NULL,
    version_count BIGINT NOT NULL,
    rating_x10 BIGINT NOT NULL,
    reach BIGINT NOT NULL,
    echo_count BIGINT NOT NULL,
    import_id BIGINT NOT NULL,
    salt BLOB NOT NULL,
    seal_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
)
--@sqlite
WITHOUT ROWID
--@end
;

CREATE TABLE post_version (
    workspace_id BIGINT NOT NULL,
    post_id BIGINT NOT NULL,
    version_no BIGINT NOT NULL,
    event BIGINT NOT NULL,
    revision TEXT NOT NULL,
    valid_us BIGINT NOT NULL,
    learned_us BIGINT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    lang TEXT NOT NULL,
    raw BLOB NOT NULL,
    salt BLOB NOT NULL,
    seal_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, post_id, version_no)
)
;

CREATE TABLE assessment (
    workspace_id BIGINT NOT NULL,
    post_id BIGINT NOT NULL,
    version_no BIGINT NOT NULL,
    intent TEXT NOT NULL,
    sentiment TEXT NOT NULL,
    conduct TEXT NOT NULL,
    subject TEXT NOT NULL,
    risks TEXT NOT NULL,
    urgency BIGINT NOT NULL,
    needs_answer BIGINT NOT NULL,
    category TEXT NOT NULL,
    tags TEXT NOT NULL,
    priority BIGINT NOT NULL,
    clock_policy TEXT NOT NULL,
    lang TEXT NOT NULL,
    why TEXT NOT NULL,
    detail TEXT NOT NULL,
    policy_id BIGINT NOT NULL,
    salt BLOB NOT NULL,
    seal_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, post_id, version_no)
)
;

CREATE TABLE desk_case (
    workspace_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    author_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    company TEXT NOT NULL,
    state BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    category TEXT NOT NULL,
    assignee_id BIGINT NOT NULL,
    tags TEXT NOT NULL,
    clock_policy TEXT NOT NULL,
    intent TEXT NOT NULL,
    sentiment TEXT NOT NULL,
    conduct TEXT NOT NULL,
    subject TEXT NOT NULL,
    risks TEXT NOT NULL,
    urgency BIGINT NOT NULL,
    queue BIGINT NOT NULL,
    next_due_us BIGINT NOT NULL,
    next_clock BIGINT NOT NULL,
    waiting_us BIGINT NOT NULL,
    opened_us BIGINT NOT NULL,
    last_post_us BIGINT NOT NULL,
    first_reply_us BIGINT NOT NULL,
    last_reply_us BIGINT NOT NULL,
    post_count BIGINT NOT NULL,
    reply_count BIGINT NOT NULL,
    headline TEXT NOT NULL,
    why TEXT NOT NULL,
    merged_into BIGINT NOT NULL,
    pinned BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    salt BLOB NOT NULL,
    seal_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
)
--@sqlite
WITHOUT ROWID
--@end
;

CREATE TABLE clock (
    workspace_id BIGINT NOT NULL,
    case_id BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    start_us BIGINT NOT NULL,
    due_us BIGINT NOT NULL,
    warn_us BIGINT NOT NULL,
    stopped_us BIGINT NOT NULL,
    stop BIGINT NOT NULL,
    paused_us BIGINT NOT NULL,
    paused_since_us BIGINT NOT NULL,
    breach_us BIGINT NOT NULL,
    start_post_id BIGINT NOT NULL,
    stop_post_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    salt BLOB NOT NULL,
    seal_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, case_id, ordinal)
)
--@sqlite
WITHOUT ROWID
--@end
;

CREATE TABLE case_step (
    workspace_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    case_id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    to_state BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    salt BLOB NOT NULL,
    seal_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
)
--@sqlite
WITHOUT ROWID
--@end
;

CREATE TABLE note (
    workspace_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    case_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    text TEXT NOT NULL,
    salt BLOB NOT NULL,
    seal_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
)
--@sqlite
WITHOUT ROWID
--@end
;

CREATE TABLE desk_user (
    workspace_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    disabled_us BIGINT NOT NULL,
    salt BLOB NOT NULL,
    seal_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
)
--@sqlite
WITHOUT ROWID
--@end
;

CREATE TABLE import (
    workspace_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    file_name TEXT NOT NULL,
    started_us BIGINT NOT NULL,
    finished_us BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    known BIGINT NOT NULL,
    edited BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    notes TEXT NOT NULL,
    salt BLOB NOT NULL,
    seal_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
)
--@sqlite
WITHOUT ROWID
--@end
;

CREATE TABLE import_mapping (
    workspace_id BIGINT NOT NULL,
    fingerprint BIGINT NOT NULL,
    mapping TEXT NOT NULL,
    saved_us BIGINT NOT NULL,
    salt BLOB NOT NULL,
    seal_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, fingerprint)
)
--@sqlite
WITHOUT ROWID
--@end
;

CREATE TABLE policy (
    workspace_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    published_us BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    digest TEXT NOT NULL,
    files TEXT NOT NULL,
    salt BLOB NOT NULL,
    seal_seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
)
--@sqlite
WITHOUT ROWID
--@end
;

CREATE UNIQUE INDEX channel_slug ON channel (workspace_id, slug);
CREATE UNIQUE INDEX author_remote ON author (workspace_id, channel_id, remote_id);
CREATE INDEX author_person ON author (workspace_id, person_id);
-- With the versions' key (post, revision) this is the key (channel, remote id, revision) that keeps every arrival single.
CREATE UNIQUE INDEX post_remote ON post (workspace_id, channel_id, remote_id);
CREATE UNIQUE INDEX version_revision ON post_version (workspace_id, post_id, revision);
CREATE INDEX post_case ON post (workspace_id, case_id, posted_us) WHERE case_id > 0;
CREATE INDEX post_conversation ON post (workspace_id, conversation_id) WHERE conversation_id <> id;
CREATE INDEX post_parent ON post (workspace_id, parent_id) WHERE parent_id > 0;
CREATE INDEX case_conversation ON desk_case (workspace_id, conversation_id, author_id);
CREATE INDEX case_author ON desk_case (workspace_id, author_id);
CREATE INDEX case_queue_due ON desk_case (workspace_id, queue, next_due_us, id);
CREATE INDEX case_queue_new ON desk_case (workspace_id, queue, last_post_us, id);
CREATE INDEX case_queue_urgency ON desk_case (workspace_id, queue, urgency, id);
CREATE INDEX case_assignee ON desk_case (workspace_id, assignee_id, queue, next_due_us, id) WHERE assignee_id > 0;
-- What the scheduler asks: running clocks that have not been noted as breached.
CREATE INDEX clock_due ON clock (workspace_id, due_us) WHERE stopped_us = 9223372036854775807 AND breach_us = 9223372036854775807;
CREATE INDEX step_case ON case_step (workspace_id, case_id, at_us);
CREATE INDEX note_case ON note (workspace_id, case_id, id);
CREATE UNIQUE INDEX user_email ON desk_user (workspace_id, email);

-- The ledger: rows are only ever added. entry: canonical JSON.
CREATE TABLE ledger_entry (
    workspace_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (workspace_id, seq)
)
;
-- For the history of a case: which entries speak of it.
CREATE TABLE ledger_about (
    workspace_id BIGINT NOT NULL,
    case_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, case_id, seq)
)
--@sqlite
WITHOUT ROWID
--@end
;
-- Head of the ledger, signed at every commit, and the id counters that move with it.
CREATE TABLE ledger_head (
    workspace_id BIGINT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    last_hash BLOB NOT NULL,
    frontier BLOB NOT NULL,
    note TEXT NOT NULL,
    next_id BIGINT NOT NULL,
    next_case_id BIGINT NOT NULL,
    checkpoint_us BIGINT NOT NULL
);
CREATE TABLE ledger_checkpoint (
    workspace_id BIGINT NOT NULL,
    size BIGINT NOT NULL,
    signed_us BIGINT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (workspace_id, size)
)
--@sqlite
WITHOUT ROWID
--@end
;

-- Passing matters, outside the ledger: sessions, sign-in links, answers already given.
CREATE TABLE session (
    workspace_id BIGINT NOT NULL,
    token_hash TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    csrf TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, token_hash)
);
CREATE TABLE sign_in_link (
    workspace_id BIGINT NOT NULL,
    token_hash TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    used_us BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, token_hash)
);
CREATE TABLE answered_request (
    workspace_id BIGINT NOT NULL,
    scope TEXT NOT NULL,
    request_key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, scope, request_key)
);
CREATE INDEX answered_request_age ON answered_request (workspace_id, created_us);

--@sqlite
CREATE VIRTUAL TABLE post_fts USING fts5 (text, content='', tokenize='unicode61 remove_diacritics 2');
--@end
--@postgres
CREATE TABLE post_fts (
    workspace_id BIGINT NOT NULL,
    post_id BIGINT NOT NULL,
    words TSVECTOR NOT NULL,
    PRIMARY KEY (workspace_id, post_id)
);
CREATE INDEX post_fts_words ON post_fts USING gin (words);
--@end

--@sqlite
-- What a grown store looks like, for the planner of SQLite: without it a key that begins with the workspace looks as good
-- as an index that names the very row. Written by hand so that plans are the same on every machine, from the first row.
ANALYZE;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('ledger_about', 'ledger_about', '1000000 1000000 10 1'),
    ('ledger_entry', 'ledger_entry', '1000000 1000000 1'),
    ('clock', 'clock_due', '100000 100000 2'),
    ('clock', 'clock', '200000 200000 2 1'),
    ('channel', 'channel_slug', '20 20 1'),
    ('channel', 'channel', '20 20 1'),
    ('author', 'author_person', '200000 200000 1'),
    ('author', 'author_remote', '200000 200000 20000 1'),
    ('author', 'author', '200000 200000 1'),
    ('post_version', 'version_revision', '1000000 1000000 1 1'),
    ('post_version', 'sqlite_autoindex_post_version_1', '1000000 1000000 1 1'),
    ('assessment', 'assessment', '700000 700000 1 1'),
    ('post', 'post_parent', '500000 500000 2'),
    ('post', 'post_conversation', '500000 500000 4'),
    ('post', 'post_case', '1000000 1000000 10 1'),
    ('post', 'post_remote', '1000000 1000000 100000 1'),
    ('post', 'post', '1000000 1000000 1'),
    ('desk_case', 'case_queue_new', '100000 100000 20000 1 1'),
    ('desk_case', 'case_queue_urgency', '100000 100000 20000 100 1'),
    ('desk_case', 'case_queue_due', '100000 100000 20000 10 1'),
    ('desk_case', 'case_assignee', '20000 20000 1000 200 2 1'),
    ('desk_case', 'case_author', '100000 100000 2'),
    ('desk_case', 'case_conversation', '100000 100000 2 1'),
    ('desk_case', 'desk_case', '100000 100000 1'),
    ('case_step', 'step_case', '100000 100000 3 1'),
    ('note', 'note_case', '100000 100000 3 1'),
    ('session', 'sqlite_autoindex_session_1', '1000 1000 1'),
    ('answered_request', 'sqlite_autoindex_answered_request_1', '100000 100000 1000 1');
ANALYZE sqlite_schema;
--@end
