/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applying one arrival to the state; see intake.h. Steps: whose, which post, which version, what it answers, which case,
 * then the case is folded anew. Tests: tests/unit/desk/test_intake.c, tests/e2e/test_order.py
 */
#include "desk/intake.h"

#include "crypto/encode.h"
#include "crypto/hash.h"
#include "desk/search.h"
#include "desk/thread.h"

#include <string.h>

enum { KEY_BYTES = 15 }; /* of a SHA-256, as 20 base64url characters: 120 bits */

typedef struct arrival {
    apl_tx *tx;
    const apl_intake_origin *origin;
    const apl_post_in *in;
    const apl_judged *judgement;
    apl_author_row author;
    bool has_author;
    apl_post_row post;
    bool existed;
    bool was_here;       /* more than expected: we had words of it */
    bool is_current;     /* says what the post says now */
    bool changed_sides;  /* the post turns out to be our own, or not to be */
    apl_version_row old; /* the current version before, when there was one */
    char remote_id[APL_POST_ID_MAX_BYTES + 8];
    char revision[APL_POST_ID_MAX_BYTES + 8];
} arrival;

const char *apl_intake_outcome_name(apl_intake_outcome outcome)
{
    static const char *const names[] = {"taken", "known", "edited", "deleted"};
    return names[outcome];
}

/* Fields are separated by NUL, which no field holds, so that ("ab","c") and ("a","bc") differ. */
static void short_hash(const char *prefix, const apl_span *parts, size_t count, char *out)
{
    unsigned char digest[APL_SHA256_BYTES];
    apl_sha256 hash;
    apl_sha256_init(&hash);
    for (size_t i = 0; i < count; i++) {
        apl_sha256_add(&hash, parts[i]);
        apl_sha256_add(&hash, (apl_span){"", 1});
    }
    apl_sha256_finish(&hash, digest);
    size_t len = strlen(prefix);
    memcpy(out, prefix, len);
    (void)apl_base64_encode((apl_span){(const char *)digest, KEY_BYTES}, APL_BASE64_URL, out + len);
}

static void copy_id(apl_span id, char *out, size_t out_bytes)
{
    size_t len = id.len < out_bytes - 1 ? id.len : out_bytes - 1;
    memcpy(out, id.ptr, len);
    out[len] = '\0';
}

/* The network's id, or the content key: author, text, time. */
static void choose_remote_id(arrival *a)
{
    const apl_post_in *in = a->in;
    if (in->remote_id.len) {
        copy_id(in->remote_id, a->remote_id, sizeof a->remote_id);
        return;
    }
    apl_span parts[] = {in->author_id,
                        in->text,
                        in->title,
                        {(const char *)&in->at_us, sizeof in->at_us},
                        {(const char *)&in->rating_x10, sizeof in->rating_x10}};
    short_hash("key:", parts, sizeof parts / sizeof *parts, a->remote_id);
}

/*
 * An edit without a revision of its own is told apart by its time too: a text may be changed to something and back.
 * The same archive read twice has the same contents, so creations are told apart by content alone.
 */
static void choose_revision(arrival *a)
{
    const apl_post_in *in = a->in;
    if (in->revision.len) {
        copy_id(in->revision, a->revision, sizeof a->revision);
        return;
    }
    apl_span time = {(const char *)&in->at_us, sizeof in->at_us};
    apl_span parts[] = {in->title,
                        in->text,
                        {(const char *)&in->rating_x10, sizeof in->rating_x10},
                        in->event == APL_POST_EVENT_CREATE ? APL_SPAN_NONE : time};
    const char *prefix = in->event == APL_POST_EVENT_DELETE ? "del:" : "sum:";
    short_hash(prefix, parts, sizeof parts / sizeof *parts, a->revision);
}

static apl_rc find_author(arrival *a, apl_err *err)
{
    static const char sql[] =
        "SELECT " APL_LIST(APL_AUTHOR_COLUMNS) " FROM author WHERE workspace_id = $1"
                                               " AND channel_id = $2 AND remote_id = $3";
    apl_tx *tx = a->tx;
    apl_cursor *cursor = NULL;
    apl_rc rc = apl_conn_query(tx->conn, sql,
                               APL_VALS(APL_I64(tx->workspace_id), APL_I64(a->origin->channel_id),
                                        APL_TEXT(a->in->author_id)),
                               &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &a->has_author, err);
    if (!rc && a->has_author)
        rc = apl_row_read(cursor, &apl_table_author, 0, &tx->arena, &a->author, err);
    apl_cursor_close(cursor);
    return rc;
}

