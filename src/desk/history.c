/* SPDX-License-Identifier: Apache-2.0 */
/* Ledger entries as sentences; see history.h. Tests: tests/e2e/test_api_case.py */
#include "desk/history.h"

#include "ledger/entry.h"
#include "model/case.h"
#include "json/reader.h"

#include <string.h>

enum { SENTENCE_MAX_BYTES = 8192 };

typedef struct teller {
    apl_desk *desk;
    apl_arena *arena;
    apl_json_doc *doc;
    apl_buf text;
} teller;

static int64_t id_after(apl_span thing, const char *noun)
{
    int64_t id = 0;
    size_t len = strlen(noun);
    if (!apl_span_starts(thing, apl_span_of(noun)) || thing.len <= len || thing.ptr[len] != '/')
        return 0;
    return apl_span_parse_i64(apl_span_sub(thing, len + 1, SIZE_MAX), &id, NULL) ? 0 : id;
}

/* One text by id; empty when it is not there. */
static apl_rc look_up(teller *t, const char *sql, int64_t id, apl_span *out, apl_err *err)
{
    apl_cursor *cursor = NULL;
    bool has_row = false;
    *out = APL_SPAN("");
    apl_rc rc = apl_conn_query(t->desk->conn, sql,
                               APL_VALS(APL_I64(t->desk->workspace_id), APL_I64(id)), &cursor, err);
    if (!rc)
        rc = apl_cursor_next(cursor, &has_row, err);
    if (!rc && has_row)
        rc = apl_arena_copy(t->arena, apl_cursor_span(cursor, 0), out, err);
    apl_cursor_close(cursor);
    return rc;
}

static const char user_sql[] = "SELECT name FROM desk_user WHERE workspace_id = $1 AND id = $2";
static const char channel_sql[] = "SELECT name FROM channel WHERE workspace_id = $1 AND id = $2";
static const char post_author_sql[] = "SELECT a.name FROM post p JOIN author a ON a.workspace_id = "
                                      "p.workspace_id AND a.id = p.author_id"
                                      " WHERE p.workspace_id = $1 AND p.id = $2";

/* Who did it, as the beginning of a sentence. */
static apl_rc actor_words(teller *t, apl_span actor, apl_history_line *line, apl_span *out,
                          apl_err *err)
{
    *out = APL_SPAN("Aplomb");
    int64_t channel_id = id_after(actor, "channel");
    line->user_id = id_after(actor, "user");
    if (line->user_id) {
        apl_rc rc = look_up(t, user_sql, line->user_id, &line->user_name, err);
        *out = line->user_name;
        return rc;
    }
    if (channel_id)
        return look_up(t, channel_sql, channel_id, out, err);
    if (apl_span_starts(actor, APL_SPAN("import")))
        *out = APL_SPAN("An import");
    else if (apl_span_starts(actor, APL_SPAN("cli")))
        *out = APL_SPAN("The command line");
    return APL_OK;
}

/* "priority is now high", for the members of data that a change of a case has. */
static apl_rc tell_member(teller *t, apl_span name, apl_json value, apl_err *err)
{
    apl_span text;
    int64_t number = 0;
    apl_buf *out = &t->text;
    if (apl_span_is(name, "continues"))
        return APL_OK;
    if (out->len && out->ptr[out->len - 1] != ' ') {
        apl_rc rc = apl_buf_add_str(out, "; ", err);
        if (rc)
            return rc;
    }
    if (apl_span_is(name, "assignee") || apl_span_is(name, "assignee_id")) {
        apl_span who = APL_SPAN("");
        bool has = apl_json_as_i64(value, &number) && number;
        apl_rc rc = has ? look_up(t, user_sql, number, &who, err) : APL_OK;
        return rc ? rc
                  : apl_buf_addf(out, err, "assigned to %.*s",
                                 APL_SPAN_ARGS(has ? who : APL_SPAN("nobody")));
    }
    apl_case_state state;
    if (apl_json_as_str(value, &text)) {
        if (apl_span_is(name, "state") && !apl_case_state_parse(text, &state, NULL))
            text = apl_span_of(apl_case_state_title(state));
        return apl_buf_addf(out, err, "%.*s is now %.*s", APL_SPAN_ARGS(name), APL_SPAN_ARGS(text));
    }
    if (apl_json_as_i64(value, &number))
        return apl_buf_addf(out, err, "%.*s is now %lld", APL_SPAN_ARGS(name), (long long)number);
    return apl_buf_addf(out, err, "%.*s changed", APL_SPAN_ARGS(name));
}

static apl_rc tell_data(teller *t, const apl_entry_view *view, apl_err *err)
{
    apl_span name;
    apl_json value;
    apl_rc rc = APL_OK;
    for (apl_json_iter it = apl_json_each(view->data); !rc && apl_json_next(&it, &name, &value);)
        rc = tell_member(t, name, value, err);
    return rc;
}

