/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sentences from parts: a feeling, a thing, a fault, a circumstance, a wish. With names of places and products made of
 * syllables there are some ten thousand different words, so that matching and the search index meet what real archives
 * give them. Tests: tests/e2e/test_bench.py
 */
#include "desk/bench_posts.h"

#include <inttypes.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const char *const syllables[] = {"ba",  "lo",  "mir",  "ten", "ra",  "vos", "ki",
                                        "del", "nor", "sa",   "pe",  "tu",  "gan", "fi",
                                        "zel", "ho",  "wick", "mar", "lun", "dra"};
static const char *const things[] = {
    "parcel",         "suitcase",       "refund",        "voucher",        "router",
    "invoice",        "boarding pass",  "coffee maker",  "subscription",   "delivery slot",
    "train ticket",   "seat upgrade",   "replacement",   "loyalty points", "app login",
    "phone line",     "warranty claim", "hotel booking", "dishwasher",     "gift card",
    "headset",        "rental car",     "meal kit",      "password reset", "meter reading",
    "return label",   "appointment",    "bike helmet",   "sofa",           "data plan",
    "insurance card", "charger",        "name change",   "standby seat",   "fitting",
};
static const char *const faults[] = {
    "never arrived",
    "was cancelled without a word",
    "came broken",
    "was charged twice",
    "has been lost since",
    "keeps failing with an error",
    "is three weeks late",
    "went to the wrong address",
    "stopped working after one day",
    "was promised and then refused",
    "leaks all over the floor",
    "cannot be reached by phone",
    "still shows as pending",
    "was given to somebody else",
    "smells of burnt plastic",
    "crashes whenever I open it",
    "expired before I could use it",
    "was half empty",
};
static const char *const feelings[] = {
    "Honestly",
    "Seriously?",
    "I am so tired of this.",
    "Unbelievable.",
    "Not impressed.",
    "Come on,",
    "Worst service in years.",
    "Dear team,",
    "Hello,",
    "Third time asking:",
    "Once again,",
    "Fuming.",
    "A bit sad to write this,",
    "What a joke.",
    "Is anybody there?",
    "Long-time customer here.",
    "Ugh,",
    "Fyi",
};
static const char *const circumstances[] = {
    "I waited two hours at %s",           "my daughter needs it in %s tomorrow",
    "your agent in %s hung up on me",     "nobody at the %s desk could help",
    "we drove all the way to %s",         "the courier left it in %s",
    "I have called %s four times",        "the shop at %s sent me away",
    "I am stuck in %s with two kids",     "the branch in %s closes at five",
    "the website sends me to %s instead", "my neighbour in %s had the same",
};
static const char *const wishes[] = {
    "Please sort this out today.",
    "I want my money back.",
    "When will somebody answer?",
    "Can you tell me what happens next?",
    "I shall take this to the ombudsman.",
    "How do I reach a human being?",
    "Please send me a direct message.",
    "Never again.",
    "Is there a number that works?",
    "What are you going to do about it?",
    "Just tell me the truth.",
    "Could you check the status, please?",
    "My lawyer says that I should write this down.",
    "Otherwise I cancel everything.",
};
static const char *const praises[] = {
    "Thank you to the crew at %s, you made our day.",
    "Great help from %s on the phone, solved in minutes!",
    "The new %s works perfectly, well done.",
    "Lovely staff in %s, we shall come back.",
    "Big thanks for the quick refund after my trip to %s.",
    "Best support I had in years, greetings from %s.",
};
static const char *const questions[] = {
    "does the %s also fit the older model?",     "what are your opening hours in %s on Sunday?",
    "can I change the name on a booking to %s?", "do you deliver to %s as well?",
    "is the %s back in stock this month?",       "where do I find the manual of the %s?",
};
static const char *const answers[] = {
    "We are sorry to hear about your %s. Please send us the reference by direct message.",
    "Thank you for telling us. Our colleagues have found the %s and will write to you today.",
    "That should not have happened, and we apologise. A new %s leaves our store in the morning.",
    "We checked: the %s was held back at the depot. You will have it by Thursday.",
    "Could you tell us the date on your %s? Then we can follow it up at once.",
};

/* splitmix64 */
static uint64_t draw(apl_bench_posts *m, uint64_t below)
{
    m->state += 0x9E3779B97F4A7C15u;
    uint64_t x = m->state;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return (x ^ (x >> 31)) % below;
}

#define PICK(maker, list) ((list)[draw(maker, COUNT(list))])

void apl_bench_posts_init(apl_bench_posts *maker, uint64_t seed, int64_t posts, int64_t cases)
{
    *maker = (apl_bench_posts){.state = seed, .posts = posts, .cases = cases};
    maker->next_id = 1840000000000000000;
    maker->now_us = 1767600000000000; /* 2026-01-05 */
}

/* "Zelmirba": one of 8,000. */
static apl_rc add_name(apl_bench_posts *m, apl_buf *out, apl_err *err)
{
    const char *first = PICK(m, syllables);
    return apl_buf_addf(out, err, "%c%s%s%s", first[0] - 'a' + 'A', first + 1, PICK(m, syllables),
                        PICK(m, syllables));
}