/* What an earlier or better word of the author tells; most arrivals tell nothing new. */
static apl_rc learn_author(arrival *a, apl_err *err)
{
    const apl_post_in *in = a->in;
    apl_author_row *author = &a->author;
    bool names = in->author_name.len && apl_span_equal(author->name, author->remote_id) &&
                 !apl_span_equal(in->author_name, author->name);
    if (in->at_us >= author->first_seen_us && (!in->is_own || author->is_own) && !names)
        return APL_OK;
    if (in->at_us < author->first_seen_us)
        author->first_seen_us = in->at_us;
    author->is_own |= in->is_own;
    if (names)
        author->name = in->author_name;
    return apl_tx_update(a->tx, &apl_table_author, author, err);
}

static apl_rc ensure_author(arrival *a, apl_err *err)
{
    const apl_post_in *in = a->in;
    if (a->has_author)
        return learn_author(a, err);
    if (!in->author_id.len)
        return APL_OK;
    int64_t id = apl_tx_new_id(a->tx);
    a->author = (apl_author_row){
        .workspace_id = a->tx->workspace_id,
        .id = id,
        .channel_id = a->origin->channel_id,
        .remote_id = in->author_id,
        .name = in->author_name.len ? in->author_name : in->author_id,
        .is_own = in->is_own,
        .person_id = id,
        .first_seen_us = in->at_us,
    };
    apl_rc rc = apl_tx_insert(a->tx, &apl_table_author, &a->author, NULL, err);
    a->has_author = !rc;
    return rc;
}

/* What contradicts the stored post is refused before anything is written. */
static apl_rc check_same_author(const arrival *a, apl_err *err)
{
    bool known = a->existed && a->post.author_id && a->in->author_id.len;
    if (!known || (a->has_author && a->author.id == a->post.author_id))
        return APL_OK;
    apl_err_set(err, APL_E_CONFLICT,
                "the post with this id is already here and belongs to another author");
    apl_err_where(err, "id");
    apl_err_fix(err,
                "another archive with ids of its own wants a channel of its own (--channel NAME)");
    return APL_E_CONFLICT;
}

static apl_rc has_revision(arrival *a, bool *out_has, apl_err *err)
{
    static const char sql[] =
        "SELECT count(*) FROM post_version WHERE workspace_id = $1 AND post_id = $2"
        " AND revision = $3";
    int64_t count = 0;
    apl_rc rc = apl_conn_number(a->tx->conn, sql,
                                APL_VALS(APL_I64(a->tx->workspace_id), APL_I64(a->post.id),
                                         APL_TEXT(apl_span_of(a->revision))),
                                &count, err);
    *out_has = count > 0;
    return rc;
}

static apl_rc has_creation(arrival *a, bool *out_has, apl_err *err)
{
    static const char sql[] =
        "SELECT count(*) FROM post_version WHERE workspace_id = $1 AND post_id = $2 AND event = 0";
    int64_t count = 0;
    apl_rc rc = apl_conn_number(
        a->tx->conn, sql, APL_VALS(APL_I64(a->tx->workspace_id), APL_I64(a->post.id)), &count, err);
    *out_has = count > 0;
    return rc;
}

/* When it was said, on whose side, what kind: the creation knows best; until it comes, the earliest edit does. */
static void fill_origin(arrival *a, bool had_creation)
{
    const apl_post_in *in = a->in;
    apl_post_row *post = &a->post;
    bool is_creation = in->event == APL_POST_EVENT_CREATE;
    bool was_own = post->is_own != 0;
    if (post->posted_us == APL_TIME_NONE) {
        post->import_id = a->origin->import_id;
        post->learned_us = a->tx->now;
    }
    if ((is_creation && !had_creation) ||
        ((is_creation || !had_creation) && in->at_us < post->posted_us)) {
        post->posted_us = in->at_us;
        post->kind = in->kind;
    }
    if (is_creation && !had_creation)
        post->is_own = in->is_own;
    else if (!had_creation)
        post->is_own |= in->is_own;
    a->changed_sides = a->was_here && was_own != (post->is_own != 0);
    if (!post->author_id && a->has_author)
        post->author_id = a->author.id;
}

/* An own account as company was found out, in the text or by who wrote it; it yields to what was said outright. */
static bool is_guess(const arrival *a, apl_span company)
{
    return !company.len || apl_name_set_find(a->origin->own_names, company) ||
           (a->has_author && apl_span_equal(company, a->author.remote_id));
}

