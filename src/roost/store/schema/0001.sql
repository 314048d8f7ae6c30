-- The first schema. Times are microseconds UTC. Every key of an account's table begins with the
-- account. Numbered steps are never edited after a release.

-- What the server knows of itself: when it was made, keys, the highest number of each server-wide kind.
CREATE TABLE server (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- Numbers of server-wide things (account, domain, revision), never reused.
CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    next INTEGER NOT NULL
) WITHOUT ROWID;

-- Who changed what, when and why; changes is JSON: [{"table", "key", "before", "after"}, ...].
CREATE TABLE revision (
    id INTEGER NOT NULL PRIMARY KEY,
    made INTEGER NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    changes TEXT NOT NULL
);

-- Progress of background fills and jobs (search index, new render versions, clean-up).
CREATE TABLE job (
    name TEXT NOT NULL PRIMARY KEY,
    progress TEXT NOT NULL,
    holder TEXT NOT NULL DEFAULT '',
    held_until INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- settings is JSON of config.domains.DomainSettings; revision is the last one that changed the row.
CREATE TABLE domain (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    settings TEXT NOT NULL,
    revision INTEGER NOT NULL
);

-- deleted: when it was marked for deletion, NULL while in use; the name is free again at once.
CREATE TABLE account (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created INTEGER NOT NULL,
    deleted INTEGER,
    settings TEXT NOT NULL,
    revision INTEGER NOT NULL
);
CREATE UNIQUE INDEX account_name ON account (name) WHERE deleted IS NULL;

-- The numbers that move with every message, apart from what a person sets.
CREATE TABLE account_counter (
    account_id INTEGER NOT NULL PRIMARY KEY,
    next_modseq INTEGER NOT NULL,
    next_uid_validity INTEGER NOT NULL,
    next_mailbox INTEGER NOT NULL,
    next_email INTEGER NOT NULL,
    next_thread INTEGER NOT NULL,
    next_number INTEGER NOT NULL,
    used_octets INTEGER NOT NULL,
    used_messages INTEGER NOT NULL
);

-- localpart is the canonical form mail is looked up by, spelled the form the admin gave.
CREATE TABLE address (
    account_id INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    localpart TEXT NOT NULL,
    spelled TEXT NOT NULL,
    created INTEGER NOT NULL,
    settings TEXT NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (account_id, domain_id, localpart)
) WITHOUT ROWID;
CREATE UNIQUE INDEX address_lookup ON address (domain_id, localpart);

-- kind: password, app-password, ...; secret is JSON of the kind's own form, never the password.
-- digest: of a password that is too random to be guessed, what it is found by. expires: NULL for never.
CREATE TABLE credential (
    account_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    protocols TEXT NOT NULL,
    secret TEXT NOT NULL,
    digest BLOB,
    created INTEGER NOT NULL,
    expires INTEGER,
    last_used INTEGER,
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;

-- What all secrets of an account have in common, for each hash of SCRAM (RFC 5802 section 3).
CREATE TABLE scram_salt (
    account_id INTEGER NOT NULL,
    hash TEXT NOT NULL,
    salt BLOB NOT NULL,
    iterations INTEGER NOT NULL,
    PRIMARY KEY (account_id, hash)
) WITHOUT ROWID;

-- Who signed in or failed to. account_id 0: nobody's name. key: SHA-256 of all that makes an attempt
-- like another one; those alike are one row. failed: 1 for every outcome but "ok".
CREATE TABLE login_attempt (
    account_id INTEGER NOT NULL,
    key BLOB NOT NULL,
    name TEXT NOT NULL,
    protocol TEXT NOT NULL,
    mechanism TEXT NOT NULL,
    client TEXT NOT NULL,
    ip TEXT NOT NULL,
    tls TEXT NOT NULL,
    outcome TEXT NOT NULL,
    failed INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (account_id, key)
) WITHOUT ROWID;
CREATE INDEX login_attempt_last ON login_attempt (last, account_id, key);
CREATE INDEX login_attempt_failed ON login_attempt (account_id, failed, last);
-- Public keys that sign in by a TLS client certificate. fingerprint: SHA-256 of the DER
-- SubjectPublicKeyInfo in base64url; certificate: DER. domain_id, localpart: the login address, an
-- address of the account by its canonical local part.
CREATE TABLE tls_public_key (
    account_id INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    created INTEGER NOT NULL,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    no_imap_preauth INTEGER NOT NULL,
    certificate BLOB NOT NULL,
    domain_id INTEGER NOT NULL,
    localpart TEXT NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (account_id, fingerprint)
) WITHOUT ROWID;
CREATE UNIQUE INDEX tls_public_key_lookup ON tls_public_key (fingerprint);
CREATE INDEX tls_public_key_address ON tls_public_key (domain_id, localpart);

-- The state of each JMAP type of an account (RFC 8620 section 1.6.2): the highest modseq of its changes.
CREATE TABLE type_state (
    account_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    modseq INTEGER NOT NULL,
    PRIMARY KEY (account_id, type)
) WITHOUT ROWID;

-- name is the whole path, "/" between levels. IMAP's counters: messages, unseen, deleted, octets,
-- deleted_octets; JMAP's: emails, unread, threads, unread_threads. removed: the modseq at which it was
-- deleted, NULL while in use. floor_modseq: from where the history of expunged messages is complete.
-- recent_uid: messages from this uid on have not been seen by a session (RFC 3501 section 2.3.2).
-- arrived_modseq: of the last message that came in.
CREATE TABLE mailbox (
    account_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    parent_id INTEGER,
    name TEXT NOT NULL,
    role TEXT,
    sort_order INTEGER NOT NULL DEFAULT 0,
    uid_validity INTEGER NOT NULL,
    uid_next INTEGER NOT NULL DEFAULT 1,
    recent_uid INTEGER NOT NULL DEFAULT 1,
    created INTEGER NOT NULL,
    created_modseq INTEGER NOT NULL,
    properties_modseq INTEGER NOT NULL,
    counts_modseq INTEGER NOT NULL,
    highest_modseq INTEGER NOT NULL,
    floor_modseq INTEGER NOT NULL,
    removed INTEGER,
    messages INTEGER NOT NULL DEFAULT 0,
    unseen INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0,
    octets INTEGER NOT NULL DEFAULT 0,
    deleted_octets INTEGER NOT NULL DEFAULT 0,
    emails INTEGER NOT NULL DEFAULT 0,
    unread INTEGER NOT NULL DEFAULT 0,
    threads INTEGER NOT NULL DEFAULT 0,
    unread_threads INTEGER NOT NULL DEFAULT 0,
    arrived_modseq INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX mailbox_name ON mailbox (account_id, name) WHERE removed IS NULL;
CREATE INDEX mailbox_changed ON mailbox (account_id, highest_modseq) WHERE removed IS NULL;

-- How mailboxes came by their names, for sessions that are told of it (RFC 5465 section 5.4); the newest
-- 10,000 of an account. old_name: NULL for one that was created. new_name: NULL for one that was deleted.
CREATE TABLE mailbox_naming (
    account_id INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    old_name TEXT,
    new_name TEXT,
    PRIMARY KEY (account_id, modseq)
) WITHOUT ROWID;

-- A subscription is a name, there or not (RFC 9051 section 6.3.7), of the account that acts. ended: 1 for one
-- that is no more, kept so that sessions can be told of it.
CREATE TABLE subscription (
    account_id INTEGER NOT NULL,
    owner_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    modseq INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, owner_id, name)
) WITHOUT ROWID;
CREATE INDEX subscription_modseq ON subscription (account_id, owner_id, modseq);
CREATE INDEX subscription_owner ON subscription (owner_id) WHERE owner_id <> account_id;

-- Notes of clients on a mailbox, or with mailbox_id 0 on the server (RFC 5464). entry: its whole name in
-- lower case, below /private or /shared. value: NULL for one that was removed.
CREATE TABLE metadata (
    account_id INTEGER NOT NULL,
    mailbox_id INTEGER NOT NULL,
    entry TEXT NOT NULL,
    value BLOB,
    modseq INTEGER NOT NULL,
    PRIMARY KEY (account_id, mailbox_id, entry)
);
CREATE INDEX metadata_modseq ON metadata (account_id, modseq);

-- Mailbox access keys of URLAUTH (RFC 4467 section 2.2), which user_id has for a mailbox of account_id.
-- key: NULL where all keys were removed. modseq: of user_id, when the key was last reset; 0 for never.
CREATE TABLE url_key (
    account_id INTEGER NOT NULL,
    mailbox_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    key BLOB,
    modseq INTEGER NOT NULL,
    PRIMARY KEY (account_id, mailbox_id, user_id)
) WITHOUT ROWID;
CREATE INDEX url_key_user ON url_key (user_id);

-- What others may do with a mailbox, or with mailbox_id 0 with every mailbox of the account (RFC 4314).
-- user_id: who, 0 for anyone. negative: 1 where the rights are taken away. rights: letters in the order
-- lrswipkxtea. send_as: whether user_id may send with the addresses of the account. revision: the last
-- one that changed the row, 0 where a user did.
CREATE TABLE acl (
    account_id INTEGER NOT NULL,
    mailbox_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    negative INTEGER NOT NULL,
    rights TEXT NOT NULL,
    send_as INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, mailbox_id, user_id, negative)
) WITHOUT ROWID;
CREATE INDEX acl_user ON acl (user_id, account_id);

-- Immutable message bytes. state: 0 writing, 1 stored, 2 doomed. place: 0 in octets, 1 a file.
-- codec: 0 as is. changed: when state last changed.
CREATE TABLE blob (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state INTEGER NOT NULL,
    place INTEGER NOT NULL,
    codec INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL,
    sha256 BLOB,
    changed INTEGER NOT NULL,
    octets BLOB
);
CREATE INDEX blob_unfinished ON blob (state, changed) WHERE state <> 1;

-- One message of one account, the same in every mailbox it lies in. key = account_id * 2^32 + id.
-- Never changes but for what is rendered from its octets (render_version and the columns below it, up
-- to reference_ids: its ids, one space between). What is often asked for stands before what may be long.
CREATE TABLE email (
    key INTEGER NOT NULL PRIMARY KEY,
    blob_id INTEGER NOT NULL,
    size INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    received INTEGER NOT NULL,
    render_version INTEGER NOT NULL,
    header_size INTEGER NOT NULL,
    sent INTEGER,
    sent_day INTEGER,
    has_attachment INTEGER NOT NULL,
    message_id TEXT,
    subject TEXT NOT NULL,
    base_subject TEXT NOT NULL,
    sort_from TEXT NOT NULL,
    sort_to TEXT NOT NULL,
    sort_cc TEXT NOT NULL,
    display_from TEXT NOT NULL,
    display_to TEXT NOT NULL,
    list_id TEXT,
    preview TEXT NOT NULL,
    envelope BLOB NOT NULL,
    body BLOB NOT NULL,
    bodystructure BLOB NOT NULL,
    addresses TEXT NOT NULL,
    parts BLOB NOT NULL,
    reference_ids TEXT NOT NULL,
    prefix BLOB NOT NULL
);
CREATE INDEX email_blob ON email (blob_id);

-- An email in a mailbox, for IMAP. flags: bits of store.flags; keywords: other keywords, lower-case,
-- sorted, one space between.
CREATE TABLE placement (
    account_id INTEGER NOT NULL,
    mailbox_id INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    email_id INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    keywords TEXT NOT NULL,
    modseq INTEGER NOT NULL,
    size INTEGER NOT NULL,
    received INTEGER NOT NULL,
    saved INTEGER NOT NULL,
    PRIMARY KEY (account_id, mailbox_id, uid)
) WITHOUT ROWID;
CREATE INDEX placement_modseq ON placement (account_id, mailbox_id, modseq);
CREATE INDEX placement_email ON placement (account_id, email_id, mailbox_id);
-- Most messages have been seen and have no other keywords: SELECT and SEARCH UNSEEN look for the few.
-- (flags & 1) is a column of it so that it is preferred to the key.
CREATE INDEX placement_unseen ON placement (account_id, mailbox_id, (flags & 1), uid, email_id)
    WHERE flags & 1 = 0;
CREATE INDEX placement_keywords ON placement (account_id, mailbox_id, keywords) WHERE keywords <> '';

-- An email as JMAP sees it, recomputed by every work that touches a placement. visible: how many
-- placements without \Deleted; mailboxes: their mailbox ids in no order, "," between. destroyed_modseq:
-- since when JMAP does not see it, NULL while it does. died: when the last placement went; purged: the same
-- once its row in email is gone too. Kept as long as history is (history_floor).
CREATE TABLE email_state (
    account_id INTEGER NOT NULL,
    email_id INTEGER NOT NULL,
    created_modseq INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    destroyed_modseq INTEGER,
    visible INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    keywords TEXT NOT NULL,
    mailboxes TEXT NOT NULL,
    thread_id INTEGER NOT NULL,
    received INTEGER NOT NULL,
    died INTEGER,
    purged INTEGER,
    PRIMARY KEY (account_id, email_id)
) WITHOUT ROWID;
CREATE INDEX email_state_modseq ON email_state (account_id, modseq);
CREATE INDEX email_state_thread ON email_state (account_id, thread_id);
CREATE INDEX email_state_died ON email_state (died) WHERE died IS NOT NULL;
CREATE INDEX email_state_purged ON email_state (purged) WHERE purged IS NOT NULL;

-- From which modseq on destroyed emails and threads of an account are all known; no row: from the start.
CREATE TABLE history_floor (
    account_id INTEGER NOT NULL PRIMARY KEY,
    modseq INTEGER NOT NULL
);

-- What left a mailbox, kept 90 days.
CREATE TABLE expunged (
    account_id INTEGER NOT NULL,
    mailbox_id INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    email_id INTEGER NOT NULL,
    happened INTEGER NOT NULL,
    PRIMARY KEY (account_id, mailbox_id, modseq)
) WITHOUT ROWID;
CREATE INDEX expunged_happened ON expunged (happened);

-- Threads never merge. ref: 64-bit hash of a Message-ID, met or only referred to; subject: 64-bit hash
-- of the base subject (RFC 8621 section 3). thread.emails: how many of its emails are visible.
CREATE TABLE thread_ref (
    account_id INTEGER NOT NULL,
    ref INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    PRIMARY KEY (account_id, ref, subject)
) WITHOUT ROWID;

CREATE TABLE thread (
    account_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    created_modseq INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    destroyed_modseq INTEGER,
    emails INTEGER NOT NULL,
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;
CREATE INDEX thread_modseq ON thread (account_id, modseq);

-- How many visible and unread emails of a thread lie in a mailbox; no row when none.
CREATE TABLE thread_mailbox (
    account_id INTEGER NOT NULL,
    mailbox_id INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    emails INTEGER NOT NULL,
    unread INTEGER NOT NULL,
    PRIMARY KEY (account_id, mailbox_id, thread_id)
) WITHOUT ROWID;

-- The index for lists, newest first: visible emails of a mailbox with what lists filter by.
CREATE TABLE list_entry (
    account_id INTEGER NOT NULL,
    mailbox_id INTEGER NOT NULL,
    received INTEGER NOT NULL,
    email_id INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    PRIMARY KEY (account_id, mailbox_id, received DESC, email_id)
) WITHOUT ROWID;

-- What an account (0: the server) sent: one row a message, one queue item a recipient.
-- finished: when its last item was, since when the blob is no longer needed.
CREATE TABLE submission (
    account_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    blob_id INTEGER NOT NULL,
    prefix BLOB NOT NULL,
    size INTEGER NOT NULL,
    sender TEXT NOT NULL,
    message_id TEXT,
    created INTEGER NOT NULL,
    facts TEXT NOT NULL,
    finished INTEGER,
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;
CREATE INDEX submission_blob ON submission (blob_id) WHERE finished IS NULL;

-- state: 0 waiting, 1 delivered, 2 failed, 3 cancelled. attempts is raised before the try, so that a
-- crash costs one wait and never a second send. last_result: text of the last failure.
CREATE TABLE queue_item (
    account_id INTEGER NOT NULL,
    submission_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    state INTEGER NOT NULL,
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    claimed_by TEXT NOT NULL DEFAULT '',
    claimed_until INTEGER NOT NULL DEFAULT 0,
    finished INTEGER,
    last_result TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, submission_id, number)
) WITHOUT ROWID;
CREATE INDEX queue_item_due ON queue_item (due) WHERE state = 0;