/* A sentence with "%s" for a name, or for a thing. */
static apl_rc add_filled(apl_bench_posts *m, apl_buf *out, const char *sentence, bool with_thing,
                         apl_err *err)
{
    apl_span text = apl_span_of(sentence);
    size_t at = apl_span_find(text, APL_SPAN("%s"));
    apl_rc rc = apl_buf_add(out, apl_span_sub(text, 0, at), err);
    if (rc || at == SIZE_MAX)
        return rc;
    rc = with_thing ? apl_buf_add_str(out, PICK(m, things), err) : add_name(m, out, err);
    return rc ? rc : apl_buf_add(out, apl_span_sub(text, at + 2, SIZE_MAX), err);
}

static apl_rc add_complaint(apl_bench_posts *m, apl_buf *out, apl_err *err)
{
    apl_rc rc = apl_buf_addf(out, err, "%s my %s ", PICK(m, feelings), PICK(m, things));
    if (!rc)
        rc = add_name(m, out, err);
    if (!rc)
        rc = apl_buf_addf(out, err, " %s, ", PICK(m, faults));
    if (!rc)
        rc = add_filled(m, out, PICK(m, circumstances), false, err);
    if (!rc && draw(m, 2))
        rc = apl_buf_addf(out, err, " since %" PRIu64 " o'clock, order %" PRIu64, 6 + draw(m, 16),
                          10000 + draw(m, 90000));
    return rc ? rc : apl_buf_addf(out, err, ". %s", PICK(m, wishes));
}

static apl_rc add_text(apl_bench_posts *m, apl_buf *out, bool is_own, apl_err *err)
{
    uint64_t sort = draw(m, 100);
    if (is_own) {
        apl_rc rc = add_filled(m, out, PICK(m, answers), true, err);
        return rc ? rc
                  : apl_buf_addf(out, err, " ^%c%c", (int)('A' + draw(m, 26)),
                                 (int)('A' + draw(m, 26)));
    }
    apl_rc rc = apl_buf_add_str(out, "@NimbusAndCo ", err);
    if (rc || sort < 62)
        return rc ? rc : add_complaint(m, out, err);
    rc = add_filled(m, out, sort < 80 ? PICK(m, questions) : PICK(m, praises), false, err);
    if (!rc)
        rc = apl_buf_addf(out, err, " I bought the %s ", PICK(m, things));
    if (!rc)
        rc = add_name(m, out, err);
    if (!rc)
        rc = apl_buf_addf(out, err, " from you %" PRIu64 " weeks ago and ", 1 + draw(m, 40));
    return rc ? rc : add_filled(m, out, PICK(m, circumstances), false, err);
}

/* Few people write often, many write once. */
static uint32_t choose_author(apl_bench_posts *m)
{
    double u = (double)draw(m, 1 << 30) / (1 << 30);
    return (uint32_t)(u * u * u * (double)m->cases);
}

apl_rc apl_bench_posts_add(apl_bench_posts *m, apl_buf *out, apl_err *err)
{
    /* Every twentieth turn is a bystander's, which is a case of its own. */
    uint64_t starts = (uint64_t)(m->cases * 1000000 / m->posts);
    bool is_new = !m->open_count || draw(m, 1000000) < starts;
    apl_bench_talk fresh = {0, choose_author(m), false}, *talk = &fresh;
    int64_t id = m->next_id, parent = 0;
    if (!is_new) {
        talk = &m->open[draw(m, m->open_count)];
        parent = talk->last_id;
    }
    bool is_bystander = !is_new && draw(m, 40) == 0;
    bool is_own = !is_new && !is_bystander && !talk->own_spoke_last;
    uint32_t author = is_bystander ? choose_author(m) : talk->author;
    char when[APL_TIME_TEXT_BYTES];
    m->next_id += 1 + (int64_t)draw(m, 5000000);
    m->now_us += (int64_t)draw(m, 16 * APL_US_PER_SECOND);
    apl_time_format(m->now_us, when);
    apl_rc rc = apl_buf_addf(out, err, "{\"id\":\"%" PRId64 "\",\"created_at\":\"%s\",", id, when);
    if (!rc)
        rc = is_own
                 ? apl_buf_add_str(
                       out, "\"author_id\":\"NimbusAndCo\",\"inbound\":false,\"text\":\"", err)
                 : apl_buf_addf(out, err, "\"author_id\":\"u%u_%u\",\"inbound\":true,\"text\":\"",
                                (unsigned)(author * 2654435761u), (unsigned)author);
    if (!rc)
        rc = add_text(m, out, is_own, err);
    if (!rc && parent)
        rc = apl_buf_addf(out, err, "\",\"in_response_to_tweet_id\":\"%" PRId64, parent);
    if (!rc)
        rc = apl_buf_addf(out, err,
                          "\",\"followers_count\":%" PRIu64 ",\"retweet_count\":%" PRIu64 "}\n",
                          draw(m, 100) * draw(m, 100), draw(m, 100) / 90 * draw(m, 50));
    if (rc || is_bystander)
        return rc;
    *talk = (apl_bench_talk){id, author, is_own};
    if (is_new)
        m->open[m->open_count < APL_BENCH_OPEN_MAX ? m->open_count++
                                                   : draw(m, APL_BENCH_OPEN_MAX)] = fresh;
    return APL_OK;
}