static apl_rc tell_post(teller *t, const apl_entry_view *view, int64_t post_id, apl_span who,
                        apl_err *err)
{
    apl_span author;
    apl_rc rc = look_up(t, post_author_sql, post_id, &author, err);
    if (rc)
        return rc;
    if (!author.len)
        author = APL_SPAN("Somebody without a name");
    const char *what = "wrote";
    if (apl_span_is(view->kind, "reply.received"))
        what = "answered for the company";
    else if (apl_span_is(view->kind, "post.edited"))
        what = "changed what they had written";
    else if (apl_span_is(view->kind, "post.deleted"))
        what = "deleted what they had written";
    return apl_buf_addf(&t->text, err, "%.*s %s (came by %.*s).", APL_SPAN_ARGS(author), what,
                        APL_SPAN_ARGS(who));
}

static apl_rc tell(teller *t, const apl_entry_view *view, int64_t post_id, apl_span who,
                   apl_err *err)
{
    static const struct {
        const char *kind;
        const char *words;
    } plain[] = {
        {"note.added", "added an internal note."},
        {"clock.breached", "noted that a clock ran past its due time."},
        {"clocks.recomputed", "computed the clocks anew for a new policy."},
    };
    apl_buf_clear(&t->text);
    if (post_id && (apl_span_starts(view->kind, APL_SPAN("post.")) ||
                    apl_span_is(view->kind, "reply.received")))
        return tell_post(t, view, post_id, who, err);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (apl_span_is(view->kind, plain[i].kind))
            return apl_buf_addf(&t->text, err, "%.*s %s", APL_SPAN_ARGS(who), plain[i].words);
    apl_rc rc = apl_buf_addf(&t->text, err, "%.*s changed the case: ", APL_SPAN_ARGS(who));
    size_t before = t->text.len;
    if (!rc)
        rc = tell_data(t, view, err);
    if (!rc && t->text.len == before)
        rc = apl_buf_addf(&t->text, err, "%.*s", APL_SPAN_ARGS(view->kind));
    return rc ? rc : apl_buf_add_byte(&t->text, '.', err);
}

static apl_rc tell_entry(teller *t, apl_span bytes, apl_history_line *line, apl_err *err)
{
    apl_entry_view view;
    apl_json thing;
    apl_span text, who;
    apl_rc rc = apl_entry_parse(t->doc, bytes, &view, err);
    if (rc)
        return rc;
    for (apl_json_iter it = apl_json_each(view.about);
         apl_json_next(&it, NULL, &thing) && !line->post_id;)
        if (apl_json_as_str(thing, &text))
            line->post_id = id_after(text, "post");
    line->seq = view.seq;
    line->at_us = view.at_us;
    rc = apl_arena_copy(t->arena, view.kind, &line->kind, err);
    if (!rc)
        rc = actor_words(t, view.actor, line, &who, err);
    if (!rc)
        rc = tell(t, &view, line->post_id, who, err);
    return rc ? rc : apl_arena_copy(t->arena, apl_buf_view(&t->text), &line->sentence, err);
}

apl_rc apl_case_history(apl_desk *desk, int64_t case_id, const apl_ask *ask,
                        apl_history_page *out_page, apl_err *err)
{
    size_t limit = ask->limit;
    apl_arena *arena = ask->arena;
    static const char sql[] =
        "SELECT e.entry FROM ledger_about b JOIN ledger_entry e ON e.workspace_id = b.workspace_id "
        "AND e.seq = b.seq"
        " WHERE b.workspace_id = $1 AND b.case_id = $2 AND b.seq < $3 ORDER BY b.seq DESC LIMIT $4";
    APL_AUTO_JSON doc = apl_json_doc_new();
    teller t = {.desk = desk, .arena = arena, .doc = doc, .text = APL_BUF(SENTENCE_MAX_BYTES)};
    apl_cursor *cursor = NULL;
    apl_history_page page = {.lines = apl_arena_alloc(arena, limit + 1, sizeof *page.lines)};
    if (!doc || !page.lines)
        return apl_err_nomem(err);
    apl_rc rc = apl_conn_query(desk->conn, sql,
                               APL_VALS(APL_I64(desk->workspace_id), APL_I64(case_id),
                                        APL_I64(ask->after[0]), APL_I64(limit + 1)),
                               &cursor, err);
    for (bool has_row = true; !rc && has_row && page.count <= limit;) {
        rc = apl_cursor_next(cursor, &has_row, err);
        if (!rc && has_row && page.count == limit) {
            page.has_more = true;
            break;
        }
        if (!rc && has_row)
            rc = tell_entry(&t, apl_cursor_span(cursor, 0), &page.lines[page.count++], err);
    }
    apl_cursor_close(cursor);
    apl_buf_release(&t.text);
    if (!rc)
        *out_page = page;
    return rc;
}