/* Whom it is about: as the newest words that say it, else the first account of ours that the text names. */
static void fill_company(arrival *a)
{
    const apl_post_in *in = a->in;
    apl_post_row *post = &a->post;
    bool may_guess = is_guess(a, post->company);
    apl_span company = in->company;
    if (!is_guess(a, company)) {
        if (a->is_current || may_guess)
            post->company = company;
        return;
    }
    if (!company.len)
        company = post->is_own ? in->author_id
                               : apl_name_set_first_mention(a->origin->own_names, in->text);
    if (company.len && may_guess && (a->is_current || post->is_own || !post->company.len))
        post->company = company;
}

/* What the arrival knows of the post beyond its text. */
static void fill_post(arrival *a, bool had_creation)
{
    const apl_post_in *in = a->in;
    apl_post_row *post = &a->post;
    if (in->event == APL_POST_EVENT_DELETE) {
        if (in->at_us < post->deleted_us)
            post->deleted_us = in->at_us;
        return;
    }
    fill_origin(a, had_creation);
    fill_company(a);
    if (in->url.len && (a->is_current || !post->url.len))
        post->url = in->url;
    if (in->rating_x10 != APL_POST_RATING_NONE &&
        (a->is_current || post->rating_x10 == APL_POST_RATING_NONE))
        post->rating_x10 = in->rating_x10;
    if (in->reach > post->reach)
        post->reach = in->reach;
    if (in->echo_count > post->echo_count)
        post->echo_count = in->echo_count;
}

static apl_rc put_assessment(arrival *a, int64_t version_no, apl_err *err)
{
    const apl_judged *j = a->judgement;
    if (!j || a->in->event == APL_POST_EVENT_DELETE)
        return APL_OK;
    apl_assessment_row row = {
        .workspace_id = a->tx->workspace_id,
        .post_id = a->post.id,
        .version_no = version_no,
    };
    apl_judged_fill(j, &row);
    return apl_tx_insert(a->tx, &apl_table_assessment, &row, NULL, err);
}

/*
 * Does the arrival say what the post says now? The latest in the world's time does; of two edits of one instant the one
 * with the greater revision, so that the order of arrival does not matter; of two creations the later arrival.
 */
static apl_rc find_out_if_current(arrival *a, apl_err *err)
{
    const apl_post_in *in = a->in;
    apl_version_row *old = &a->old;
    bool found = false;
    int64_t keys[] = {a->tx->workspace_id, a->post.id, a->post.version_no};
    a->is_current = in->event != APL_POST_EVENT_DELETE;
    if (!a->is_current || !a->post.version_no)
        return APL_OK;
    apl_rc rc = apl_row_find(&(apl_reading){a->tx->conn, &a->tx->arena}, &apl_table_version, keys,
                             old, &found, err);
    if (rc || !found)
        return rc;
    if (in->at_us != old->valid_us)
        a->is_current = in->at_us > old->valid_us;
    else if ((int64_t)in->event != old->event)
        a->is_current = (int64_t)in->event > old->event;
    else if (in->event == APL_POST_EVENT_EDIT)
        a->is_current = apl_span_compare(apl_span_of(a->revision), old->revision) > 0;
    return APL_OK;
}

static apl_rc put_version(arrival *a, apl_err *err)
{
    const apl_post_in *in = a->in;
    apl_row_seal seal;
    apl_version_row row = {
        .workspace_id = a->tx->workspace_id,
        .post_id = a->post.id,
        .version_no = a->post.version_count + 1,
        .event = in->event,
        .revision = apl_span_of(a->revision),
        .valid_us = in->at_us,
        .learned_us = a->tx->now,
        .title = in->title,
        .text = in->text,
        .lang = in->lang,
        .raw = in->raw,
    };
    apl_rc rc = apl_tx_insert(a->tx, &apl_table_version, &row, &seal, err);
    if (rc)
        return rc;
    if (in->text.len)
        apl_tx_commitment(a->tx, "text", &seal, in->text);
    if (in->raw.len)
        apl_tx_commitment(a->tx, "payload", &seal, in->raw);
    if (in->author_id.len)
        apl_tx_commitment(a->tx, "author", &seal, in->author_id);
    rc = put_assessment(a, row.version_no, err);
    if (!rc && a->is_current)
        rc = apl_search_index(a->tx, &a->old, &row, err);
    if (rc)
        return rc;
    a->post.version_count = row.version_no;
    if (a->is_current)
        a->post.version_no = row.version_no;
    return APL_OK;
}

static const char *entry_kind(const arrival *a)
{
    if (a->in->event == APL_POST_EVENT_DELETE)
        return "post.deleted";
    if (a->was_here)
        return "post.edited";
    return a->in->is_own ? "reply.received" : "post.received";
}

/* Direct messages of one author are one conversation, whatever the network calls its threads. */
static apl_span parent_of(const arrival *a)
{
    const apl_post_in *in = a->in;
    if (in->event == APL_POST_EVENT_DELETE)
        return APL_SPAN_NONE;
    bool is_loose_message = in->kind == APL_POST_KIND_MESSAGE && !in->is_own && in->author_id.len;
    if (in->parent_id.len || !is_loose_message || in->event != APL_POST_EVENT_CREATE)
        return in->parent_id;
    char *id = apl_arena_printf(&a->tx->arena, "dm:%.*s", APL_SPAN_ARGS(in->author_id));
    return apl_span_of(id);
}

/* Post, version, assessment; then thread and case. */
static apl_rc store_arrival(arrival *a, apl_intake_result *result, apl_err *err)
{
    apl_tx *tx = a->tx;
    bool had_creation = false;
    apl_rc rc = apl_tx_entry_begin(tx, entry_kind(a), a->origin->actor, err);
    if (!rc)
        rc = ensure_author(a, err);
    if (!rc && !a->existed)
        a->post = apl_post_expected(tx, a->origin->channel_id, apl_span_of(a->remote_id));
    if (!rc && a->existed)
        rc = has_creation(a, &had_creation, err);
    if (!rc)
        rc = find_out_if_current(a, err);
    if (!rc)
        rc = apl_tx_about(tx, "post", a->post.id, err);
    if (rc)
        return rc;
    fill_post(a, had_creation);
    rc = put_version(a, err);
    if (!rc)
        rc = apl_thread_place(tx,
                              &(apl_placing){&a->post, a->existed, a->was_here, a->changed_sides,
                                             parent_of(a), a->judgement, a->in->text},
                              err);
    if (!rc)
        rc = apl_tx_entry_end(tx, err);
    result->post_id = a->post.id;
    result->case_id = a->post.case_id;
    return rc;
}

/*
 * The creation may bring nothing new in words (an edit with the same revision came first) and still tell when the post
 * was made; it is then kept as a version of its own.
 */
static apl_rc find_out_if_known(arrival *a, bool *out_known, apl_err *err)
{
    bool had_creation = true;
    apl_rc rc = has_revision(a, out_known, err);
    if (!rc && *out_known && a->in->event == APL_POST_EVENT_CREATE)
        rc = has_creation(a, &had_creation, err);
    if (rc || had_creation)
        return rc;
    memmove(a->revision + 4, a->revision, sizeof a->revision - 5);
    memcpy(a->revision, "new:", 4);
    return has_revision(a, out_known, err);
}

apl_rc apl_intake_apply(apl_tx *tx, const apl_intake_origin *origin, const apl_post_in *post,
                        const apl_judged *judgement, apl_intake_result *out_result, apl_err *err)
{
    arrival a = {.tx = tx, .origin = origin, .in = post, .judgement = judgement};
    bool is_known = false;
    apl_intake_result result = {APL_INTAKE_TAKEN, 0, 0};
    choose_remote_id(&a);
    choose_revision(&a);
    apl_rc rc = post->author_id.len ? find_author(&a, err) : APL_OK;
    if (!rc)
        rc = apl_post_find(tx, origin->channel_id, apl_span_of(a.remote_id), &a.post, &a.existed,
                           err);
    if (!rc)
        rc = check_same_author(&a, err);
    if (!rc && a.existed)
        rc = find_out_if_known(&a, &is_known, err);
    if (rc)
        return rc;
    if (is_known) {
        *out_result = (apl_intake_result){APL_INTAKE_KNOWN, a.post.id, a.post.case_id};
        return APL_OK;
    }
    a.was_here = a.existed && a.post.posted_us != APL_TIME_NONE;
    if (post->event == APL_POST_EVENT_DELETE)
        result.outcome = APL_INTAKE_DELETED;
    else if (a.was_here)
        result.outcome = APL_INTAKE_EDITED;
    rc = store_arrival(&a, &result, err);
    if (!rc)
        *out_result = result;
    return rc;
}
